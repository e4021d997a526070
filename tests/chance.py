"""Tests of chance: code that is right fails one with probability at most 1e-6."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

DEVIATIONS = 5.7
"""A two-sided normal bound at 1e-8."""


def quantile(freedom: int) -> float:
    """What chi-square exceeds with probability 1e-6, by Wilson and Hilferty."""
    return freedom * (1 - 2 / (9 * freedom) + 4.76 * math.sqrt(2 / (9 * freedom))) ** 3


def fits(drawn: Sequence[int], law: Mapping[int, float]) -> bool:
    """Pearson's test against a law; cells expected below 10 are put together."""
    counts, n = Counter(drawn), len(drawn)
    shares = {k: p for k, p in law.items() if p * n >= 10}
    rest = 1 - math.fsum(shares.values())
    observed = [counts[k] for k in shares] + [n - sum(counts[k] for k in shares)]
    expected = [p * n for p in shares.values()] + [max(rest * n, 1e-9)]
    statistic = sum((o - e) ** 2 / e for o, e in zip(observed, expected, strict=True))
    return statistic <= quantile(max(len(expected) - 1, 1))


def alike(ours: list[int], theirs: list[int], cells: int = 60) -> bool:
    """Chi-square of two samples of one size, in cells that hold equal shares of the two together."""
    edges = np.unique(np.quantile(ours + theirs, np.linspace(0, 1, cells + 1)[1:-1]))
    left, right = (np.bincount(np.searchsorted(edges, samples), minlength=len(edges) + 1) for samples in (ours, theirs))
    both = left + right
    kept = both > 0
    return bool(np.sum((left - right)[kept] ** 2 / both[kept]) <= quantile(int(kept.sum()) - 1))
