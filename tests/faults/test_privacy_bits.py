"""Without random bits there is no noise, and so no release: never fewer samples, never worse ones."""

from __future__ import annotations

import random

import pytest
from gaussian_reference import Script

from sandbox.privacy import rejection, sampler
from sandbox.privacy.exponential import choose
from sandbox.privacy.laplace import laplace

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
        sampler.draw(1, 1024)
    assert len(script.asked) == call


@pytest.mark.parametrize("call", [0, 1, 2])
def test_a_source_that_gives_less_fails_the_draw(call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script([ONES])
    monkeypatch.setattr(sampler, "urandom", lambda size: script(size)[: None if len(script.asked) != call + 1 else -1])
    with pytest.raises(ValueError):
        sampler.draw(1, 1024)
    assert len(script.asked) == call + 1


@pytest.mark.parametrize("call", [0, 1, 2, 3])
def test_laplace_fails_with_its_source(call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the side, at the highest digit, at the word that settles its tie, at the digit below."""
    script = Script([2**40], [ONES])

    def failing(size: int) -> bytes:
        if len(script.asked) == call:
            raise OSError("no random bits")
        return script(size)

    monkeypatch.setattr(sampler, "urandom", failing)
    with pytest.raises(OSError, match="no random bits"):
        laplace(1, 1000 * 1024)
    assert len(script.asked) == call


@pytest.mark.parametrize("call", range(5))
def test_rejection_fails_with_its_source(call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the sides and digits of what is proposed, at the words that decide, at one more for what is left open."""
    asked: list[int] = []

    def failing(size: int) -> bytes:
        if len(asked) == call:
            raise OSError("no random bits")
        asked.append(size)
        return bytes(size)  # every proposal is 0, every U begins with 0

    monkeypatch.setattr(sampler, "urandom", failing)
    monkeypatch.setattr(rejection, "_chances", lambda size, sigma, t: (0 * size, 0 * size + 1))
    monkeypatch.setattr(rejection, "exponential", lambda numerator, denominator, bits: (0, 1))
    with pytest.raises(OSError, match="no random bits"):
        rejection.draw(1, 40 * 1024)
    assert len(asked) == call


@pytest.mark.parametrize("call", [0, 1])
def test_a_choice_fails_with_its_source(call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the place, and at the word that tells it from the weight: 2³² − 1 of 2³²·exp(−10⁻¹²) is within 1."""
    asked = []

    def failing(size: int) -> bytes:
        asked.append(size)
        if len(asked) > call:
            raise OSError("no random bits")
        return b"\xff" * 4 + bytes(size - 4)  # little-endian: 2³² − 1 of the first of two

    monkeypatch.setattr(random, "_urandom", failing)
    with pytest.raises(OSError, match="no random bits"):
        choose([1, 0], 10**12 * 1024)
    assert len(asked) == call + 1
