"""One real service for all functional tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.cli.demo.running import Instance


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    """A running instance of its own."""
    with Instance() as running:
        yield running
