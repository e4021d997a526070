"""The histogram of a quantile: rows by group and bin.

DuckDB counts by position, some times as fast as by hash, where it knows the least and the most of what it groups by. Of
a computed bin it knows nothing; of the same number looked up in a table of all bins it does. The lookup is by position
too – when the bin is computed in the condition of the join – and leaves rows without a value out."""

from __future__ import annotations

from sqlglot import exp

from sandbox.engines.duckdb.keys import Keys
from sandbox.engines.duckdb.measures import is_null
from sandbox.engines.duckdb.positions import SIZES, table, worth
from sandbox.engines.duckdb.terms import cast, column, digits
from sandbox.plan.block import Measurement

NAME = "bins"
CHEAP = 4  # places of a count for each row


def bin_of(number: exp.Expression, m: Measurement) -> exp.Expression:
    """Give the bin of a number that is clamped already."""
    moved = exp.Paren(this=exp.Sub(this=number, expression=digits(m.lower)))
    shifted = exp.BitwiseRightShift(this=cast(moved, "BIGINT"), expression=digits(m.shift))
    return cast(exp.Paren(this=shifted), "USMALLINT" if m.bins <= 1 << 16 else "BIGINT")


def rows_by_bin(
    source: exp.Expression, keys: Keys, m: Measurement, rows: int, most: int | None, *, binned: bool
) -> exp.Select:
    """Give the keys, bin and number of rows of each group and bin that has some; `source` has the clamped number as e0,
    or its bin; the version has about so many `rows`, and so many rows count at `most` (None: unknown)."""
    number: exp.Expression = exp.Count(this=exp.Star())
    if most is not None and most < 1 << 32:
        number = cast(number, "UINTEGER")  # a third of what is handed over
    counted, found = exp.alias_(number, "m0"), column("e0") if binned else bin_of(column("e0"), m)
    size = next((one for one in SIZES if one >= m.bins), None)
    if keys.bits is None or size is None or not worth(keys.bits + (size + 1).bit_length(), 1, CHEAP * rows):
        plain = exp.select(*keys.columns, exp.alias_(found, "b"), counted).from_(source, copy=False)
        return plain.where(exp.Not(this=is_null(column("e0"))), copy=False).group_by(
            *keys.columns, column("b"), copy=False
        )
    code = exp.column("code", table=NAME, quoted=True)
    listed = exp.alias_(exp.to_table(table(size)), NAME, table=True)
    query = exp.select(*keys.columns, exp.alias_(code, "b"), counted).from_(source, copy=False)
    return query.join(listed, on=exp.EQ(this=found, expression=code.copy()), copy=False).group_by(
        *keys.columns, code.copy(), copy=False
    )
