"""Fixtures shared by all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import postgres_database

from sandbox.stores.sql import SqlStore


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """An empty control database, once on SQLite and, where a server is named, once on PostgreSQL."""
    if request.param == "sqlite":
        made = SqlStore(f"sqlite:///{tmp_path / 'control.db'}")
        made.create()
        yield made
        made.close()
    else:
        with postgres_database() as url:
            made = SqlStore(url)
            made.create()
            yield made
            made.close()
