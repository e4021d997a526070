"""Control databases for tests: copies of one that was migrated once, since migrating takes longer than most tests."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa

from sandbox.stores.sql import SqlStore

POSTGRES = os.environ.get("SANDBOX_TEST_POSTGRES")
ALONE = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""
COLUMNS = """SELECT md5(string_agg(concat_ws(' ', c.relname, c.relkind, a.attname, a.atttypid, a.attnotnull), ','
  ORDER BY c.relname, a.attnum)) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND NOT a.attisdropped AND a.attnum > 0"""
WIPE = """DO $$ DECLARE name text; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
  FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
    EXECUTE format('ALTER SEQUENCE %I RESTART', name);
  END LOOP;
END $$"""


class postgres_database:
    """A database of its own on the server named by SANDBOX_TEST_POSTGRES, dropped at the end; a copy of `template`."""

    def __init__(self, template: str = "template1") -> None:
        self._template = template

    def __enter__(self) -> str:
        if not POSTGRES:
            pytest.skip("PostgreSQL: SANDBOX_TEST_POSTGRES names no server")
        self.name = f"sandbox_test_{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE {self.name} TEMPLATE {self._template}")
        return str(sa.make_url(POSTGRES).set(database=self.name).render_as_string(hide_password=False))

    def __exit__(self, *_: object) -> None:
        self._run(f"DROP DATABASE {self.name} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        engine = sa.create_engine(str(POSTGRES), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(statement))
        engine.dispose()


class _Kept:
    """A migrated database that one test after the other has to itself: to create and drop one takes longer than most
    tests. Ended with this process, or when a test changed its tables."""

    def __init__(self, template: str) -> None:
        self._database = postgres_database(template)
        self.url = self._database.__enter__()
        self._columns = self._ask(COLUMNS)
        atexit.register(self._end)
        self._ended = False

    def wiped(self) -> bool:
        """Take everybody else off and all rows out; give whether it is as it was."""
        if self._ask(COLUMNS) != self._columns:
            self._end()
            return False
        self._ask(WIPE)
        return True

    def _ask(self, statement: str) -> object:
        engine = sa.create_engine(self.url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.execute(sa.text(ALONE))
                found = connection.execute(sa.text(statement))
                return found.scalar() if found.returns_rows else None
        finally:
            engine.dispose()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._database.__exit__()


_FREE: list[_Kept] = []


@contextmanager
def empty(kind: str, folder: Path) -> Iterator[SqlStore]:
    """Give an empty control database of a kind, gone at the end."""
    if kind == "sqlite":
        shutil.copy(_migrated_file(), folder / "control.db")
        with closing(SqlStore(f"sqlite:///{folder / 'control.db'}")) as made:
            yield made
        return
    database = _FREE.pop() if _FREE else _Kept(_migrated_database())
    try:
        with closing(SqlStore(database.url)) as made:
            yield made
    finally:
        if database.wiped():
            _FREE.append(database)


@cache
def _migrated_file() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="sandbox-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = SqlStore(f"sqlite:///{folder / 'control.db'}")
    made.create()
    made.close()
    return folder / "control.db"


@cache
def _migrated_database() -> str:
    template = postgres_database()
    made = SqlStore(template.__enter__())
    atexit.register(template.__exit__)
    made.create()
    made.close()
    return template.name
