"""Digits have exactly their law, and together they have Laplace's."""

from __future__ import annotations

import math
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from gaussian_reference import Script, wide

from sandbox.privacy import cumulative, geometric, sampler
from sandbox.privacy.geometric import Digit

ONES = 2**64 - 1
TINY = 3  # bits of a word
DIGITS = [
    Digit(1024, 1, None),
    Digit(1024, 1024, None),
    Digit(1024, 3 * 1024, None),
    Digit(1024, 300, 2),
    Digit(1024, 10**6, 2),
    Digit(1024, 5000, 7),
    Digit(1024, 30 * 1024, None),
    Digit(1024, 1000 * 1024, 1024),
    Digit(1024 * 1024**5, 1024 * 2**54, 1024),
]


class RanOut(Exception):
    """The scripted bits are used up: the prefix does not decide."""


def share(digit: Digit, m: int) -> Decimal:
    """P(digit ≤ m), from the definition."""
    context = wide()

    def power(n: int) -> Decimal:
        return context.exp(context.divide(-digit.numerator * n, digit.scale))

    whole = context.subtract(1, power(digit.base)) if digit.base else Decimal(1)
    return context.divide(context.subtract(1, power(m + 1)), whole)


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize("bits", [1, 3, 64, 128])
def test_every_bound_encloses_the_definition(digit: Digit, bits: int) -> None:
    bounds = digit.boundaries(bits)
    for m, low in enumerate(bounds):
        assert low <= wide().multiply(share(digit, m), 2**bits) < low + 2
    assert len(bounds) == digit.base - 1 if digit.base else bounds[-1] == 2**bits - 1


def test_a_width_beyond_the_last_bit_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def coarse(numerator: int, denominator: int, places: int) -> tuple[int, int]:
        low, high = cumulative.exponential(numerator, denominator, 70)
        return (low - 1) << places - 70, (high + 1) << places - 70

    monkeypatch.setattr(geometric, "exponential", coarse)
    for base in (None, 1024):
        with pytest.raises(ArithmeticError, match="not certified"):
            Digit(1024, 1000 * 1024, base).boundaries(64)


def law(digit: Digit, depth: int, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[int, Fraction], Fraction]:
    """Walk the whole tree of words down to `depth`: the probability that each value is decided, and of none."""
    monkeypatch.setattr(sampler, "_WORD", TINY)
    decided: dict[int, Fraction] = defaultdict(Fraction)
    open_, waiting = Fraction(0), [()]
    table = sampler.tabulate(digit.boundaries)
    while waiting:
        prefix = waiting.pop()
        script = list(prefix)

        def words(count: int, script: list[int] = script) -> np.ndarray:
            if not script:
                raise RanOut
            return np.array([script.pop(0)], np.uint64)

        monkeypatch.setattr(sampler, "words", words)
        try:
            (value,) = sampler.invert(1, table, digit.boundaries).tolist()
        except RanOut:
            if len(prefix) < depth:
                waiting += [(*prefix, word) for word in range(2**TINY)]
            else:
                open_ += Fraction(1, 2 ** (TINY * depth))
            continue
        assert not script, "more bits were drawn than needed to decide"
        decided[value] += Fraction(1, 2 ** (TINY * len(prefix)))
    return decided, open_


@pytest.mark.parametrize("digit", DIGITS[:6])
def test_the_tree_of_bits_has_exactly_the_law(digit: Digit, monkeypatch: pytest.MonkeyPatch) -> None:
    decided, open_ = law(digit, 7, monkeypatch)
    assert sum(decided.values()) + open_ == 1
    assert open_ < Fraction(1, 500)
    error = Fraction(1, 10**200)
    for m in range(max(decided) + 2):
        probability = Fraction(share(digit, m)) - (Fraction(share(digit, m - 1)) if m else 0)
        if digit.base and m >= digit.base:
            assert m not in decided
        else:
            assert decided[m] - error <= probability <= decided[m] + open_ + error


@pytest.mark.parametrize(("base", "highest", "scale"), [(3, 1, 4000), (2, 1, 9000), (1024, 32, 700), (5, 2, 40_000)])
def test_digits_make_up_the_law(base: int, highest: int, scale: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """All combinations of digits, each with its probability: P(k) is that of the definition."""
    monkeypatch.setattr(geometric, "BASE", base)
    monkeypatch.setattr(geometric, "HIGHEST", highest)
    digits = [digit for digit, _ in geometric._tables.__wrapped__(scale)]
    assert digits[0].base == 2 and digits[1].base is None
    values = [range(digit.base or 4) for digit in digits]
    context = wide()
    found: dict[int, Decimal] = defaultdict(Decimal)
    for drawn in product(*values):
        script = iter(drawn)
        monkeypatch.setattr(geometric, "invert", lambda count, *_, script=script: np.array([next(script)]))
        (sample,) = geometric.draw(1, scale).tolist()
        probability = Decimal(1)
        for digit, m in zip(digits, drawn, strict=True):
            below = share(digit, m - 1) if m else Decimal(0)
            probability = context.multiply(probability, context.subtract(share(digit, m), below))
        found[sample] = context.add(found[sample], probability)
    reach = 4 * base ** (len(digits) - 2)
    assert sorted(found) == list(range(-reach, reach))
    q = context.exp(context.divide(-1024, scale))
    middle = context.divide(context.subtract(1, q), context.add(1, q))
    for k, probability in found.items():
        truth = context.multiply(middle, context.power(q, abs(k)))
        assert abs(context.subtract(truth, probability)) < Decimal("1e-195")


@pytest.mark.parametrize("side", [1 << 20, ONES])
def test_the_tail_goes_on_behind_the_table(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """U = 1 − 4.5·2^−128, so T is about ln(2^128/4.5)·b."""
    bits = Script([side], [ONES, ONES - 4], 2**63)
    monkeypatch.setattr(sampler, "urandom", bits)
    (sample,) = geometric.draw(1, 10 * 1024).tolist()
    reached = 10 * math.log(2**128 / 4.5)
    assert abs((sample if side != ONES else -1 - sample) - reached) <= 2


def test_samples_beyond_64_bits_do_not_wrap(monkeypatch: pytest.MonkeyPatch) -> None:
    scale = 1024 << 55
    digits = len(geometric._tables(scale))
    drawn = iter([1, 2**30] + [1023] * (digits - 2))
    monkeypatch.setattr(geometric, "invert", lambda count, *_: np.array([next(drawn)]))
    assert geometric.draw(1, scale).tolist() == [-((2**30 + 1) * 1024 ** (digits - 2))]


def test_chunks_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geometric, "CHUNK", 100)
    for count in (0, 1, 99, 100, 101, 1234):
        drawn = geometric.draw(count, 50 * 1024)
        assert len(drawn) == count
        assert drawn.dtype == np.int64


def test_no_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        geometric.draw(1, 0)
