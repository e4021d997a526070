"""A key is believed for a quarter of a second after it was looked up, a refusal never."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

from sandbox.errors import Problem
from sandbox.web.known import FRESH, MOST, Known


def test_S1_a_key_is_looked_up_anew_after_a_quarter_of_a_second() -> None:
    looks: list[str] = []

    def look(name: str) -> Any:
        looks.append(name)
        return name

    kept, at = Known(), [100.0]
    with patch("sandbox.web.known.time.monotonic", lambda: at[0]):
        for moment in (0.0, FRESH / 2, FRESH * 0.99, FRESH, FRESH * 1.5):
            at[0] = 100.0 + moment
            kept.of("Bearer a", lambda: look("a"))
        assert looks == ["a", "a"] and FRESH < 1
        kept.of("Bearer b", lambda: look("b"))
        assert looks[-1] == "b"
        for number in range(MOST + 5):
            kept.of(f"Bearer {number}", lambda: look("x"))
        assert len(kept._held) <= MOST


def test_S1_a_refused_key_is_looked_up_each_time() -> None:
    kept, looks = Known(), list[int]()

    def look() -> Any:
        looks.append(1)
        raise Problem("key_invalid", "revoked")

    for _ in range(3):
        with pytest.raises(Problem):
            kept.of("Bearer a", look)
    assert len(looks) == 3
