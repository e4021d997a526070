"""Fixtures shared by all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chance import TIMES
from databases import empty
from hypothesis import HealthCheck, settings
from longest import in_turn

from sandbox.stores.sql import SqlStore

settings.register_profile("anywhere", deadline=None)  # how long an example takes says how busy the machine is
if TIMES == 1:  # the same examples on every run: what fails is a change, not the day. A nightly run looks for new ones
    settings.register_profile("anywhere", settings.get_profile("anywhere"), derandomize=True, database=None)
settings.load_profile("anywhere")

DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=DATABASES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """An empty control database, once on SQLite and, where a server is named, once on PostgreSQL."""
    with empty(request.param, tmp_path) as made:
        yield made


@pytest.fixture(scope="module", params=DATABASES)
def module_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    """The same for all tests of a module."""
    with empty(request.param, tmp_path_factory.mktemp("store")) as made:
        yield made


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test of random examples `TIMES` as many of them, and let none fail because the machine is slow; put
    the files in the order in which they are handed to workers."""
    turns = in_turn(item.path for item in items)
    items.sort(key=lambda item: turns[item.path])
    for test in {getattr(item, "obj", None) for item in items}:
        own = getattr(test, "_hypothesis_internal_use_settings", None)  # where @settings keeps it
        if own is not None:
            checks = {*own.suppress_health_check, HealthCheck.too_slow}
            test._hypothesis_internal_use_settings = settings(
                own, max_examples=own.max_examples * TIMES, suppress_health_check=checks
            )
