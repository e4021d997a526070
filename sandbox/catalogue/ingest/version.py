"""Ingest of one data version: read, type, bound, number the units, write encrypted, publish.

Runs in a child of the vault. The file appears under its name only when it is whole; on any failure nothing stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from sandbox.catalogue.entry import Entry, TableEntry
from sandbox.catalogue.ingest.accuracy import measure_rules
from sandbox.catalogue.ingest.clustering import write_public, write_rows
from sandbox.catalogue.ingest.detect import check_contents
from sandbox.catalogue.ingest.facts import public_facts_of
from sandbox.catalogue.ingest.formats import load_raw
from sandbox.catalogue.ingest.limits import Limits
from sandbox.catalogue.ingest.quality import describe
from sandbox.catalogue.ingest.staging import type_cells
from sandbox.catalogue.ingest.storing import create, lay_out, write_layout
from sandbox.catalogue.ingest.units import count_dropped, judge, number_units, write_names
from sandbox.catalogue.records import Ingested
from sandbox.engines.files import ALIAS, attach, connect, lock, publish
from sandbox.engines.layout import Layout, TableLayout
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

    How rows are stored is said in `sandbox.engines.layout`. Raises `Problem`: table_malformed, upload_too_large,
    media_type_unsupported, field_invalid, grade_refused.
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
    """Stage every table, number the units of all of them, then write each after those that it refers to."""
    schema = {table.name: f"staged{number}" for number, table in enumerate(entry.tables)}
    read: dict[str, tuple[int, dict[str, dict[str, int]]]] = {}
    for table in entry.tables:
        connection.execute(f"CREATE SCHEMA {schema[table.name]}")
        load_raw(connection, table, *files[table.name], limits, schema[table.name])
        read[table.name] = type_cells(connection, table, schema[table.name], limits)
    holds = check_contents(connection, entry, schema)
    kept = {table.name: measure_rules(connection, entry, table, schema) for table in entry.tables}
    units = number_units(connection, entry, schema, prf_key)
    made, layouts = Ingested({"tables": {}, "holds": holds}, {}), {}
    for name in TopologicalSorter({one.name: entry.needs(one) for one in entry.tables}).static_order():
        found = entry.table(name)
        assert found is not None
        layouts[name] = _table(connection, entry, found, schema[name], units, prf_key, read[name], made)
        made.report["tables"][name]["quality"]["rules"] = kept[name]
    write_layout(connection, Layout(layouts))
    write_names(connection)
    made.report["units_named"] = True
    return made


def _table(
    connection: duckdb.DuckDBPyConnection,
    entry: Entry,
    table: TableEntry,
    schema: str,
    units: int,
    prf_key: bytes,
    read: tuple[int, dict[str, dict[str, int]]],
    made: Ingested,
) -> TableLayout:
    """Write one table, and add to `made` what is said of it."""
    judged, (rows, cells) = judge(connection, entry, table, schema), read
    layout = lay_out(connection, table, schema, units)
    create(connection, table, layout, schema)
    if table.public:
        written = write_public(connection, table, schema)
        made.facts[table.name] = public_facts_of(connection, table, f'{ALIAS}.main."{table.name}"')
    else:
        written = write_rows(connection, table, layout, schema, prf_key)
    dropped = count_dropped(connection, judged, rows - written.rows - written.beyond)
    if not table.public:
        dropped["beyond_max_rows"] = written.beyond
    connection.execute(f"DROP SCHEMA {schema} CASCADE")
    said = {"rows_read": rows, "rows_dropped": dropped, **describe(connection, table, layout, cells, written)}
    made.report["tables"][table.name] = said
    return layout
