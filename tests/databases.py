"""PostgreSQL databases for tests."""

from __future__ import annotations

import os
import uuid

import pytest
import sqlalchemy as sa

POSTGRES = os.environ.get("SANDBOX_TEST_POSTGRES")


class postgres_database:
    """A database of its own on the server named by SANDBOX_TEST_POSTGRES, dropped at the end."""

    def __enter__(self) -> str:
        if not POSTGRES:
            pytest.skip("PostgreSQL: SANDBOX_TEST_POSTGRES names no server")
        self.name = f"sandbox_test_{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE {self.name}")
        return str(sa.make_url(POSTGRES).set(database=self.name).render_as_string(hide_password=False))

    def __exit__(self, *_: object) -> None:
        self._run(f"DROP DATABASE {self.name} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        engine = sa.create_engine(str(POSTGRES), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(statement))
        engine.dispose()
