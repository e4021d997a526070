"""Cells of a CSV file as `sandbox predict` sends them."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.cli.models import _read


@pytest.mark.parametrize(
    ("cell", "sent"),
    [
        ("7", 7), ("7.50", 7.5), ("1e2", 100), ("True", True), ("", None), (None, None), ("gold", "gold"),
        ("Infinity", "Infinity"), ("nan", "nan"), ("1e999999999", "1e999999999"),
    ],
)  # fmt: skip
def test_a_cell_is_a_number_where_it_is_one_that_can_be(cell: str | None, sent: Any) -> None:
    found = _read(cell)
    assert found == sent and type(found) is type(sent)
