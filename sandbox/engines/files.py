"""Encrypted DuckDB files: how a data version is written once and opened read-only ever after.

AES-256-GCM over every block, temporary files included. DuckDB needs OpenSSL from the httpfs extension to write;
it is loaded from its Python package by path, so nothing is fetched.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # loaded where a file is opened
    import duckdb


ALIAS = "version"
MEMORY = "memory"  # what DuckDB calls the database that is not a file
UNITS = "__units"
"""The table of units' names, see `layout`."""


def connect(scratch: Path, memory: str, threads: int = 2) -> duckdb.DuckDBPyConnection:
    """Open an in-memory database that spills, encrypted, into `scratch` and uses at most `memory` (like 2GB)."""
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "temp_directory": str(scratch),
            "temp_file_encryption": True,
            "memory_limit": memory,
            "threads": threads,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
            "preserve_insertion_order": True,
        },
    )
    extension = files("duckdb_extension_httpfs") / "extensions" / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"
    connection.execute(f"LOAD {quoted(str(extension))}")
    return connection


def attach(connection: duckdb.DuckDBPyConnection, path: Path, key: bytes, *, write: bool = False) -> None:
    """Attach the file at `path` as `version` and use it; raises duckdb.Error when the key (32 bytes) is not its own."""
    if len(key) != 32:
        raise ValueError("a data key has 32 bytes")
    options = f"ENCRYPTION_KEY {quoted(base64.b64encode(key).decode())}, ENCRYPTION_CIPHER 'GCM'"
    if not write:
        options += ", READ_ONLY"
    connection.execute(f"ATTACH {quoted(str(path))} AS {ALIAS} ({options})")


def lock(connection: duckdb.DuckDBPyConnection, folders: Iterable[Path] = ()) -> None:
    """Shut the file system but for `folders`, and the settings, for as long as the connection lives."""
    if allowed := ", ".join(quoted(str(folder)) for folder in folders):
        connection.execute(f"SET allowed_directories = [{allowed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def read_table(path: Path, key: bytes, table: str) -> list[dict[str, Any]]:
    """Give all rows of a declared table, decoded, in order of `__unit` and `__ord`, which they hold too: for the
    reference engine and for tests."""
    with TemporaryDirectory() as scratch, connect(Path(scratch), "1GB") as connection:
        attach(connection, path, key)
        result = connection.sql(f'SELECT * FROM {ALIAS}.main."{table}"')  # noqa: S608 – a declared table's name
        place = [name for name in ("__unit", "__ord") if name in result.columns]
        rows = (result.order(", ".join(place)) if place else result).fetchall()
        return [dict(zip(result.columns, row, strict=True)) for row in rows]


def read_names(path: Path, key: bytes) -> dict[int, int]:
    """Give the names of units by their codes, for the reference engine; none of a file that ingest did not write."""
    with TemporaryDirectory() as scratch, connect(Path(scratch), "1GB") as connection:
        attach(connection, path, key)
        if not connection.execute(f"SELECT 1 FROM duckdb_tables() WHERE table_name = '{UNITS}'").fetchall():  # noqa: S608
            return {}
        return dict(connection.sql(f"SELECT code, name FROM {ALIAS}.main.{UNITS}").fetchall())  # noqa: S608


def publish(part: Path, target: Path) -> None:
    """Make the finished `part` the immutable `target`: synced, read-only, renamed, its folder synced."""
    part.chmod(0o400)
    _sync(part)
    part.replace(target)  # an attempt that was interrupted after this point left a file that nothing refers to
    _sync(target.parent)


def quoted(text: str) -> str:
    """Give `text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
