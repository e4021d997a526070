"""The weights of L2 mode: one for each unit, from the norm of its sums over the whole table."""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp

from sandbox.engines.duckdb.relations import UNIT, column, digits, number_of, table
from sandbox.plan.block import WEIGHT, Block, Measurement, Norm
from sandbox.plan.relation import Scan
from sandbox.plan.walk import stored, walk

LARGEST = 1 << 126  # of a sum of squares


@lru_cache(maxsize=1)
def edges() -> tuple[int, ...]:
    """Give ⌈2^(j/8)⌉ for j = 0, 1, … until its square is beyond every norm, each once."""
    found: list[int] = []
    j = 0
    while not found or found[-1] ** 2 < LARGEST:
        low = _root8(1 << j)
        if not found or low > found[-1]:
            found.append(low)
        j += 1
    return tuple(found)


def weights(block: Block, m: Measurement, norm: Norm) -> exp.Select:
    """Give a table of `__unit` and `__weight`: min(10⁵, ⌊cap·10⁵/E⌋) with the edge E of the unit's norm."""
    scan = next(node for node in walk(block.rows) if isinstance(node, Scan))
    one = 10**WEIGHT
    value = exp.Abs(this=number_of(m.column)) if m.column else exp.Literal.number("1")
    keys = [exp.column(stored(key), quoted=True) for key in norm.keys]
    sums = exp.select(column(UNIT), exp.alias_(exp.cast(exp.Sum(this=value), "HUGEINT"), "s"))
    sums = sums.from_(table(scan.table)).group_by(column(UNIT), *keys)
    square = exp.Coalesce(
        this=exp.Sum(this=exp.Mul(this=column("s"), expression=column("s"))), expressions=[exp.Literal.number("0")]
    )
    squares = exp.select(column(UNIT), exp.alias_(exp.cast(square, "HUGEINT"), "q"))
    squares = squares.from_(sums.subquery("sums")).group_by(column(UNIT))
    rows = [
        exp.Tuple(expressions=[exp.cast(digits(edge**2), "HUGEINT"), digits(min(one, norm.cap * one // edge))])
        for edge in edges()
    ]
    names = [exp.to_identifier("e", quoted=True), exp.to_identifier("__weight", quoted=True)]
    listed = exp.Values(expressions=rows, alias=exp.TableAlias(this=exp.to_identifier("edges"), columns=names))
    fits = exp.LTE(this=column("q"), expression=column("e"))
    joined = exp.select(column(UNIT), column("__weight")).from_(squares.subquery("squares"))
    return joined.join(listed, on=fits, join_type="ASOF")


def _root8(number: int) -> int:
    """Give the eighth root of a whole number, rounded up, exactly."""
    low, high = 1, 1 << (number.bit_length() // 8 + 1)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if middle**8 >= number else (middle + 1, high)
    return low
