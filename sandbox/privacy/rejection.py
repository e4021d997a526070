"""Discrete Gaussian samples where a table would not pay: few of them, or wide ones. Exact, like `sampler`.

**Law** (Canonne, Kamath and Steinke 2020, algorithm 3). Let t be a positive number and Y discrete Laplace,
P(Y = y) ∝ exp(−|y|/t), from `geometric`. Keep Y with probability a = exp(−γ), γ = (|y| − σ²/t)²/2σ². Both exponents
add up to −y²/2σ² − σ²/2t², so what is kept has P(y) ∝ exp(−y²/2σ²). Here t is the power of two with σ ≤ t < 2σ: all σ
share few tables, and more than half of the Y are kept.

**Whether U < a**, for U uniform on [0, 1), by interval arithmetic on integers. With x = min(|y|, 64t) – further out a
is smaller still, and what follows bounds it from above –, X = ⌊2²⁴x/t⌋ and M = ⌊2²⁴σ²/t²⌋, the distance of 2²⁴x/t and
2²⁴σ²/t² lies between d − 1 and d + 1, d = |X − M| ≤ 2³⁰. Its square divided by 2⁴⁸ and multiplied by t²/2σ² ≤ 2, all
rounded outwards, bounds γ: g ≤ 2²⁰γ ≤ g′. A g is taken apart into its whole part and twice ten digits; each has a
table with T ≤ 2³¹exp(−part) < T + 2, and for the product of the three, rounded down twice, L ≤ 2³¹exp(−g/2²⁰) < L + 10:
the first product is short by less than 6 (2 + 2, a little, and 1), the second by less than 6 + 2 + 1 and a little.
With w the first 31 digits of U, w + 1 ≤ L(g′) says U < a, and w ≥ L(g) + 10 says U ≥ a. What that leaves open, one
in 10⁴ or fewer, is settled by `exponential` with as many more digits of U as it takes.

**Work.** 0.1 ms a call and 0.5 µs a sample, whatever σ is. Noise is drawn apart from what it is added to: how many are
rejected depends on random bits alone.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from sandbox.plan.block import SIGMA_UNIT
from sandbox.privacy import geometric
from sandbox.privacy.cumulative import exponential
from sandbox.privacy.sampler import CHUNK, words

NARROWEST = SIGMA_UNIT
"""Below σ = 1 t is no longer less than 2σ."""
_WORD, _SURE = 64, 31
_FINE, _GRAIN, _DIGIT = 24, 20, 10
_FURTHEST = 64
_SHORT = 10
_MORE = 16  # proposals beyond twice as many as samples are wanted
Whole = NDArray[np.int64]


def draw(count: int, sigma: int) -> Whole:
    """Give `count` independent samples of P(k) ∝ exp(−k²/2σ²) with σ = sigma/1024 ≥ 1.

    Raises ValueError for a smaller sigma, OverflowError for a sample beyond 64 bits, and whatever the system raises
    when it has no random bits.
    """
    if sigma < NARROWEST:
        raise ValueError("σ is at least 1")
    found, wanted = [np.zeros(0, np.int64)], count
    while wanted:
        kept = _kept(2 * min(wanted, CHUNK) + _MORE, sigma)[:wanted]
        found.append(kept)
        wanted -= len(kept)
    return np.concatenate(found)


def _kept(count: int, sigma: int) -> Whole:
    """Propose so many samples and give those that are kept."""
    t = 1 << (-(-sigma // SIGMA_UNIT) - 1).bit_length()
    proposed, digits = geometric.draw(count, t * SIGMA_UNIT), words(count)
    surely, perhaps = _chances(np.minimum(np.abs(proposed), _FURTHEST * t).astype(np.int64), sigma, t)
    first = (digits >> np.uint64(_WORD - _SURE)).astype(np.int64)
    keep = first < surely
    for place in np.flatnonzero(~keep & (first < perhaps)):
        keep[place] = _settle(abs(int(proposed[place])), int(digits[place]), sigma, t)
    kept: Whole = proposed[keep].astype(np.int64)
    return kept


def _chances(size: Whole, sigma: int, t: int) -> tuple[Whole, Whole]:
    """Give low ≤ 2³¹a < high for each |y|, as above."""
    moved = _FINE - (t.bit_length() - 1)
    middle = (sigma**2 << _FINE) // (t * SIGMA_UNIT) ** 2
    apart = np.abs((size << moved if moved >= 0 else size >> -moved) - middle)
    factor = (t * SIGMA_UNIT) ** 2 << _GRAIN
    least, most = factor // (2 * sigma**2), -(-factor // (2 * sigma**2))
    near, far = np.maximum(apart - 1, 0) ** 2 >> _FINE, ((apart + 1) ** 2 >> _FINE) + 1
    return _power((far * most >> _FINE) + 1), _power(near * least >> _FINE) + _SHORT


def _power(g: Whole) -> Whole:
    """Give L of each g."""
    whole, coarse, fine = _tables()
    low = (1 << _DIGIT) - 1
    first = whole[np.minimum(g >> _GRAIN, _FURTHEST)] * coarse[g >> _DIGIT & low] >> _SURE
    found: Whole = first * fine[g & low] >> _SURE
    return found


@cache
def _tables() -> tuple[Whole, Whole, Whole]:
    """Give the tables of the whole part, of which the last stands for all beyond, and of the two digits."""
    return (
        np.array([*_powers(1, _FURTHEST), 0], np.int64),
        np.array(_powers(1 << _DIGIT, 1 << _DIGIT), np.int64),
        np.array(_powers(1 << _GRAIN, 1 << _DIGIT), np.int64),
    )


def _powers(parts: int, size: int) -> list[int]:
    """Give T ≤ 2³¹exp(−i/parts) < T + 2 for i < size; raises ArithmeticError if that should not be certain."""
    places = 2 * _WORD
    r_low, r_high = exponential(1, parts, places)
    low = high = 1 << places
    found = []
    for _ in range(size):
        found.append(low >> places - _SURE)
        if high >= found[-1] + 2 << places - _SURE:
            raise ArithmeticError("the powers are not certified")
        low, high = low * r_low >> places, -(-high * r_high >> places)
    return found


def _settle(size: int, digits: int, sigma: int, t: int) -> bool:
    """Say whether U < a for |y| = `size` and a U that begins with these 64 digits."""
    numerator = (size * t * SIGMA_UNIT**2 - sigma**2) ** 2
    denominator = 2 * (SIGMA_UNIT * sigma * t) ** 2
    bits = _WORD
    while numerator:
        low, high = exponential(numerator, denominator, bits)
        if digits < low or digits >= high:
            return digits < low
        digits, bits = digits << _WORD | int(words(1)[0]), bits + _WORD
    return True
