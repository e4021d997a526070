# ruff: noqa: S608 – declared names match an allow-list pattern, everything else is our own or a quoted literal
"""The quality report of a table (R3): completeness, accuracy, uniqueness, timeliness, readability.

Exact figures: for the holder and the registrar only. Shares are decimal text."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

import duckdb

from sandbox.catalogue.entry import TableEntry
from sandbox.catalogue.ingest.clustering import Written
from sandbox.engines.files import ALIAS
from sandbox.engines.layout import Stored, TableLayout

WHOLE = frozenset(f"{sign}{size}" for sign in ("", "U") for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT"))
FEW, BITS = 1 << 16, 1 << 27  # different values for which hashing is as fast; bits in 16 MB, for each thread


def describe(
    connection: duckdb.DuckDBPyConnection,
    table: TableEntry,
    layout: TableLayout,
    cells: Mapping[str, Mapping[str, int]],
    written: Written,
) -> dict[str, Any]:
    """Give rows kept and, per column: nulls, distinct values, what ingest changed; and the shares of R3."""
    rows, columns, latest = written.rows, {}, {}
    for column in table.columns:
        filled, values, most = rows, written.units, None
        if column.name != table.unit_column:
            stored, source = layout.column(column.name), f'{ALIAS}.main."{layout.base}"'
            name = stored.column
            most_of = f'max("{name}")' if column.plan_type.kind == "date" and column.domain is None else "NULL"
            different = f'count("{name}")' if column.key else _different(connection, source, stored)
            found = connection.execute(f'SELECT count("{name}"), {different}, {most_of} FROM {source}').fetchone()
            filled, values, most = found or (0, 0, None)
        columns[column.name] = {"nulls": rows - filled, "distinct": values, **cells[column.name]}
        if most is not None:
            latest[column.name] = most.isoformat()
    slots = rows * len(columns)
    wrong = sum(count for one in cells.values() for count in one.values())
    return {
        "rows_kept": rows,
        "columns": columns,
        "quality": {
            "completeness": _share(slots - sum(one["nulls"] for one in columns.values()), slots),
            "accuracy": _share(max(slots - wrong, 0), slots),
            "uniqueness": _share(written.different, rows),
            "timeliness": latest,
            "readability": "read in full as declared",
        },
    }


def _different(connection: duckdb.DuckDBPyConnection, source: str, stored: Stored) -> str:
    """Give what counts the different values of a column: of whole numbers that lie close a bit for each, which takes a
    tenth of the time and of the memory."""
    name = f'"{stored.column}"'
    if stored.sql in WHOLE:
        least, most = connection.execute(f"SELECT min({name}), max({name}) FROM {source}").fetchone() or (None, None)
        if least is not None and FEW <= most - least < BITS:
            return f"bit_count(bitstring_agg({name}, {least}, {most}))"
    return f"count(DISTINCT {name})"


def _share(part: int, whole: int) -> str:
    return str((Decimal(part) / whole).quantize(Decimal("0.000001"), ROUND_DOWN)) if whole else "1.000000"
