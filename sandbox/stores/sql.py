"""The control database over SQLAlchemy: SQLite (default) or PostgreSQL, one code.

SQLite: WAL, `synchronous=FULL`, a writer takes its lock at BEGIN IMMEDIATE, so a read inside a writing transaction
cannot go stale. PostgreSQL: READ COMMITTED for writers, who lock the rows they decide on (`get(…, lock=True)`), and
REPEATABLE READ for readers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql, sqlite

from sandbox.core.store import Duplicate, R, Record, Stale, Transaction, Unavailable
from sandbox.errors import Problem
from sandbox.stores.tables import METADATA

MIGRATIONS = Path(__file__).with_name("migrations")
WRITING = "sandbox_writing"
INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
"""`ON CONFLICT DO NOTHING` tells a taken key without a savepoint, and the transaction goes on."""


class SqlStore:
    """A `Store` at a database URL, for example `sqlite:////srv/box/sandbox.db` or `postgresql+psycopg://…`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sqlite = url.startswith("sqlite")
        if self.sqlite:
            self.engine = sa.create_engine(url, connect_args={"timeout": 30}, pool_size=20, max_overflow=20)
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)
        else:
            self.engine = sa.create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)

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

    def ping(self) -> None:
        """Raise `Problem(not_ready)` when the database cannot be reached or its schema is another version's."""
        found = self.reach()
        if found != ScriptDirectory.from_config(self._alembic()).get_current_head():
            raise Problem(
                "not_ready", "the control database has another schema version; run `sandbox init` again on it"
            )

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        options = {} if self.sqlite else {"isolation_level": "REPEATABLE READ"}
        with self._transaction(options) as transaction:
            yield transaction

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        with self._transaction({WRITING: True}) as transaction:
            yield transaction

    @contextmanager
    def _transaction(self, options: dict[str, Any]) -> Iterator[Transaction]:
        try:
            with self.engine.connect().execution_options(**options) as connection, connection.begin():
                yield SqlTransaction(connection)
        except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
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
        table, primary = _table(kind)
        query = table.select().where(primary == key)
        row = self._connection.execute(query.with_for_update() if lock else query).first()
        return None if row is None else kind(**row._mapping)

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
        table, primary = _table(kind)
        query = table.select().where(*(_equals(table.c[name], value) for name, value in equal.items()))
        if after is not None:
            query = query.where(primary > after)
        for name in order or (primary.name,):
            query = query.order_by(table.c[name[1:]].desc() if name.startswith("-") else table.c[name])
        return [kind(**row._mapping) for row in self._connection.execute(query.limit(limit))]

    def add(self, record: Record) -> None:
        table, primary = _table(type(record))
        insert = INSERT[self._connection.dialect.name](table).values(**_values(record)).on_conflict_do_nothing()
        if self._connection.execute(insert.returning(primary)).first() is None:
            raise Duplicate(table.name)

    def change(self, record: R, **values: Any) -> R:
        table, primary = _table(type(record))
        held = [
            _equals(table.c[n], getattr(record, n))
            for n in values
            if not isinstance(table.c[n].type, (sa.JSON, sa.LargeBinary))
        ]
        query = table.update().where(primary == getattr(record, primary.name), *held).values(**values)
        if self._connection.execute(query).rowcount != 1:
            raise Stale(table.name)
        return replace(record, **values)

    def remove(self, record: Record) -> None:
        table, primary = _table(type(record))
        self._connection.execute(table.delete().where(primary == getattr(record, primary.name)))


def _table(kind: type[Record]) -> tuple[sa.Table, sa.Column[Any]]:
    table = METADATA.tables[kind.TABLE]
    [primary] = table.primary_key.columns
    return table, primary


def _values(record: Record) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _equals(column: sa.Column[Any], value: Any) -> sa.ColumnElement[bool]:
    if value is None:
        return column.is_(None)
    return column.in_(value) if isinstance(value, (list, tuple, set, frozenset)) else column == value


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin_sqlite`, not guessed by the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(WRITING) else "BEGIN")
