"""The whole control database as files, the same from SQLite and PostgreSQL, so that one can be restored as the other.

A file per table, a JSON array per row, in the order of the table's columns. Bytes are base64, decimals and times text.
One reading transaction sees one moment; one writing transaction restores all or nothing."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sandbox.core.store import Store, Transaction
from sandbox.errors import Problem
from sandbox.stores.columns import ExactDecimal, Moment
from sandbox.stores.sql import SqlStore, SqlTransaction
from sandbox.stores.tables import METADATA

PAGE = 500


def dump_database(store: Store, tx: Transaction, folder: Path) -> str:
    """Write every table as `tx` sees it into `folder`; give the schema's version."""
    assert isinstance(store, SqlStore) and isinstance(tx, SqlTransaction)
    folder.mkdir(parents=True)
    for table in METADATA.sorted_tables:
        query = sa.select(table).order_by(*table.primary_key.columns).execution_options(yield_per=PAGE)
        with gzip.open(folder / f"{table.name}.jsonl.gz", "wt", encoding="utf-8", compresslevel=3) as file:
            for row in tx._connection.execute(query):
                file.write(json.dumps([_plain(value) for value in row], ensure_ascii=False) + "\n")
    return str(store.reach())


def fill_database(url: str, folder: Path, version: str) -> None:
    """Make the schema in the empty database at `url` and fill it from `folder`.

    Raises `Problem`: `state_conflict` when the database is not empty, `not_ready` for files of another schema version.
    """
    store = SqlStore(url)
    try:
        _fill(store, folder, version)
    finally:
        store.close()


def _fill(store: SqlStore, folder: Path, version: str) -> None:
    if store.reach() is not None or sa.inspect(store.engine).get_table_names():
        raise Problem("state_conflict", "the control database is not empty; name an empty one")
    store.create()
    if (ours := store.reach()) != version:
        raise Problem("not_ready", f"the backup has schema {version} and this version {ours}: restore with its version")
    with store.write() as tx:
        assert isinstance(tx, SqlTransaction)
        for table in METADATA.sorted_tables:
            readers = [(column.name, _reader(column.type)) for column in table.columns]
            for page in _pages(folder / f"{table.name}.jsonl.gz"):
                tx._connection.execute(table.insert(), [_values(readers, row) for row in page])


def _pages(file: Path) -> Iterator[list[list[Any]]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        page: list[list[Any]] = []
        for line in lines:
            page.append(json.loads(line))
            if len(page) == PAGE:
                yield page
                page = []
        if page:
            yield page


def _values(readers: list[tuple[str, Callable[[Any], Any]]], row: list[Any]) -> dict[str, Any]:
    return {name: None if value is None else read(value) for (name, read), value in zip(readers, row, strict=True)}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


def _reader(kind: sa.types.TypeEngine[Any]) -> Callable[[Any], Any]:
    """Give what makes of a JSON value the value of a column."""
    if isinstance(kind, ExactDecimal):
        return Decimal
    if isinstance(kind, Moment):
        return lambda text: datetime.fromisoformat(text).astimezone(UTC)
    if isinstance(kind, sa.LargeBinary):
        return base64.b64decode
    return date.fromisoformat if isinstance(kind, sa.Date) else lambda value: value
