# ruff: noqa: S608 – declared names match an allow-list pattern, everything else is our own or a quoted literal
"""Which rows are kept, and in which order a unit's rows stand: decided by each unit's own rows and a secret key.

A row's canonical content is hashed with the key; equal rows of a unit are numbered; `__h` is 63 bits of the hash of
both. Order by (`__h`, content, number) does not depend on the order in the file, so every reload keeps the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from sandbox.catalogue.entry import Entry, TableEntry
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
    connection: duckdb.DuckDBPyConnection,
    entry: Entry,
    table: TableEntry,
    schema: str,
    prf_key: bytes,
    staged: Mapping[str, str],
) -> dict[str, int]:
    """Make `schema.kept` from `schema.typed`: rows with unit, parents and required cells, at most
    `max_rows_per_unit` of a unit; give the rows dropped, by reason. `staged` gives each earlier table its schema.

    Raises `Problem` (table_malformed) when a key names two rows."""
    _judge(connection, entry, table, schema, staged)
    dropped = dict.fromkeys(DROPPED, 0)
    counted = f"SELECT __dropped, count(*) FROM {schema}.judged WHERE __dropped IS NOT NULL GROUP BY ALL"
    dropped |= dict(connection.execute(counted).fetchall())
    _check_keys(connection, table, schema)
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    if table.public:
        connection.execute(f"CREATE TABLE {schema}.kept AS SELECT {names} FROM {schema}.judged WHERE __dropped IS NULL")
    else:
        connection.execute(
            f"CREATE TABLE {schema}.hashed AS SELECT {names}, __id, {_content(table, prf_key)} AS __content "
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


def _judge(
    connection: duckdb.DuckDBPyConnection, entry: Entry, table: TableEntry, schema: str, staged: Mapping[str, str]
) -> None:
    """Make `schema.judged`: the typed rows with their unit `__id` and `__dropped`, the first reason to drop them.

    Each rule looks at rows of the row's own unit, or at public tables, only: a parent of another unit is no parent."""
    unit = "CAST(NULL AS VARCHAR)" if table.public else f'CAST(t."{table.unit}" AS VARCHAR)'
    joins, whens = [], []
    if found := entry.parent(table):
        assert table.path is not None
        unit = "path.__id"
        mine = f't."{table.path.column}"'
        joins.append(f'LEFT JOIN {staged[found[0].name]}.kept path ON {mine} = path."{found[1].name}"')
        whens = [f"WHEN {mine} IS NULL THEN 'no_unit'", "WHEN path.__id IS NULL THEN 'no_parent'"]
    elif not table.public:
        whens = [f"WHEN {unit} IS NULL THEN 'no_unit'"]
    for number, column in enumerate(table.columns):
        if column.references is None:
            continue
        name, key = column.references.split(".")
        parent = entry.table(name)
        assert parent is not None
        mine = f't."{column.name}"'
        if parent.public or (parent.unit_column, table.unit_column) == (key, column.name):
            known = f'SELECT "{key}" FROM {staged[name]}.kept WHERE "{key}" IS NOT NULL'
            whens.append(f"WHEN {mine} IS NOT NULL AND {mine} NOT IN ({known}) THEN 'no_parent'")
        else:
            joins.append(f'LEFT JOIN {staged[name]}.kept p{number} ON {mine} = p{number}."{key}"')
            whens.append(f"WHEN {mine} IS NOT NULL AND p{number}.__id IS DISTINCT FROM {unit} THEN 'no_parent'")
    whens += [
        f"WHEN t.\"{column.name}\" IS NULL THEN 'required_missing'" for column in table.columns if column.required
    ]
    reason = f"CASE {' '.join(whens)} END" if whens else "CAST(NULL AS VARCHAR)"
    connection.execute(
        f"CREATE TABLE {schema}.judged AS SELECT t.*, {unit} AS __id, {reason} AS __dropped "
        f"FROM {schema}.typed t {' '.join(joins)}"
    )
    connection.execute(f"DROP TABLE {schema}.typed")


def _check_keys(connection: duckdb.DuckDBPyConnection, table: TableEntry, schema: str) -> None:
    """Raise `Problem` (table_malformed) when two rows have the same value in a key.

    A repeated key is refused, not repaired: whichever row were dropped, a unit that repeats another's key would move
    that other unit's rows. The refusal depends on several units, but it goes to the holder alone and no version comes
    of it; among versions that exist, all rows of one unit may go or come without touching the rows of others."""
    for column in table.columns:
        if column.key:
            name = f'"{column.name}"'
            found = connection.execute(
                f"SELECT count({name}) > count(DISTINCT {name}) FROM {schema}.judged WHERE __dropped IS NULL"
            ).fetchone()
            if found and found[0]:
                say = f"the key {column.name} has a value in more than one row; correct the file, or declare no key"
                raise malformed(table.name, say)


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
