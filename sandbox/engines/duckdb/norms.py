"""The weights of L2 mode: one for each unit, from the norm of its sums over the whole table."""

from __future__ import annotations

from functools import lru_cache
from itertools import count

from sqlglot import exp

from sandbox.engines.duckdb.relations import Relations
from sandbox.engines.duckdb.scans import Cell
from sandbox.engines.duckdb.terms import cast, column, digits, integer
from sandbox.engines.layout import UNIT, edge
from sandbox.engines.width import width
from sandbox.plan.block import WEIGHT, Block, Measurement, Norm
from sandbox.plan.relation import Scan
from sandbox.plan.scalar import Column
from sandbox.plan.walk import walk

LARGEST = 1 << 126  # of a sum of squares


@lru_cache(maxsize=1)
def edges() -> tuple[int, ...]:
    """Give the edges of the norm buckets until the square is beyond every norm, each once."""
    found: list[int] = []
    for bucket in count():
        if not found or edge(bucket) > found[-1]:
            found.append(edge(bucket))
        if found[-1] ** 2 >= LARGEST:
            break
    return tuple(found)


def weights(block: Block, m: Measurement, norm: Norm, relations: Relations) -> exp.Select:
    """Give a table of `__unit` and `__weight`: min(10⁵, ⌊cap·10⁵/E⌋) with the edge E of the unit's norm."""
    scan = next(node for node in walk(block.rows) if isinstance(node, Scan))
    one = 10**WEIGHT
    table = relations.scan(scan)
    value = magnitude(table.scope[m.column.name], m.column) if m.column else exp.Literal.number("1")
    keys = [table.scope[key.name].code() for key in norm.keys]
    sums = exp.select(column(UNIT), exp.alias_(cast(exp.Sum(this=value), "HUGEINT"), "s"))
    sums = sums.from_(exp.table_(table.name), copy=False).group_by(column(UNIT), *keys, copy=False)
    square = exp.Coalesce(
        this=exp.Sum(this=exp.Mul(this=column("s"), expression=column("s"))), expressions=[exp.Literal.number("0")]
    )
    squares = exp.select(column(UNIT), exp.alias_(cast(square, "HUGEINT"), "q"))
    squares = squares.from_(sums.subquery("sums", copy=False), copy=False).group_by(column(UNIT), copy=False)
    rows = [
        exp.Tuple(expressions=[cast(digits(edge**2), "HUGEINT"), digits(min(one, norm.cap * one // edge))])
        for edge in edges()
    ]
    names = [exp.to_identifier("e", quoted=True), exp.to_identifier("__weight", quoted=True)]
    listed = exp.Values(expressions=rows, alias=exp.TableAlias(this=exp.to_identifier("edges"), columns=names))
    fits = exp.LTE(this=column("q"), expression=column("e"))
    joined = exp.select(column(UNIT), column("__weight")).from_(squares.subquery("squares", copy=False), copy=False)
    return joined.join(listed, on=fits, join_type="ASOF")


def magnitude(cell: Cell, column: Column) -> exp.Expression:
    """Give |x| of a measured column, in 64 bits: narrower types have numbers whose absolute value they have not."""
    return exp.Abs(this=cast(cell.value(), integer(width(column).most)))
