"""From counts to certainty: bounds on probabilities, and what two of them say about ε and ρ."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_ORDERS: list[float] = (1.0 + np.logspace(-4, 3, 120)).tolist()


def interval(hits: int, trials: int, alpha: float) -> tuple[float, float]:
    """Give the bounds of Clopper and Pearson (1934) on a probability: each fails with probability at most `alpha`."""
    return _least(hits, trials, alpha), 1 - _least(trials - hits, trials, alpha)


def likely(hits: int, trials: int, deviations: float = 6.0) -> tuple[float, float]:
    """Give an interval much like that one, quickly and without proof (Wilson 1927): good enough to choose by."""
    share, spread = hits / trials, deviations**2 / trials
    middle = (share + spread / 2) / (1 + spread)
    half = math.sqrt(spread * (share * (1 - share) + spread / 4)) / (1 + spread)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _least(hits: int, trials: int, alpha: float) -> float:
    """Give the p for which P(at least `hits` of `trials`) = alpha; it is below the truth but with that probability."""
    if hits == 0:
        return 0.0
    low, high = 0.0, hits / trials
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _tail(hits, trials, middle) < alpha else (low, middle)
    return low


def _tail(hits: int, trials: int, p: float) -> float:
    """P(at least `hits`) when each of `trials` is one with probability p."""
    logs = _factorials(trials)
    k = np.arange(hits, trials + 1)
    terms = logs[trials] - logs[k] - logs[trials - k] + k * math.log(p) + (trials - k) * math.log1p(-p)
    return float(np.exp(terms).sum())


@lru_cache(maxsize=16)
def _factorials(most: int) -> NDArray[np.float64]:
    found = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, most + 1)))))
    found.setflags(write=False)
    return found


def epsilon_shown(p: float, q: float, delta: float) -> float:
    """Give the ε below which an event of probability at least p in one world, at most q in the other, is impossible:
    p ≤ e^ε·q + δ."""
    if p - delta <= q:
        return 0.0
    return math.log((p - delta) / q) if q > 0 else math.inf


def rho_shown(p: float, q: float) -> float:
    """Give the ρ below which such an event is impossible.

    Looking at one event loses information, so its two distributions, (p, 1 − p) and (q, 1 − q), are no further apart
    than those of the outcomes: D_α ≤ αρ for every order α > 1, in both directions (Bun and Steinke 2016). For p > q
    their distance grows with p and falls with q, so bounds may stand for both."""
    if p <= q:
        return 0.0
    if q <= 0 or p >= 1:
        return math.inf
    return max(_renyi(order, a, b) / order for order in _ORDERS for a, b in ((p, q), (q, p)))


def _renyi(order: float, p: float, q: float) -> float:
    """Give D_α of two events of one kind."""
    own = order * math.log(p) + (1 - order) * math.log(q)
    other = order * math.log1p(-p) + (1 - order) * math.log1p(-q)
    top = max(own, other)
    return float(top + math.log(math.exp(own - top) + math.exp(other - top))) / (order - 1)
