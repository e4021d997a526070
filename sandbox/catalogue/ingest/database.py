"""Tables of a PostgreSQL database as CSV files: all of one upload from one snapshot, only the declared columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from sandbox.catalogue.entry import TableEntry
from sandbox.catalogue.ingest.limits import malformed
from sandbox.errors import Problem

PLAIN = ("bool", "uuid", "varchar", "bpchar", "text", "citext", "name", "date", "timestamp", "timestamptz", "oid")
COLUMNS = """
    SELECT attname, typname, typcategory FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace AND nspname = %s
    JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    JOIN pg_type ON pg_type.oid = atttypid
    WHERE relname = %s AND relkind IN ('r', 'p', 'v', 'm', 'f')
"""


def copy_tables(
    name: str,
    url: str,
    wanted: Mapping[str, tuple[TableEntry, str, str, Path]],
    limit: int,
    seconds: int,
) -> None:
    """Write each wanted table (entry, schema, name there, file) of the source `name`, all as they are at one moment.

    Raises `Problem`: source_unavailable when the database cannot be reached, is lost or takes longer than `seconds`;
    table_malformed when a table or column is not there, or may not be read; upload_too_large beyond `limit` bytes of a
    file. Nothing that the database says is repeated: it may hold addresses, names or values."""
    try:
        with psycopg.connect(url, connect_timeout=10, application_name="data-product-sandbox") as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            with connection.transaction(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {int(seconds) * 1000}")
                cursor.execute("SET LOCAL datestyle = 'ISO, YMD'")
                cursor.execute("SET LOCAL client_encoding = 'UTF8'")
                for table, schema, relation, target in wanted.values():
                    _copy(cursor, table, schema, relation, target, limit)
    except psycopg.errors.QueryCanceled:
        raise _unavailable(name, f"took longer than {seconds} seconds; offer a smaller view of the table") from None
    except psycopg.errors.CharacterNotInRepertoire:
        raise Problem("table_malformed", f"Database {name}: texts are not readable as UTF-8; mend them.") from None
    except psycopg.Error:
        raise _unavailable(name, "cannot be reached, or the connection was lost; try again, or ask the host") from None


def _copy(
    cursor: psycopg.Cursor[tuple[str, ...]], table: TableEntry, schema: str, relation: str, target: Path, limit: int
) -> None:
    """Only declared columns leave the database, each as its text."""
    found = {name: (kind, category) for name, kind, category in cursor.execute(COLUMNS, (schema, relation)).fetchall()}
    if not found:
        raise malformed(table.name, f"the database has no table {schema}.{relation}; write its name as it is there")
    if missing := [column.name for column in table.columns if column.name not in found]:
        raise malformed(
            table.name, f"{schema}.{relation} has no column {', '.join(missing[:5])}; declare what is there"
        )
    for column in table.columns:
        kind, category = found[column.name]
        if category not in ("N", "E") and kind not in PLAIN:
            raise malformed(table.name, f"the column {column.name} is no number, text or date; offer a view that casts")
    cells = sql.SQL(", ").join(
        sql.SQL("{0}::text AS {0}").format(sql.Identifier(column.name)) for column in table.columns
    )
    statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT (FORMAT csv, HEADER true)").format(
        cells, sql.Identifier(schema, relation)
    )
    written = 0
    try:
        with target.open("xb") as file, cursor.copy(statement) as copy:
            for block in copy:
                written += len(block)
                if written > limit:
                    raise Problem(
                        "upload_too_large", f"Table {table.name}: more than {limit} bytes; offer a part of it."
                    )
                file.write(block)
    except psycopg.errors.InsufficientPrivilege:
        raise malformed(table.name, f"the host's reader may not read {schema}.{relation}; grant it SELECT") from None


def _unavailable(name: str, say: str) -> Problem:
    return Problem("source_unavailable", f"The database {name} {say}.")
