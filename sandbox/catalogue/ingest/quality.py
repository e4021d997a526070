# ruff: noqa: S608 – declared names match an allow-list pattern, everything else is our own or a quoted literal
"""The quality report of a table (R3): completeness, accuracy, uniqueness, timeliness, readability.

Exact figures: for the holder and the registrar only. Shares are decimal text."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

import duckdb

from sandbox.catalogue.entry import TableEntry


def describe(
    connection: duckdb.DuckDBPyConnection, table: TableEntry, source: str, cells: Mapping[str, Mapping[str, int]]
) -> dict[str, Any]:
    """Give rows kept, units, duplicate rows and, per column: nulls, distinct values, what ingest changed."""
    names = [f'"{column.name}"' for column in table.columns]
    each = ", ".join(f"count({name}), count(DISTINCT {name}), max({name})" for name in names)
    found = connection.execute(f"SELECT count(*), {each} FROM {source}").fetchone()
    different = connection.execute(
        f"SELECT count(*) FROM (SELECT DISTINCT {', '.join(names)} FROM {source})"
    ).fetchone()
    assert found is not None and different is not None
    rows, columns, latest = found[0], {}, {}
    for place, column in enumerate(table.columns):
        filled, values, most = found[1 + 3 * place : 4 + 3 * place]
        columns[column.name] = {"nulls": rows - filled, "distinct": values, **cells[column.name]}
        if column.plan_type.kind == "date" and most is not None:
            latest[column.name] = most.isoformat()
    slots = rows * len(columns)
    wrong = sum(count for one in cells.values() for count in one.values())
    return {
        "rows_kept": rows,
        "columns": columns,
        "quality": {
            "completeness": _share(slots - sum(one["nulls"] for one in columns.values()), slots),
            "accuracy": _share(max(slots - wrong, 0), slots),
            "uniqueness": _share(different[0], rows),
            "timeliness": latest,
            "readability": "read in full as declared",
        },
    }


def _share(part: int, whole: int) -> str:
    return str((Decimal(part) / whole).quantize(Decimal("0.000001"), ROUND_DOWN)) if whole else "1.000000"
