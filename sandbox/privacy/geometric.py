"""Discrete Laplace samples, put together from digits, each drawn by inverting a small table. Exact, like `sampler`.

**Law.** Let q = exp(−1/b) and P(X = k) ∝ q^|k|. The weights of k ≥ 0 add up to 1/(1−q), those of k < 0 to q/(1−q);
on either side they fall by q with every step. So let S be 1 with probability q/(1+q), else 0, and independently G ≥ 0
with P(G = g) = (1−q)·q^g: X = G where S = 0 and −1 − G where S = 1.

**Digits.** Write G = D_0 + B·D_1 + … + B^(n−1)·D_(n−1) + B^n·T with D_i < B. Then q^G is the product of (q^(B^i))^(D_i)
and (q^(B^n))^T: all are independent, P(D_i = d) ∝ (q^(B^i))^d for d < B, and T is geometric with ratio q^(B^n). S is
one more such digit, of base 2 and ratio q. n is chosen so that the table of T stays short; T itself has no end.

**One digit.** `sampler.invert` on G_m = P(digit ≤ m) = (1 − r^(m+1))/(1 − r^base), of T without the divisor, for which
`boundaries` certifies T_m ≤ G_m·2^bits < T_m + 2 by interval arithmetic on integers. A digit below `base` has no entry
for its last value, whose G is 1: behind all entries nothing else is left.

**Work.** n + 2 words and searches a sample: three at b = 1000, two at b ≤ 32. Tables have some thousand entries
whatever b is, so there is no b without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.plan.block import SIGMA_UNIT
from sandbox.privacy.cumulative import exponential
from sandbox.privacy.sampler import CHUNK, Table, invert, tabulate

SETS = 16
BASE = 1 << 10
HIGHEST = 1 << 5
"""Above b = HIGHEST a digit is split off. Below, the table of T has at most 45·HIGHEST entries."""


@dataclass(frozen=True)
class Digit:
    """A whole number ≥ 0, below `base` if there is one, with P(m) ∝ exp(−numerator/scale)^m."""

    numerator: int
    scale: int
    base: int | None

    def boundaries(self, bits: int) -> list[int]:
        """Give T_0 ≤ T_1 ≤ … with T_m ≤ P(digit ≤ m)·2^bits < T_m + 2: base − 1 of them, or up to T = 2^bits − 1.

        Raises ArithmeticError if some interval should turn out too wide: that is checked, not assumed."""
        places = bits + 64 + 2 * self.scale.bit_length()
        one = 1 << places
        r_low, r_high = low, high = exponential(self.numerator, self.scale, places)
        powers = [(low, high)]  # low ≤ r^(m+1)·2^places ≤ high
        while len(powers) < self.base if self.base else high << bits > one:
            low, high = low * r_low >> places, -(-high * r_high >> places)
            powers.append((low, high))
        below, above = (one - high, one - low) if self.base else (one, one)  # around 1 − r^base
        found = []
        for low, high in powers[: self.base - 1 if self.base else None]:
            found.append((one - high << bits) // above)
            if one - low << bits >= (found[-1] + 2) * below:
                raise ArithmeticError("the weights of a digit are not certified")
        return found


def draw(count: int, scale: int) -> NDArray[Any]:
    """Give `count` independent samples of P(k) ∝ exp(−|k|/b) with b = scale/1024.

    They are Python's integers where 64 bits may not do. Raises ValueError for scale < 1, and whatever the system raises
    when it has no random bits.
    """
    if scale < 1:
        raise ValueError("b must be positive")
    chunks = [_chunk(min(CHUNK, count - start), scale) for start in range(0, count, CHUNK)]
    return np.concatenate(chunks) if chunks else np.zeros(0, np.int64)


def _chunk(count: int, scale: int) -> NDArray[Any]:
    side, highest, *lower = (invert(count, table, digit.boundaries) for digit, table in _tables(scale))
    if int(highest.max()) >= (1 << 62) // BASE ** len(lower):
        highest = highest.astype(object)
    for digit in lower:
        highest = highest * BASE + digit
    drawn: NDArray[Any] = highest ^ -side  # −1 − G is G with all bits turned
    return drawn


@lru_cache(maxsize=SETS)
def _tables(scale: int) -> tuple[tuple[Digit, Table], ...]:
    """Give side, T and the digits below it, from the highest, each with its table."""
    digits, numerator = [], SIGMA_UNIT
    while scale > HIGHEST * numerator:
        digits.append(Digit(numerator, scale, BASE))
        numerator *= BASE
    digits += [Digit(numerator, scale, None), Digit(SIGMA_UNIT, scale, 2)]
    return tuple((digit, tabulate(digit.boundaries)) for digit in reversed(digits))
