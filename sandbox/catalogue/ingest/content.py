# ruff: noqa: S608 – declared names match an allow-list pattern, everything else is our own or a quoted literal
"""Which rows are kept, and in which order a unit's rows stand: decided by each unit's own rows and a secret key.

A row's canonical content is hashed with the key; equal rows of a unit are numbered; `__h` is 63 bits of the hash of
both. Order by (`__h`, content, number) does not depend on the order in the file, so every reload keeps the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from sandbox.catalogue.entry import TableEntry
from sandbox.catalogue.ingest.columns import counts, kept, parsed
from sandbox.catalogue.ingest.limits import Limits, malformed

DROPPED = ("no_unit", "no_parent", "required_missing")


def type_cells(
    connection: duckdb.DuckDBPyConnection, table: TableEntry, schema: str, limits: Limits
) -> tuple[int, dict[str, dict[str, int]]]:
    """Make `schema.typed` from `schema.raw`; give the rows read and what was counted per column.

    Raises `Problem` (table_malformed) when too many cells of a column are not of its type."""
    cells = ", ".join(
        f'{parsed(column)} AS "{column.name}", "{column.name}" AS "__raw_{column.name}"' for column in table.columns
    )
    aggregates = [one for column in table.columns for one in counts(column)]
    found = connection.execute(
        f"SELECT count(*), {', '.join(aggregates)} FROM (SELECT {cells} FROM {schema}.raw)"
    ).fetchone()
    assert found is not None
    report: dict[str, dict[str, int]] = {}
    for place, column in enumerate(table.columns):
        filled, values, clamped, outside = found[1 + 4 * place : 5 + 4 * place]
        failed = filled - values - outside
        report[column.name] = {"failed": failed, "clamped": clamped, "out_of_domain": outside}
        if failed * 100 > limits.failing * filled:
            raise malformed(
                table.name,
                f"more than {limits.failing} % of the cells of column {column.name} are not {column.type}; "
                "correct the file or the declared type",
            )
    stored = ", ".join(f'{kept(column, f"({parsed(column)})")} AS "{column.name}"' for column in table.columns)
    connection.execute(f"CREATE TABLE {schema}.typed AS SELECT {stored} FROM {schema}.raw")
    connection.execute(f"DROP TABLE {schema}.raw")
    return found[0], report


def keep_rows(
    connection: duckdb.DuckDBPyConnection, table: TableEntry, schema: str, prf_key: bytes, parents: Mapping[str, str]
) -> dict[str, int]:
    """Make `schema.kept` from `schema.typed`: rows with unit, parents and required cells, at most
    `max_rows_per_unit` of a unit; give the rows dropped, by reason. `parents` gives each reference its table."""
    connection.execute(
        f"CREATE TABLE {schema}.judged AS SELECT *, {_reason(table, parents)} AS __dropped FROM {schema}.typed"
    )
    connection.execute(f"DROP TABLE {schema}.typed")
    dropped = dict.fromkeys(DROPPED, 0)
    counted = f"SELECT __dropped, count(*) FROM {schema}.judged WHERE __dropped IS NOT NULL GROUP BY ALL"
    dropped |= dict(connection.execute(counted).fetchall())
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    if table.public:
        connection.execute(f"CREATE TABLE {schema}.kept AS SELECT {names} FROM {schema}.judged WHERE __dropped IS NULL")
    else:
        unit = f'CAST("{table.unit}" AS VARCHAR)'
        connection.execute(
            f"CREATE TABLE {schema}.hashed AS SELECT {names}, {unit} AS __id, {_content(table, prf_key)} AS __content "
            f"FROM {schema}.judged WHERE __dropped IS NULL"
        )
        connection.execute(
            f"CREATE TABLE {schema}.kept AS SELECT * EXCLUDE (__content) FROM (SELECT *, row_number() OVER "
            "(PARTITION BY __id ORDER BY __h, __content, __copy) - 1 AS __ord FROM (SELECT *, "
            "CAST(CAST('0x' || left(sha256(__content || ':' || __copy), 16) AS UBIGINT) >> 1 AS BIGINT) AS __h "
            "FROM (SELECT *, row_number() OVER (PARTITION BY __id, __content) AS __copy "
            f"FROM {schema}.hashed))) WHERE __ord < {table.max_rows_per_unit}"
        )
        dropped["beyond_max_rows"] = _rows(connection, f"{schema}.hashed") - _rows(connection, f"{schema}.kept")
        connection.execute(f"DROP TABLE {schema}.hashed")
    connection.execute(f"DROP TABLE {schema}.judged")
    return dropped


def _reason(table: TableEntry, parents: Mapping[str, str]) -> str:
    """Give the first reason, if any, why a row is dropped."""
    whens = [] if table.public else [f"WHEN \"{table.unit}\" IS NULL THEN 'no_unit'"]
    for column in table.columns:
        if column.references is not None:
            key = column.references.split(".")[1]
            parent = f'SELECT "{key}" FROM {parents[column.references]} WHERE "{key}" IS NOT NULL'
            whens.append(f'WHEN "{column.name}" IS NOT NULL AND "{column.name}" NOT IN ({parent}) THEN \'no_parent\'')
    whens += [f"WHEN \"{column.name}\" IS NULL THEN 'required_missing'" for column in table.columns if column.required]
    return f"CASE {' '.join(whens)} END" if whens else "CAST(NULL AS VARCHAR)"


def _content(table: TableEntry, prf_key: bytes) -> str:
    """Give the keyed hash of a row: each cell as text with its length before it, so that no two rows read alike."""
    cells = " || ".join(
        f"coalesce(length(CAST(\"{column.name}\" AS VARCHAR)) || ':' || CAST(\"{column.name}\" AS VARCHAR), '-')"
        for column in table.columns
    )
    return f"sha256('{prf_key.hex()}{table.name}.' || {cells})"


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(found[0]) if found else 0
