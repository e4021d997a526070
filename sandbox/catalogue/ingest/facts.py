# ruff: noqa: S608 – declared names match an allow-list pattern, everything else is our own
"""What is measured of a public table for everybody: see `sandbox.catalogue.facts`, which reads it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from sandbox.catalogue.declared import MOST_TEXT
from sandbox.catalogue.entry import ColumnEntry, TableEntry
from sandbox.catalogue.facts import MOST_CELLS

MOST_VALUES = 1000


def public_facts_of(connection: duckdb.DuckDBPyConnection, table: TableEntry, source: str) -> dict[str, Any]:
    """Give rows and, per column, the facts of the public `table` that `source` holds, as JSON."""
    (rows,) = connection.execute(f"SELECT count(*) FROM {source}").fetchone() or (0,)
    columns = {one.name: _column(connection, one, source, rows) for one in table.columns}
    return {"rows": rows, "columns": columns, "lines": _lines(connection, table, source, rows)}


def _lines(connection: duckdb.DuckDBPyConnection, table: TableEntry, source: str, rows: int) -> list[list[Any]] | None:
    """The rows of a small table, in an order that follows from them alone."""
    if rows * len(table.columns) > MOST_CELLS:
        return None
    names = ", ".join(f'"{one.name}"' for one in table.columns)
    found = connection.execute(f"SELECT {names} FROM {source} ORDER BY {names}").fetchall()
    if any(isinstance(value, str) and len(value) > MOST_TEXT for line in found for value in line):
        return None
    return [[_json(value) for value in line] for line in found]


def _column(connection: duckdb.DuckDBPyConnection, column: ColumnEntry, source: str, rows: int) -> dict[str, Any]:
    groups = f'SELECT "{column.name}" AS value, count(*) AS times FROM {source} WHERE value IS NOT NULL GROUP BY value'
    found = connection.execute(
        f"SELECT count(*), sum(times)::BIGINT, max(times), min(value), max(value) FROM ({groups})"
    ).fetchone()
    assert found is not None
    distinct, filled, most_times, least, most = found
    ranged = column.plan_type.numeric or column.plan_type.kind == "date"
    return {
        "type": column.type,
        "distinct": distinct,
        "nulls": rows - (filled or 0),
        "fan_out": most_times or 0,
        "values": _values(connection, groups) if distinct <= MOST_VALUES else None,
        "least": _json(least) if ranged else None,
        "most": _json(most) if ranged else None,
    }


def _values(connection: duckdb.DuckDBPyConnection, groups: str) -> list[Any] | None:
    values = [
        _json(value) for (value,) in connection.execute(f"SELECT value FROM ({groups}) ORDER BY value").fetchall()
    ]
    return None if any(isinstance(value, str) and len(value) > MOST_TEXT for value in values) else values


def _json(value: object) -> object:
    """Decimals and dates as text, exactly."""
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value
