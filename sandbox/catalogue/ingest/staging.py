# ruff: noqa: S608 – declared names match an allow-list pattern, everything else is our own or a quoted literal
"""From a file's cells to typed values: one pass over the file, with what was changed counted per column."""

from __future__ import annotations

import duckdb

from sandbox.catalogue.entry import ColumnEntry, TableEntry
from sandbox.catalogue.ingest.columns import CLAMPED, FAILED, OUTSIDE, kept, literal, parsed, status
from sandbox.catalogue.ingest.formats import unreadable
from sandbox.catalogue.ingest.limits import Limits, malformed
from sandbox.errors import Problem


def type_cells(
    connection: duckdb.DuckDBPyConnection, table: TableEntry, schema: str, limits: Limits
) -> tuple[int, dict[str, dict[str, int]]]:
    """Make `schema.typed` from `schema.raw`; give the rows read and what was counted per column.

    Texts of a declared domain become values of the type `domain_type`. Raises `Problem`: table_malformed when the file
    is, or too many cells of a column are not of its type; upload_too_large."""
    try:
        connection.execute(_typed(connection, table, schema))
    except duckdb.Error as error:
        raise unreadable(table, error) from None
    counts = ["count(*)"]
    for place, column in enumerate(table.columns):
        counts.append(f'count("{column.name}")')
        counts += [f"count(*) FILTER (__status{place} = {one})" for one in (FAILED, CLAMPED, OUTSIDE)]
    rows, *found = connection.execute(f"SELECT {', '.join(counts)} FROM {schema}.typed").fetchone() or (0,)
    if rows > limits.rows:
        raise Problem("upload_too_large", f"Table {table.name}: more than {limits.rows} rows; split it.")
    report: dict[str, dict[str, int]] = {}
    for place, column in enumerate(table.columns):
        values, failed, clamped, outside = found[4 * place : 4 * place + 4]
        report[column.name] = {"failed": failed, "clamped": clamped, "out_of_domain": outside}
        if failed * 100 > limits.failing * (values + failed + outside):
            raise malformed(
                table.name,
                f"more than {limits.failing} % of the cells of column {column.name} are not {column.type}; "
                "correct the file or the declared type",
            )
    for place in range(len(table.columns)):
        connection.execute(f"ALTER TABLE {schema}.typed DROP COLUMN __status{place}")
    return rows, report


def domain_type(schema: str, table: TableEntry, column: ColumnEntry) -> str | None:
    """Give the name of the ENUM of a text's declared domain: its codes are the places of the sorted values."""
    if column.domain is None or column.plan_type.kind != "string":
        return None
    return f"{schema}.domain{table.columns.index(column)}"


def _typed(connection: duckdb.DuckDBPyConnection, table: TableEntry, schema: str) -> str:
    types = {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE {schema}.raw").fetchall()}
    read, stored = [], []
    for place, column in enumerate(table.columns):
        enum = domain_type(schema, table, column)
        if enum is not None:
            values = ", ".join(literal(value) for value in sorted(column.domain or ()))
            connection.execute(f"CREATE TYPE {enum} AS ENUM ({values})")
        cell, value = f'"{column.name}"', f"value{place}"
        read.append(f"{parsed(column, cell, types[column.name])} AS {value}, {cell} IS NOT NULL AS filled{place}")
        form = kept(column, value, enum)
        became = status(column, value, form)
        became = "0" if became is None else f"CASE WHEN filled{place} THEN {became} ELSE 0 END"
        stored.append(f'{form} AS "{column.name}", CAST({became} AS UTINYINT) AS __status{place}')
    return (
        f"CREATE TABLE {schema}.typed AS SELECT {', '.join(stored)} FROM (SELECT {', '.join(read)} FROM {schema}.raw)"
    )
