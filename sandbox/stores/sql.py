"""The control database over SQLAlchemy: SQLite (default) or PostgreSQL, one code.

SQLite: WAL, `synchronous=FULL`, a writer takes its lock at BEGIN IMMEDIATE, so a read inside a writing transaction
cannot go stale. PostgreSQL: READ COMMITTED for writers, who lock the rows they decide on (`get(…, lock=True)`), and
REPEATABLE READ for readers.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from sandbox.core.store import Duplicate, R, Record, Stale, Transaction, Unavailable
from sandbox.errors import Problem
from sandbox.stores import statements
from sandbox.stores.prepared import KEPT, prepared

MIGRATIONS = Path(__file__).with_name("migrations")
OTHER = (
    "the control database is of another version of this program; `sandbox upgrade` brings an older one up to this one"
)
UNAVAILABLE = (
    sa.exc.OperationalError,
    sa.exc.InterfaceError,
    sa.exc.TimeoutError,
    sqlite3.OperationalError,
    sqlite3.InterfaceError,
)
PATIENCE = 30.0
BUSY = f"busy_timeout={PATIENCE * 1000:.0f}"
CHECKPOINT = "wal_autocheckpoint=8000"
"""Pages (32 MB) after which a commit carries the log over into the database, for tens of milliseconds."""
WRITING, DURABLE = "sandbox_writing", "sandbox_durable"


class SqlStore:
    """A `Store` at a database URL, for example `sqlite:////srv/box/sandbox.db` or `postgresql+psycopg://…`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sqlite = url.startswith("sqlite")
        if self.sqlite:
            kept = {"timeout": PATIENCE, "cached_statements": KEPT}
            self.engine = sa.create_engine(url, connect_args=kept, pool_size=20, max_overflow=20)
            self._made: type[SqlTransaction] = SqliteTransaction
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)
        else:
            self.engine = sa.create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)
            sa.event.listen(self.engine, "begin", _begin_postgresql)
            self._made = SqlTransaction

    def create(self) -> None:
        """Bring the schema to the newest version."""
        command.upgrade(self._alembic(), "head")

    def reach(self) -> str | None:
        """Give the version of the database's schema, if it has one; raises `Problem(not_ready)` when it is away."""
        try:
            with self.engine.connect() as connection:
                return MigrationContext.configure(connection).get_current_revision()
        except sa.exc.SQLAlchemyError as error:
            said = "the control database cannot be reached; see that it runs and that SANDBOX_DATABASE_URL names it"
            raise Problem("not_ready", said) from error

    def older(self) -> str | None:
        """Give the version of a schema that `create` brings up to the newest one, None where it is that already.

        Raises `Problem(not_ready)` when there is no schema, and when it is one that this program does not know."""
        found, scripts = self.reach(), ScriptDirectory.from_config(self._alembic())
        if found is None:
            raise Problem("not_ready", "the control database is empty; make an instance with `sandbox init`")
        if found not in {script.revision for script in scripts.walk_revisions()}:
            raise Problem("not_ready", "the control database is of a newer version of this program; install that one")
        return None if found == scripts.get_current_head() else found

    def ping(self) -> None:
        """Raise `Problem(not_ready)` when the database cannot be reached or its schema is another version's."""
        found = self.reach()
        if found != ScriptDirectory.from_config(self._alembic()).get_current_head():
            raise Problem("not_ready", OTHER)

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        options = {} if self.sqlite else {"isolation_level": "REPEATABLE READ"}
        with self._transaction(options) as transaction:
            yield transaction

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Transaction]:
        with self._transaction({WRITING: True, DURABLE: durable}) as transaction:
            yield transaction

    @contextmanager
    def _transaction(self, options: dict[str, Any]) -> Iterator[Transaction]:
        try:
            with self.engine.connect().execution_options(**options) as connection, connection.begin():
                yield self._made(connection)
        except UNAVAILABLE as error:
            raise Unavailable from error

    def _alembic(self) -> Config:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["engine"] = self.engine
        return config


