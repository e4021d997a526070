"""The exponential mechanism on integer scores, exactly: index i with probability ∝ exp(−score_i/t), t = sigma/1024.

**Privacy.** Let Δ be the most by which one unit changes any score. Between neighbours the logarithm of a probability
changes by at most Δ/t through its own score and Δ/t through the sum of all weights: ε = 2Δ/t (McSherry and Talwar
2007). The second part is common to all indices, so the changes lie in a range of ε: the mechanism is ε-bounded range
(Dong, Durfee and Rogers 2020), and that is ε²/8-zCDP (Cesar and Rogers 2021), here ρ = Δ²/2t². Draws add up: with G
groups touched, ρ = G·Δ²/2t².

**Law.** Let d_i = score_i − the least score, w_i = exp(−d_i/t) and u_i ≥ w_i·2^p a whole number, from a table rounded
up. Index i owns a stretch of length u_i of [0, U), U = Σu_i. Draw R uniform on [0, U); take i if R lies in the first
w_i·2^p of the stretch of i, else begin again with a new R. Each attempt takes i with probability w_i·2^p/U, so what is
taken at last has P(i) = w_i/Σw. The u_i decide how often it is begun again, never what comes out.

**Digits as needed.** ⌊R⌋ is a uniform whole number below U, found in the cumulative sums; further digits of R are drawn
only while R's place in the stretch and w_i·2^p have not been told apart; `cumulative.exponential` bounds the latter as
closely as one likes. No float and no generator takes part: whole numbers and the system's random bits.

**Work.** What is done for every index are a few vector operations; one exponential is computed, that of the index
proposed. Neighbours of one score are given as a run of length n: it owns n·u_i, and R tells which of the n. Where
w_i·2^p ≤ 1, u_i is 1, however far out: the score itself matters only when i is proposed. U is at most
e^(1/64)·Σw·2^p + the number of indices, which is at most a quarter of 2^p and mostly next to nothing: R fits at the
first attempt 98 times in 100, always 3 in 4. Time depends on that, on sizes and on random bits. Like all that is done
before an answer, this is covered by its deadline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import chain
from operator import index
from secrets import randbelow, randbits

import numpy as np
from numpy.typing import NDArray

from sandbox.plan.block import SIGMA_UNIT
from sandbox.privacy.cumulative import exponential
from sandbox.privacy.histogram import Histogram, Whole

TABLES = 64
_PLACES = 32
_GUARD = 32
_WORD = 64


def choose(scores: Sequence[int] | NDArray[np.int64], sigma: int) -> int:
    """Give index i with probability ∝ exp(−scores[i]/t), t = sigma/1024, for scores ≥ 0 of any size.

    Raises ValueError without scores, for a negative one or sigma < 1, and whatever the system raises when it has no
    random bits.
    """
    exact = _whole(scores, len(scores))
    if not len(exact) or exact.min() < 0:
        raise ValueError("there must be scores, none of them negative")
    weights = _weights(len(exact), sigma)
    return _draw(exact, np.ones(len(exact), np.int64), weights, lambda run, _: int(exact[run]))[0]


def quantile(
    bins: Sequence[tuple[int, int]] | NDArray[np.int64], count_of_bins: int, rank: tuple[int, int], sigma: int
) -> int:
    """Give a bin near the rank a/b of a histogram: one of 0 … count_of_bins − 1, with probability ∝ exp(−score/t).

    `bins` are (number, rows in it), rising, as pairs or as an array of two columns; those left out are empty. The score
    is how far the rank a/b of all A rows lies outside the bin, in rows times b: the larger of b·below − a·A,
    a·A − b·up_to and 0, with `below` rows in lower bins and `up_to` in these and the bin. A row more moves each of the
    first two by b−a or by a: one unit with at most R rows changes the score by at most
    Δ = R·max(a, b−a). Work grows with `bins`, not with `count_of_bins`.

    Raises ValueError when the arguments are no histogram, no rank or sigma < 1, and whatever the system raises when it
    has no random bits.
    """
    flat = bins.ravel() if isinstance(bins, np.ndarray) else chain.from_iterable(bins)
    pairs = _whole(flat, 2 * len(bins)).reshape(-1, 2)
    histogram = Histogram(pairs[:, 0], pairs[:, 1], count_of_bins, rank)
    weights = _weights(count_of_bins, sigma)
    starts, lengths, scores = histogram.near(weights.reach)
    run, offset = _draw(scores, lengths, weights, lambda run, offset: histogram.distance(int(starts[run]) + offset))
    return int(starts[run]) + offset


class Weights:
    """Upper bounds u of exp(−d/t)·2^places for every d ≥ 0: u = `bounds`[d >> `shift`], 1 from d = `reach` on.

    One step of 2^shift is at most t/64, but for t < 64, where it is 1; there are at most 90·places bounds."""

    def __init__(self, sigma: int, places: int) -> None:
        self.sigma, self.places = sigma, places
        self.shift = max(sigma.bit_length() - 17, 0)
        _, ratio = exponential(SIGMA_UNIT << self.shift, sigma, places + _GUARD)
        weight, bounds = 1 << places + _GUARD, [1 << places]
        while bounds[-1] > 1:
            weight = -(-weight * ratio >> places + _GUARD)
            bounds.append(-(-weight >> _GUARD))
        small = 2 * places <= 64  # the number of indices is below 2^(places − 2), hence U below 2^(2·places − 2)
        self.bounds: Whole = np.array(bounds, np.int64 if small else object)
        self.bounds.setflags(write=False)
        self.reach = len(bounds) - 1 << self.shift

    def of(self, distances: Whole) -> Whole:
        """Give u of each distance ≥ 0."""
        steps = np.minimum(distances >> self.shift, len(self.bounds) - 1)
        found: Whole = self.bounds[steps.astype(np.int64)]
        return found

    def holds(self, place: int, distance: int) -> bool:
        """Draw V uniform on [0, 1) as far as needed, and say whether place + V < exp(−distance/t)·2^places."""
        places = self.places
        while True:
            low, high = exponential(distance * SIGMA_UNIT, self.sigma, places + _GUARD)
            if place + 1 << _GUARD <= low:
                return True
            if place << _GUARD >= high:
                return False
            place, places = place << _WORD | randbits(_WORD), places + _WORD


def _weights(size: int, sigma: int) -> Weights:
    """Give the weights for `size` indices: 32 places, more where the indices themselves are more."""
    if sigma < 1:
        raise ValueError("sigma must be positive")
    return _kept(sigma, max(_PLACES, size.bit_length() + 2))


_kept = lru_cache(maxsize=TABLES)(Weights)


def _draw(scores: Whole, lengths: Whole, weights: Weights, score: Callable[[int, int], int]) -> tuple[int, int]:
    """Give (run, which of its indices). `score` gives the score of such a one, `scores` bounds it from below by run."""
    least = int(scores.min())
    widths = weights.of(scores - least)
    ends = np.cumsum(lengths * widths)
    while True:
        place = randbelow(int(ends[-1]))
        run = int(np.searchsorted(ends, place, side="right"))
        width = int(widths[run])
        offset, rest = divmod(place - int(ends[run]) + int(lengths[run]) * width, width)
        if weights.holds(rest, score(run, offset) - least):
            return run, offset


def _whole(numbers: Iterable[int], count: int) -> Whole:
    """Give `count` whole numbers as an array. Raises TypeError for what is none."""
    if isinstance(numbers, np.ndarray) and numbers.dtype == np.int64:
        return numbers
    exact = list(map(index, numbers))
    try:
        return np.fromiter(exact, np.int64, count)
    except OverflowError:
        return np.array(exact, object)
