# ruff: noqa: S608 – built node by node: names are quoted
"""The weights of L2 mode: one for each unit, from the norm of its sums over the whole table."""

from __future__ import annotations

from sandbox.engines.layout import UNIT, edge
from sandbox.engines.spark.relations import Relations
from sandbox.engines.spark.words import integer
from sandbox.engines.widths import MOST, width
from sandbox.plan.block import WEIGHT, Block, Measurement, Norm
from sandbox.plan.relation import Scan
from sandbox.plan.walk import stored, walk


def weights(block: Block, m: Measurement, norm: Norm, relations: Relations) -> str:
    """Give a table of `__unit` and `__weight`: min(10⁵, ⌊cap·10⁵/E⌋) with the edge E of the unit's norm.

    The place of the edge is guessed in floats, from the logarithm of the norm's square, and then found among the next
    few exactly. Raises ValueError when a square could be beyond 2¹²⁶."""
    scan = next(node for node in walk(block.rows) if isinstance(node, Scan))
    most = (width(m.column).most if m.column else 1) * scan.rows
    if most**2 > MOST:
        raise ValueError("the squares of these sums need numbers beyond 2¹²⁶")
    value = f"abs({relations.stored(scan.table, stored(m.column))})" if m.column else "1L"
    keys = [relations.stored(scan.table, stored(key)) for key in norm.keys]
    group, kind = ", ".join([UNIT, *keys]), integer(most)
    sums = f"SELECT {UNIT}, CAST(coalesce(sum(CAST({value} AS {kind})), 0) AS {integer(most**2)}) AS __s"
    sums += f" FROM {relations.view(scan.table)} GROUP BY {group}"
    squares = f"SELECT {UNIT}, CAST(sum(__s * __s) AS DECIMAL(38,0)) AS __q FROM ({sums}) GROUP BY {UNIT}"
    edges = _edges(most)
    limits = ", ".join(f"CAST({edge**2} AS DECIMAL(38,0))" for edge in edges)
    one = 10**WEIGHT
    weighed = ", ".join(f"{min(one, norm.cap * one // edge)}L" for edge in edges)
    guess = "greatest(1, CAST(floor(4 * log2(greatest(CAST(__q AS DOUBLE), 1D))) AS INT) - 1)"
    tried = " ".join(
        f"WHEN __q <= element_at(array({limits}), least(__g + {step}, {len(edges)})) THEN __g + {step}"
        for step in range(4)
    )
    guessed = f"SELECT {UNIT}, __q, {guess} AS __g FROM ({squares})"
    found = f"SELECT {UNIT}, CASE {tried} ELSE __g + 4 END AS __j FROM ({guessed})"
    return f"SELECT {UNIT}, element_at(array({weighed}), least(__j, {len(edges)})) AS __weight FROM ({found})"


def _edges(most: int) -> list[int]:
    """Give ⌈2^(j/8)⌉ for j = 0, 1, …, repeated ones too, up to the first that is at least `most`."""
    found = [1]
    while found[-1] < most:
        found.append(edge(len(found)))
    return found
