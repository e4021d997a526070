"""Own tables beside the open data version: as Arrow to the child, there a table in memory for the time of one frame.

Which rows of a table by identifier are of units in the data is decided here, by their names; a file that ingest wrote
before units had names has none."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from sandbox.engines.duckdb.facts import Facts
from sandbox.engines.files import ALIAS, MEMORY, UNITS
from sandbox.engines.layout import ORDER, UNIT
from sandbox.engines.own import OwnRows, with_own
from sandbox.engines.unit_rows import own_columns

if TYPE_CHECKING:  # loaded where a file is opened
    import duckdb

NAME, BATCH = "__name", "own_batch"


def beside(facts: Facts, tables: Mapping[str, OwnRows]) -> Facts:
    """Give the facts of a version with own tables beside it."""
    if not tables:
        return facts
    rows = max((table.rows for table in tables.values()), default=0)
    return replace(facts, layout=with_own(facts.layout, tables), rows=max(facts.rows, rows))


def sent(tables: Mapping[str, OwnRows]) -> dict[str, str]:
    """Give what the child is sent of own tables."""
    return {name: base64.b64encode(_stream(table)).decode() for name, table in tables.items()}


@contextmanager
def brought(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, str]) -> Iterator[None]:
    """Have own tables, as they were sent, beside the open version for a while."""
    for name, stream in tables.items():
        with pa.ipc.open_stream(base64.b64decode(stream)) as opened:
            batch = opened.read_all()
        connection.register(BATCH, batch)
        columns = "".join(f', b."{one}"' for one in batch.column_names if not one.startswith("__"))
        if NAME in batch.column_names:
            rows = f"CAST(u.code AS UINTEGER) AS {UNIT}, CAST(0 AS BIGINT) AS {ORDER}{columns} FROM {BATCH} b "
            rows += f"JOIN {ALIAS}.main.{UNITS} u ON u.name = b.{NAME}"
        else:
            rows = f"b.{ORDER}{columns} FROM {BATCH} b"
        connection.execute(f'CREATE OR REPLACE TABLE {MEMORY}.main."{name}" AS SELECT {rows}')
        connection.unregister(BATCH)
    try:
        yield
    finally:
        for name in tables:
            connection.execute(f'DROP TABLE {MEMORY}.main."{name}"')


def _stream(table: OwnRows) -> bytes:
    columns = own_columns(table)
    if table.names is not None:
        columns[NAME] = pa.array(table.names, pa.int64())
    else:
        columns[ORDER] = pa.array(range(table.rows), pa.int64())
    made = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, made.schema) as stream:
        stream.write_table(made)
    return bytes(sink.getvalue())
