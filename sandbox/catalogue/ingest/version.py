# ruff: noqa: S608 – declared names match an allow-list pattern, everything else is our own or a quoted literal
"""Ingest of one data version: read, type, bound, number the units, write encrypted, publish.

Runs in a child of the vault. The file appears under its name only when it is whole; on any failure nothing stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from sandbox.catalogue.entry import Entry, TableEntry
from sandbox.catalogue.ingest.columns import sql_type
from sandbox.catalogue.ingest.content import keep_rows, type_cells
from sandbox.catalogue.ingest.facts import public_facts_of
from sandbox.catalogue.ingest.formats import load_raw
from sandbox.catalogue.ingest.limits import Limits
from sandbox.catalogue.ingest.quality import describe
from sandbox.catalogue.records import Ingested
from sandbox.engines.files import ALIAS, attach, connect, lock, publish
from sandbox.errors import Problem

DEFAULT = Limits()


def ingest(
    entry: Entry,
    files: Mapping[str, tuple[Path, str]],
    target: Path,
    key: bytes,
    prf_key: bytes,
    limits: Limits = DEFAULT,
) -> Ingested:
    """Write the encrypted data version `target` from one file a table (path; csv, parquet or xlsx); give the report,
    for holder and registrar only, and the facts about public tables.

    In protected tables the unit's column is replaced by `__unit` (a dense code), `__ord` (0-based keyed order within
    the unit) and `__h` (63 keyed bits); rows are clustered by the first two. In public ones `__ord` is the row's place
    in the order of its cells. Raises `Problem`: table_malformed, upload_too_large, media_type_unsupported,
    field_invalid.
    """
    _check_files(entry, files)
    part = unfinished(target)
    discard(target)
    try:
        with TemporaryDirectory(prefix="sandbox-ingest-") as scratch:
            connection = connect(Path(scratch), limits.memory)
            try:
                attach(connection, part, key, write=True)
                lock(connection, [target.parent, Path(scratch), *{path.parent for path, _ in files.values()}])
                made = _tables(connection, entry, files, prf_key, limits)
                connection.execute(f"CHECKPOINT {ALIAS}")
                connection.execute(f"DETACH {ALIAS}")
            finally:
                connection.close()
        publish(part, target)
    except BaseException:
        discard(target)
        raise
    return made


def unfinished(target: Path) -> Path:
    """Where `target` is written before it is whole."""
    return target.with_name(target.name + ".part")


def discard(target: Path) -> None:
    """Remove what an interrupted ingest of `target` may have left."""
    for suffix in (".part", ".part.wal", ".part.wal.checkpoint", ".part.wal.recovery"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)


def _check_files(entry: Entry, files: Mapping[str, tuple[Path, str]]) -> None:
    declared = {table.name for table in entry.tables}
    if missing := sorted(declared - files.keys()):
        raise Problem(
            "field_invalid", f"Send a file part for table {missing[0]}, named like the table.", field=missing[0]
        )
    if unknown := sorted(files.keys() - declared):
        raise Problem(
            "field_invalid", f"The file part {unknown[0]} is no declared table; leave it out.", field=unknown[0]
        )


def _tables(
    connection: duckdb.DuckDBPyConnection,
    entry: Entry,
    files: Mapping[str, tuple[Path, str]],
    prf_key: bytes,
    limits: Limits,
) -> Ingested:
    """Stage every table, parents first, then number the units of all of them and write."""
    schema = {table.name: f"staged{number}" for number, table in enumerate(entry.tables)}
    report: dict[str, Any] = {}
    for name in TopologicalSorter({one.name: entry.needs(one) for one in entry.tables}).static_order():
        table, mine = entry.table(name), schema[name]
        assert table is not None
        connection.execute(f"CREATE SCHEMA {mine}")
        load_raw(connection, table, *files[table.name], limits, mine)
        rows, cells = type_cells(connection, table, mine, limits)
        dropped = keep_rows(connection, entry, table, mine, prf_key, schema)
        report[table.name] = {
            "rows_read": rows,
            "rows_dropped": dropped,
            **describe(connection, table, f"{mine}.kept", cells),
        }
    _number_units(connection, [schema[table.name] for table in entry.tables if not table.public], prf_key)
    facts = {
        table.name: public_facts_of(connection, table, f"{schema[table.name]}.kept")
        for table in entry.tables
        if table.public
    }
    for table in entry.tables:
        _write(connection, table, f"{schema[table.name]}.kept")
    return Ingested({"tables": report}, facts)


def _number_units(connection: duckdb.DuckDBPyConnection, schemas: list[str], prf_key: bytes) -> None:
    """Give each unit of the version a dense code, in an order that only the key knows."""
    every = (
        " UNION ".join(f"SELECT DISTINCT __id FROM {schema}.kept" for schema in schemas)
        or "SELECT '' AS __id WHERE false"
    )
    hashed = f"sha256('{prf_key.hex()}unit.' || __id)"
    connection.execute(
        f"CREATE TABLE units AS SELECT __id, row_number() OVER (ORDER BY {hashed}, __id) - 1 AS __unit FROM ({every})"
    )


def _write(connection: duckdb.DuckDBPyConnection, table: TableEntry, source: str) -> None:
    columns = [column for column in table.columns if column.name != table.unit_column]
    names = ", ".join(f'"{column.name}"' for column in columns)
    types = ", ".join(f'"{column.name}" {sql_type(column)}{" NOT NULL" * column.required}' for column in columns)
    into = f'{ALIAS}.main."{table.name}"'
    if table.public:
        connection.execute(f"CREATE TABLE {into} (__ord BIGINT NOT NULL, {types})")
        place = f"row_number() OVER (ORDER BY {names}) - 1"  # equal rows are alike: any order of them is the same
        connection.execute(f"INSERT INTO {into} SELECT {place} AS __ord, {names} FROM {source} ORDER BY __ord")
    else:
        hidden = "__unit BIGINT NOT NULL, __ord BIGINT NOT NULL, __h BIGINT NOT NULL"
        connection.execute(f"CREATE TABLE {into} ({hidden}{', ' if types else ''}{types})")
        connection.execute(
            f"INSERT INTO {into} SELECT __unit, __ord, __h{', ' if names else ''}{names} "
            f"FROM {source} JOIN units USING (__id) ORDER BY __unit, __ord"
        )
    connection.execute(f"DROP TABLE {source}")
