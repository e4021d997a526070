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


@contextmanager
def empty(kind: str, folder: Path) -> Iterator[SqlStore]:
    """Give an empty control database of a kind, gone at the end."""
    if kind == "sqlite":
        shutil.copy(_migrated_file(), folder / "control.db")
        with closing(SqlStore(f"sqlite:///{folder / 'control.db'}")) as made:
            yield made
        return
    with postgres_database(_migrated_database()) as url, closing(SqlStore(url)) as made:
        yield made


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