class SqlTransaction:
    """One transaction; see the port for what its methods promise."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def get(self, kind: type[R], key: str, *, lock: bool = False) -> R | None:
        rows = self._rows(statements.select_one(kind, lock), {statements.KEY: key}, statements.columns_of(kind))
        return kind(*rows[0]) if rows else None

    def find(
        self,
        kind: type[R],
        /,
        *,
        order: Sequence[str] = (),
        limit: int | None = None,
        after: str | None = None,
        **equal: Any,
    ) -> list[R]:
        query = statements.select_many(
            kind, statements.shape(equal), tuple(order), limited=limit is not None, after=after is not None
        )
        given = statements.compared(equal)
        if limit is not None:
            given[statements.LIMIT] = limit
        if after is not None:
            given[statements.AFTER] = after
        return [kind(*row) for row in self._rows(query, given, statements.columns_of(kind))]

    def keys(self, kind: type[R], /, **equal: Any) -> list[str]:
        query = statements.select_keys(kind, statements.shape(equal))
        return [key for (key,) in self._rows(query, statements.compared(equal), (statements.table_of(kind)[1],))]

    def totals(
        self, kind: type[Record], /, *, by: Sequence[str], sums: Sequence[str] = (), **equal: Any
    ) -> list[tuple[Any, ...]]:
        query = statements.select_totals(kind, tuple(by), tuple(sums), statements.shape(equal))
        width = len(by)
        found = self._connection.execute(query, statements.compared(equal))
        return [(*row[:width], *map(int, row[width:])) for row in found]  # PostgreSQL's sums are decimals

    def add(self, record: Record) -> None:
        self.add_all([record])

    def add_all(self, records: Sequence[Record]) -> None:
        kind = type(records[0])
        insert = statements.insert(kind, self._connection.dialect.name)
        if self._count(insert, [_values(record) for record in records]) != len(records):
            raise Duplicate(kind.TABLE)

    def change(self, record: R, **values: Any) -> R:
        kind, table = type(record), record.TABLE
        held = {name: getattr(record, name) for name in values if statements.comparable(kind, name)}
        query = statements.update(kind, tuple(values), statements.shape(held))
        given = statements.compared(held) | statements.written(values) | _key(record)
        if self._count(query, [given]) != 1:
            raise Stale(table)
        return replace(record, **values)

    def change_each(self, records: Sequence[R], name: str, values: Sequence[Any]) -> None:
        kind, held = type(records[0]), [{name: getattr(record, name)} for record in records]
        query = statements.update(kind, (name,), statements.shape(held[0]))
        given = [
            statements.compared(one) | statements.written({name: value}) | _key(record)
            for record, one, value in zip(records, held, values, strict=True)
        ]
        if self._count(query, given) != len(records):
            raise Stale(kind.TABLE)

    def remove(self, record: Record) -> None:
        self._count(statements.delete(type(record)), [_key(record)])

    def _rows(
        self, query: sa.Select[Any], given: Mapping[str, Any], columns: tuple[sa.Column[Any], ...]
    ) -> Sequence[Sequence[Any]]:
        return self._connection.execute(query, given).all()

    def _count(self, statement: Any, given: Sequence[Mapping[str, Any]]) -> int:
        """Run a statement for each of `given`; give how many rows it wrote."""
        statement = statement.execution_options(preserve_rowcount=True)
        return self._connection.execute(statement, given).rowcount


class SqliteTransaction(SqlTransaction):
    """The same, with statements that are prepared once."""

    def __init__(self, connection: sa.Connection) -> None:
        super().__init__(connection)
        self._driver: Any = connection.connection.driver_connection

    def _rows(
        self, query: sa.Select[Any], given: Mapping[str, Any], columns: tuple[sa.Column[Any], ...]
    ) -> Sequence[Sequence[Any]]:
        return prepared(query, columns).rows(self._driver, given)

    def _count(self, statement: Any, given: Sequence[Mapping[str, Any]]) -> int:
        return prepared(statement).count(self._driver, given)


def _key(record: Record) -> dict[str, Any]:
    _, primary = statements.table_of(type(record))
    return {statements.KEY: getattr(record, primary.name)}


def _values(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin_sqlite`, not guessed by the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", BUSY, CHECKPOINT):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    if options.get(WRITING):
        wanted = "FULL" if options.get(DURABLE, True) else "NORMAL"
        if connection.info.setdefault(DURABLE, "FULL") != wanted:  # what the connection was left with
            connection.exec_driver_sql(f"PRAGMA synchronous={wanted}")
            connection.info[DURABLE] = wanted
    _take_turn(connection.connection.driver_connection) if options.get(WRITING) else connection.exec_driver_sql("BEGIN")


def _take_turn(driver: Any) -> None:
    """Begin to write. SQLite looks whether it may at ever longer intervals, up to 100 ms: who waits long would lose
    against who comes late. So it is asked anew each millisecond. Raises `sqlite3.OperationalError` in the end."""
    until = time.monotonic() + PATIENCE
    driver.execute("PRAGMA busy_timeout=1")
    try:
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > until:
                    raise
    finally:
        driver.execute(f"PRAGMA {BUSY}")


def _begin_postgresql(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    if options.get(WRITING) and not options.get(DURABLE, True):
        connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")
