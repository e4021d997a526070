"""Durations of two worlds, pair by pair: the same question, asked of both within a moment, in an order of chance.

If the world does not matter, each pair is as likely the other way round, whatever else the machine does meanwhile. So
every test here asks only which of a pair is the longer one, and needs no law of the durations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sandbox.audit.bounds import interval

ALARM = 1e-6
"""The probability that the comparisons of a right service say something anywhere."""
ENOUGH = 100
"""Pairs without which too little could be seen."""
DEVIATIONS = 5.5
"""Of a normal statistic: passed by chance, on either side, 4 times in 10⁸."""
RUNG, SHARES = 1.5, (0.5, 0.75, 0.9, 0.97)
"""An answer is late when it takes half again as long as is usual, or is among so many of the longest."""
SIGNS, RANKS, LATE = "durations: which is longer", "durations: by how much", "durations: late answers"
Times = NDArray[np.float64]


@dataclass(frozen=True)
class Finding:
    """A comparison: what was looked at, what was found, and whether it may be."""

    name: str
    found: str
    passed: bool


def durations(here: Sequence[float], there: Sequence[float]) -> Iterator[Finding]:
    """Compare the durations with the unit and without it, aligned, each as a part of what is usual for its question."""
    one, other = np.asarray(here, float), np.asarray(there, float)
    if len(one) < ENOUGH:
        yield from (Finding(name, f"only {len(one)} pairs", False) for name in (SIGNS, RANKS, LATE))
        return
    longer, unlike = int((one > other).sum()), int((one != other).sum())
    yield Finding(SIGNS, f"with the unit in {longer} of {unlike}", _even(longer, unlike, ALARM / 4))
    ranks = signed_ranks(one, other)
    yield Finding(RANKS, f"signed ranks {ranks:+.1f} deviations from even", abs(ranks) < DEVIATIONS)
    odd = [f"beyond {end:.2f} of the usual in {a} against {b}" for end, a, b in late(one, other)]
    yield Finding(LATE, "; ".join(odd) or f"as many in both, {len(one)} pairs", not odd)


def signed_ranks(one: Times, other: Times) -> float:
    """Wilcoxon (1945): the ranks of the differences, each with its sign, in standard deviations."""
    apart = one - other
    apart = apart[apart != 0]
    _, place, count = np.unique(np.abs(apart), return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    spread = math.sqrt(float((rank**2).sum()))
    return float((rank * np.sign(apart)).sum()) / spread if spread else 0.0


def late(one: Times, other: Times) -> Iterator[tuple[float, int, int]]:
    """McNemar (1947), exact: give each duration that one of a pair alone passes too often in one world."""
    for end in (RUNG, *np.quantile(np.concatenate((one, other)), SHARES)):
        alone = int(((one > end) & (other <= end)).sum()), int(((other > end) & (one <= end)).sum())
        if not _even(alone[0], sum(alone), ALARM / (4 * (1 + len(SHARES)))):
            yield float(end), *alone


def _even(hits: int, trials: int, alpha: float) -> bool:
    least, most = interval(hits, max(trials, 1), alpha / 2)
    return trials == 0 or least <= 0.5 <= most


def power(pairs: int, share: float, delay: float, runs: int = 100, seed: int = 0) -> float:
    """Give how often a service is caught that is longer by `delay` with the unit in a `share` of its answers, where the
    usual spread of a duration is 1, a tenth of its middle (by simulation, normal law)."""
    chance, found = np.random.default_rng(seed), 0
    for _ in range(runs):
        one, other = chance.normal(10, 1, (2, pairs)) / 10
        one = one + delay / 10 * (chance.random(pairs) < share)
        found += any(not finding.passed for finding in durations(one.tolist(), other.tolist()))
    return found / runs
