"""A year in the life of an instance, with the disclosure held against what happened, on both databases."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import postgres_database

SCRIPT = Path(__file__).parents[2] / "examples" / "year.py"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """How the database of the year is named on the command line."""
    if request.param == "sqlite":
        yield []
        return
    with postgres_database() as url:
        yield ["--database", url]


def test_a_year_is_told_truthfully(database: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, *database], capture_output=True, text=True, timeout=3600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    for event in ("objection", "sold answers on", "withdrew", "grant back", "stopped", "traced to firm 07", "renewed"):
        assert event in done.stdout
    assert "– truly." in done.stdout
