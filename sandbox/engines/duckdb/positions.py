"""What lets DuckDB group by position and not by hash; see `histograms`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # loaded where a file is opened
    import duckdb


GROUP_BITS = 20
"""Of the codes of keys: a table of so many places, for each thread."""
ALWAYS = 1 << 14
"""Places that cost nothing worth saving."""
SIZES = (1 << 8, 1 << 11, 1 << 13)
"""Of the tables of all bins."""


def worth(bits: int | None, sums: int, rows: int) -> bool:
    """Say whether to group so many rows by position, for so many sums: every place is made ready and looked at, and
    DuckDB does not count the memory."""
    return bits is not None and bits <= GROUP_BITS and sums << bits <= max(ALWAYS, rows)


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Set a database up for it that is not locked yet, all its cursors, with tables of bins."""
    connection.execute(f"SET GLOBAL perfect_ht_threshold = {GROUP_BITS}")
    for size in SIZES:
        numbers = connection.sql(f"SELECT CAST(range AS USMALLINT) AS code FROM range({size})")  # noqa: S608 – no text
        numbers.create(table(size))


def table(size: int) -> str:
    """Give the name of the table of so many bins."""
    return f"memory.main.bins_{size}"
