# ruff: noqa: S608 – names come from our own layout and are quoted
"""A data version as Spark reads it: a folder of encrypted Parquet beside the version's file, made from it.

`<version>.parquet/<table>/00000.parquet` and so on, clustered by unit, a unit's rows all in one file. Columns are the
hidden ones, `__unit` and `__ord`, and c0, c1, … for the declared ones; decimals are whole numbers of 10^-scale. Each
file has a key of its own, derived from the version's key and the file's place (see FileKeys.java), so that a file in
another's place does not open; a sealed manifest says which files there are.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow.parquet import encryption

from sandbox.core.keys import derive
from sandbox.core.sealing import SealBroken, Sealer
from sandbox.engines.base import OpenVersion
from sandbox.engines.files import ALIAS, attach, connect, lock
from sandbox.engines.layout import ORDER, UNIT, Stored, TableLayout, read_layout

MANIFEST = "manifest.sealed"
ROWS = 2_000_000  # of a file, or as many as its last unit asks for
BATCH = 100_000  # rows read at once
SQL = {"string": "VARCHAR", "boolean": "BOOLEAN", "date": "DATE"}
SPARK = {"string": "STRING", "boolean": "BOOLEAN", "date": "DATE"}


@dataclass(frozen=True)
class TableFiles:
    """A stored table: declared names in the order of c0, c1, …, the Spark schema of its files, and their names."""

    names: tuple[str, ...]
    schema: str
    files: tuple[str, ...]


def folder_of(version: Path) -> Path:
    """Where the Parquet files of a version's file lie."""
    return version.with_suffix(".parquet")


def root_key(key: bytes) -> bytes:
    """The key that readers of a version's Parquet files get."""
    return derive(key, "parquet")


def read_manifest(version: OpenVersion) -> dict[str, TableFiles]:
    """Give the stored tables by declared name; raises OSError, or `SealBroken` when it is not this version's."""
    folder = folder_of(version.path)
    raw = json.loads(_sealer(version.key).open((folder / MANIFEST).read_bytes(), folder.name))
    return {name: TableFiles(tuple(t["names"]), t["schema"], tuple(t["files"])) for name, t in raw.items()}


def stored(version: OpenVersion) -> bool:
    """Say whether the version's folder is there, and sealed with its key."""
    try:
        return bool(read_manifest(version))
    except (OSError, SealBroken):
        return False


def store(version: OpenVersion, memory: str) -> None:
    """Write the folder for a version's file, whole or not at all; leaves one that is there and its own."""
    if stored(version):
        return
    folder = folder_of(version.path)
    rmtree(folder, ignore_errors=True)  # of an upload that was interrupted, and began again with another key
    part = folder.with_name(folder.name + ".part")
    rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    try:
        with TemporaryDirectory(prefix="sandbox-store-") as scratch:
            connection = connect(Path(scratch), memory)
            try:
                attach(connection, version.path, version.key)
                lock(connection, [Path(scratch)])
                layout = read_layout(connection)
                tables = {t.name: _write(connection, t, part, folder.name, version.key) for t in layout.tables.values()}
            finally:
                connection.close()
        manifest = json.dumps({name: asdict(table) for name, table in tables.items()}).encode()
        (part / MANIFEST).write_bytes(_sealer(version.key).seal(manifest, folder.name))
        _sync(part)
        part.rename(folder)
    except BaseException:
        rmtree(part, ignore_errors=True)
        raise


def _sealer(key: bytes) -> Sealer:
    return Sealer(derive(key, "parquet-manifest"))


def _write(
    connection: duckdb.DuckDBPyConnection, table: TableLayout, part: Path, version: str, key: bytes
) -> TableFiles:
    """Write one table in files that are cut between units."""
    (part / table.name).mkdir(mode=0o700)
    reader = connection.execute(_select(connection, table)).to_arrow_reader(BATCH)
    names = []
    for number, chunk in enumerate(_chunks(reader, table.unit is not None)):
        name = f"{number:05d}.parquet"
        own = hmac.digest(root_key(key), f"{version}/{table.name}/{name}".encode(), "sha256")
        secrets = encryption.create_encryption_properties(own)
        pq.write_table(chunk, part / table.name / name, encryption_properties=secrets, compression="zstd")
        names.append(name)
    hidden = [UNIT, ORDER] if table.unit else [ORDER]
    typed = [f"{name} BIGINT" for name in hidden]
    typed += [f"c{place} {SPARK.get(column.type.kind, 'BIGINT')}" for place, column in enumerate(table.columns)]
    return TableFiles(tuple(column.name for column in table.columns), ", ".join(typed), tuple(names))


def _select(connection: duckdb.DuckDBPyConnection, table: TableLayout) -> str:
    source = f'{ALIAS}.main."{table.name}"'
    names = connection.execute(f"SELECT * FROM {source} LIMIT 0").description
    numbered = ORDER in [name for name, *_ in names]
    order = f"CAST({ORDER} AS BIGINT)" if numbered else "row_number() OVER () - 1"
    hidden = [f"CAST({UNIT} AS BIGINT) AS {UNIT}"] if table.unit else []
    columns = [f"{_cell(column)} AS c{place}" for place, column in enumerate(table.columns)]
    sort = f" ORDER BY {UNIT}, {ORDER}" if table.unit else f" ORDER BY {ORDER}"
    return f"SELECT {', '.join([*hidden, f'{order} AS {ORDER}', *columns])} FROM {source}{sort}"


def _cell(column: Stored) -> str:
    """Give a column in the type that is written."""
    name = f'"{column.name}"'
    if column.type.scale:
        name = f"CAST({name} AS DECIMAL(38,{column.type.scale})) * {10**column.type.scale}"
    return f"CAST({name} AS {SQL.get(column.type.kind, 'BIGINT')})"


def _chunks(reader: pa.RecordBatchReader, by_unit: bool) -> Iterator[pa.Table]:
    """Give the rows in tables of about `ROWS`; those of a unit stay together. At least one table, empty or not."""
    waiting: list[pa.RecordBatch] = []
    for batch in reader:
        waiting.append(batch)
        if sum(one.num_rows for one in waiting) >= ROWS:
            rows = pa.Table.from_batches(waiting)
            cut = _last_unit(rows) if by_unit else rows.num_rows
            if cut:
                yield rows.slice(0, cut)
                waiting = rows.slice(cut).to_batches()
    yield pa.Table.from_batches(waiting, reader.schema)  # perhaps empty: a table has a file at least


def _last_unit(rows: pa.Table) -> int:
    """Give the place of the first row of the last unit, which may go on."""
    units = rows.column(UNIT)
    return int(pc.index(units, units[-1]).as_py())


def _sync(folder: Path) -> None:
    """Make everything below `folder` read-only and durable."""
    for path in [*(one for one in folder.rglob("*")), folder]:
        if path.is_file():
            path.chmod(0o400)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
