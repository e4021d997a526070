"""Samples by rejection: every decision is that of exact arithmetic. Their law is in tests/statistical."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from gaussian_reference import Script, wide

from sandbox.privacy import rejection, sampler
from sandbox.privacy.mechanisms import SIGMA_LIMIT

SIGMAS = [1024, 1025, 2047, 2048, 2049, 31 * 1024 + 7, 1000 * 1024, 2**24 + 1, 2**34, 5 * 2**40, SIGMA_LIMIT]


def power_of_two(sigma: int) -> int:
    """The t of a σ."""
    t = 1
    while t * 1024 < sigma:
        t *= 2
    return t


def chance(size: int, sigma: int) -> Decimal:
    """a = exp(−(|y| − σ²/t)²/2σ²), with 180 digits."""
    scale, t = Fraction(sigma, 1024), power_of_two(sigma)
    exponent = (size - scale**2 / t) ** 2 / (2 * scale**2)
    context = wide(180)
    return context.exp(context.divide(-exponent.numerator, exponent.denominator))


@pytest.mark.parametrize("sigma", SIGMAS)
def test_the_bounds_of_a_chance_hold_and_are_close(sigma: int) -> None:
    t, drawn = power_of_two(sigma), random.Random(sigma)
    near = [max(sigma**2 // (1024**2 * t) + away, 0) for away in (-1, 0, 1)]
    sizes = [0, 1, *near, t, 5 * t, 6 * t + 1, 63 * t, 64 * t, *(drawn.randrange(8 * t) for _ in range(300))]
    low, high = rejection._chances(np.array(sizes, np.int64), sigma, t)
    for size, least, most in zip(sizes, low.tolist(), high.tolist(), strict=True):
        true = chance(size, sigma) * 2**31
        assert least <= true < most, size
        assert most - least <= 2**31 // 2**12


def test_every_entry_of_the_tables_is_right() -> None:
    context = wide(60)
    for table, parts in zip(rejection._tables(), (1, 2**10, 2**20), strict=True):
        for place, entry in enumerate(table.tolist()):
            true = context.exp(context.divide(Decimal(-place), parts)) * 2**31
            assert entry <= true < entry + 2


@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize("words", [1, 2, 3])
def test_further_digits_decide(sigma: int, words: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """U that agrees with a in all digits but the last of so many words; only zeros follow."""
    size, bits = 3 * power_of_two(sigma), 64 * words
    digits = int(wide(180).multiply(chance(size, sigma), 2**bits))
    for last, kept in ((digits - 1, True), (digits + 1, False)):
        drawn = [last >> bits - 64 * (place + 1) & 2**64 - 1 for place in range(words)]
        monkeypatch.setattr(sampler, "urandom", Script(drawn[1:2], drawn[2:]))
        assert rejection._settle(size, drawn[0], sigma, power_of_two(sigma)) is kept


@pytest.mark.parametrize("sigma", SIGMAS[:-1])
def test_what_the_bounds_decide_is_what_exact_arithmetic_decides(sigma: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn() -> list[int]:
        monkeypatch.setattr(sampler, "urandom", random.Random(sigma).randbytes)
        found: list[int] = rejection.draw(300, sigma).tolist()
        return found

    soon = drawn()
    monkeypatch.setattr(rejection, "_chances", lambda size, sigma, t: (0 * size, 0 * size + 2**31))
    assert drawn() == soon and len(set(soon)) > 3


@pytest.mark.parametrize("count", [0, 1, 17, sampler.CHUNK + 1])
def test_as_many_samples_as_are_asked_for(count: int) -> None:
    drawn = rejection.draw(count, 2048)
    assert len(drawn) == count and drawn.dtype == np.int64


def test_a_narrow_one_has_a_table() -> None:
    with pytest.raises(ValueError, match="σ"):
        rejection.draw(1, 1023)
