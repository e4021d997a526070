"""Whether the numbers of a plan fit an engine, from declared bounds alone.

Engines compute in integers of 128 bits; an expression, a sum or an average of rows that could need more is refused
before anything is spent, so that no row can make a query fail.
"""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.engines.widths import LARGEST_DECIMAL, LARGEST_INTEGER, MOST, Width, common, sound, width
from sandbox.plan.block import WEIGHT, Block, Measurement
from sandbox.plan.moments import rank_of
from sandbox.plan.parts import OF_PUBLIC, OF_RELEASED, Aggregate, Over
from sandbox.plan.plan import Plan
from sandbox.plan.reading import Reading
from sandbox.plan.relation import Group, Relation, Scan, Window
from sandbox.plan.scalar import Column, Scalar
from sandbox.plan.walk import expressions, walk

MOST_PUBLIC = 10**12  # rows of a relation that has no units, and rows and units of one that has
MOST_MEASURED = 10**22  # of a number whose squares are summed in two parts, over so many rows


def fits(plan: Plan | Reading) -> bool:
    """Say whether every number that an engine computes for `plan` is at most 2¹²⁶; others are to be refused."""
    try:
        if isinstance(plan, Reading):
            return _relation_fits(plan.rows, ())
        return all(_block_fits(block) for block in plan.blocks) and all(
            _relation_fits(stage.rows, ()) for stage in plan.stages[:1]
        )
    except ValueError:
        return False


def norm_fits(column: Column | None, rows: int) -> bool:
    """Say whether the squares of a unit's sums of a stored column (None: of a count) are at most 2¹²⁶ in all, when it
    has at most `rows` rows."""
    largest = 1 if column is None else width(column).most
    return (rows * largest) ** 2 <= MOST


def _block_fits(block: Block) -> bool:
    roots = [*(key.expr for key in block.keys), *(m.expr for m in block.measurements if m.expr is not None)]
    sums = [width(m.expr).at(m.scale) for m in block.measurements if m.what == "sum" and m.expr is not None]
    return (
        all(one.most <= MOST for one in sums)
        and _relation_fits(block.rows, roots)
        and all(_norm_fits(m, block) and _total_fits(m) for m in block.measurements)
    )


def _relation_fits(rows: Relation, roots: Sequence[Scalar]) -> bool:
    """Whether all that a relation computes fits, and `roots`, which are computed of it."""
    nodes = list(walk(rows))
    computed = [*roots, *(expr for node in nodes for expr in expressions(node))]
    return all(sound(root) for root in computed) and all(
        _largest(part, node) <= MOST for node in nodes for part in _folds(node)
    )


def _folds(node: Relation) -> tuple[Aggregate | Over, ...]:
    return node.aggregates if isinstance(node, Group) else node.over if isinstance(node, Window) else ()


def _largest(part: Aggregate | Over, node: Relation) -> int:
    """The largest number on the way to a sum or average of the rows of a group or partition, 0 of others. An average
    is a sum with more decimals, and one more to round."""
    assert isinstance(node, Group | Window)
    if part.what in (*OF_RELEASED, *OF_PUBLIC) and isinstance(part, Aggregate):
        return _largest_of_moments(part)
    if part.what not in ("sum", "average") or part.expr is None:
        return 0
    own = width(part.expr)
    finer = 10 ** max(part.type.scale - own.scale + 1, 0) if part.what == "average" else 1
    return (node.source.rows if node.state == "unit" else MOST_PUBLIC) * own.most * finer


def _largest_of_moments(part: Aggregate) -> int:
    """The same of a statistic of public rows: its own value, for its sums are put together without a limit where their
    parts are of numbers that are not too long."""
    own = [width(one).most for one in part.parts if one.type.numeric]
    longest = [one for one in own if one > MOST_MEASURED and rank_of(part) is None]
    return max([0, *own, *(MOST + 1 for _ in longest), *([width(part.column).most] if part.type.numeric else [])])


def _total_fits(m: Measurement) -> bool:
    """Whether a sum of clamped values fits, over as many rows as there can be – weighed by norms over as many units,
    each of which adds its cap at most."""
    if m.what != "sum":
        return True
    reach = max(abs(m.lower), abs(m.upper)) + abs(m.centre)
    if m.norm is None:
        return reach * MOST_PUBLIC <= MOST
    finer: int = 10**WEIGHT
    return max(reach, m.norm.cap * MOST_PUBLIC) * finer <= MOST


def _norm_fits(m: Measurement, block: Block) -> bool:
    if m.norm is None:
        return True
    return all(norm_fits(m.column, node.rows) for node in walk(block.rows) if isinstance(node, Scan))


__all__ = ["LARGEST_DECIMAL", "LARGEST_INTEGER", "MOST", "Width", "common", "fits", "norm_fits", "width"]
