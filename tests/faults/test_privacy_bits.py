"""Without random bits there is no noise, and so no release: never fewer samples, never worse ones."""

from __future__ import annotations

import pytest
from gaussian_reference import Script

from sandbox.privacy import sampler
from sandbox.privacy.mechanisms import gaussian

ONES = 2**64 - 1


@pytest.mark.parametrize("call", [0, 1, 2])
def test_a_source_that_fails_fails_the_draw(call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the words, at the word that settles a tie, at the signs."""
    script = Script([ONES])

    def failing(size: int) -> bytes:
        if len(script.asked) == call:
            raise OSError("no random bits")
        return script(size)

    monkeypatch.setattr(sampler, "urandom", failing)
    with pytest.raises(OSError, match="no random bits"):
        gaussian(1, 1024)
    assert len(script.asked) == call


@pytest.mark.parametrize("call", [0, 1, 2])
def test_a_source_that_gives_less_fails_the_draw(call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script([ONES])
    monkeypatch.setattr(sampler, "urandom", lambda size: script(size)[: None if len(script.asked) != call + 1 else -1])
    with pytest.raises(ValueError):
        gaussian(1, 1024)
    assert len(script.asked) == call + 1
