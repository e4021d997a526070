"""Tests of chance: code that is right fails one with probability at most 1e-8."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

TIMES = int(os.environ.get("SANDBOX_EXAMPLES", "1"))
"""How many times as many random examples as usual are tried: see `make nightly`."""
DEVIATIONS = 5.7
"""A two-sided normal bound at 1e-8."""


def quantile(freedom: int) -> float:
    """What chi-square exceeds with probability 1e-9, by Wilson and Hilferty; the rest is for the approximation."""
    return freedom * (1 - 2 / (9 * freedom) + 6.0 * math.sqrt(2 / (9 * freedom))) ** 3


def likely(seen: int, mean: float) -> bool:
    """Say whether so many rare events are no surprise: Poisson's law has no more with a probability below 1e-9."""
    below = math.fsum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(seen))
    return 1 - below >= 1e-9


def fits(drawn: Sequence[int], law: Mapping[int, float]) -> bool:
    """Pearson's test against a law; cells expected below 10 are put together. Where they are still few, they are
    counted apart: one sample that is expected once in a thousand runs must not decide."""
    counts, n = Counter(drawn), len(drawn)
    shares = {k: p for k, p in law.items() if p * n >= 10}
    rest = max(1 - math.fsum(shares.values()), 1e-12) * n
    observed = [counts[k] for k in shares] + [n - sum(counts[k] for k in shares)]
    expected = [p * n for p in shares.values()] + [rest]
    if rest < 10 and not likely(observed.pop(), expected.pop()):
        return False
    statistic = sum((o - e) ** 2 / e for o, e in zip(observed, expected, strict=True))
    return statistic <= quantile(max(len(expected) - 1, 1))


def alike(ours: list[int], theirs: list[int], cells: int = 60) -> bool:
    """Chi-square of two samples of one size, in cells that hold equal shares of the two together."""
    edges = np.unique(np.quantile(ours + theirs, np.linspace(0, 1, cells + 1)[1:-1]))
    left, right = (np.bincount(np.searchsorted(edges, samples), minlength=len(edges) + 1) for samples in (ours, theirs))
    both = left + right
    kept = both > 0
    return bool(np.sum((left - right)[kept] ** 2 / both[kept]) <= quantile(int(kept.sum()) - 1))
