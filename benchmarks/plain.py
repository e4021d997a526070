"""The twins: plain DuckDB on the town as it is, and DuckDB on our own stored data version, without any bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from benchmarks.questions import QUESTIONS, Question
from benchmarks.registered import KEY, Built
from benchmarks.town import Town
from sandbox.engines.duckdb.positions import prepare
from sandbox.engines.files import ALIAS, attach, connect
from sandbox.engines.layout import Layout, TableLayout, read_layout

Ask = Callable[[str], pa.Table]
THREADS, MEMORY = 2, "4GB"


@contextmanager
def raw(town: Town) -> Iterator[Ask]:
    """Ask plain DuckDB of the town's file; answers come as Arrow tables."""
    config: dict[str, str | bool | int | float | list[str]] = {"threads": THREADS, "memory_limit": MEMORY}
    with duckdb.connect(str(town.plain_file), read_only=True, config=config) as connection:
        yield _ask(connection)


@contextmanager
def coded(built: Built, *, encrypted: bool = True) -> Iterator[Ask]:
    """Ask DuckDB, set as our engine sets it, of the stored data version or of an unencrypted copy: texts are those of
    `Question.coded`."""
    path = built.path if encrypted else _copy(built)
    with TemporaryDirectory() as scratch, connect(Path(scratch), MEMORY, THREADS) as connection:
        if encrypted:
            attach(connection, path, KEY)
        else:
            connection.execute(f"ATTACH '{path}' AS {ALIAS} (READ_ONLY)")
        prepare(connection)
        tables = {name: _Names(table) for name, table in _layout(connection).tables.items()}
        ask = _ask(connection)
        yield lambda text: ask(text.format(**tables))


def once(path: str, name: str) -> None:
    """Ask plain DuckDB one question, twice; runs apart, to see its memory."""
    question = next(one for one in QUESTIONS if one.name == name)
    with raw(Town(0, Path(path))) as ask:
        ask(question.plain)
        ask(question.plain)


def exact(ask: Ask, question: Question) -> list[tuple[object, ...]]:
    """Give the exact answer's rows."""
    return list(zip(*(column.to_pylist() for column in ask(question.plain).columns), strict=True))


def _ask(connection: duckdb.DuckDBPyConnection) -> Ask:
    connection.execute("SET enable_progress_bar = false")
    return lambda sql: connection.execute(sql).to_arrow_table()


def _layout(connection: duckdb.DuckDBPyConnection) -> Layout:
    return read_layout(connection)


def _copy(built: Built) -> Path:
    """The data version without encryption, kept beside it."""
    target = built.path.with_suffix(".open")
    if not target.exists():
        part = built.path.with_suffix(".part")
        part.unlink(missing_ok=True)
        with TemporaryDirectory() as scratch, connect(Path(scratch), MEMORY, THREADS) as connection:
            attach(connection, built.path, KEY)
            connection.execute(f"ATTACH '{part}' AS open")
            connection.execute(f"COPY FROM DATABASE {ALIAS} TO open")
            connection.execute("CHECKPOINT open")
        part.rename(target)
    return target


class _Names:
    """Writes `{visits}` as the stored table, `{visits.cost}` as the stored column, `{visits.cost:1000}` as the stored
    form of a constant."""

    def __init__(self, table: TableLayout) -> None:
        self._table = table

    def __format__(self, _: str) -> str:
        return f'{ALIAS}.main."{self._table.base}"'

    def __getattr__(self, name: str) -> _Column:
        return _Column(self._table, name)


class _Column:
    def __init__(self, table: TableLayout, name: str) -> None:
        self._stored = table.column(name)

    def __format__(self, constant: str) -> str:
        return str(self._stored.code(int(constant))) if constant else f'"{self._stored.column}"'
