"""How much an outcome speaks for one world: the logarithm of its likelihood there over that in the other, by the law
that the plan claims. Any statistic would be sound; this one makes events that a right mechanism can hardly afford."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sandbox.audit.draws import Drawn
from sandbox.audit.subject import Differing
from sandbox.engines.base import Histogram
from sandbox.plan.block import SIGMA_UNIT, Block, Measurement

Numbers = NDArray[np.float64]


def score(block: Block, cells: Differing, outcomes: Drawn) -> Numbers:
    """Give for each trial what it says for the world with the unit, from the cells that both worlds have."""
    total = np.zeros(len(outcomes.values))
    for place, group in enumerate(outcomes.groups[: len(cells.common)]):
        here, there = cells.present[group], cells.absent[group]
        shown = ~np.isnan(outcomes.values[:, place, 0])
        for number, m in enumerate(block.measurements):
            found = outcomes.values[shown, place, number]
            total[shown] += _of(m, here[number], there[number], found)
        if block.threshold is not None and not shown.all():
            counted = block.threshold.measurement
            ends = [_whole(one[counted]) for one in (here, there)]
            total[~shown] += _withheld(block.measurements[counted], block.threshold.tau, *ends)
    return total


def distance(m: Measurement, one: int | Histogram, other: int | Histogram) -> int:
    """Give how far two exact values, or the scores of two histograms, are apart."""
    if isinstance(one, int) and isinstance(other, int):
        return abs(one - other)
    return int(np.abs(bin_scores(m, one) - bin_scores(m, other)).max())


def bin_scores(m: Measurement, bins: int | Histogram) -> NDArray[np.int64]:
    """Give the score of every bin, by definition: how far the rank lies outside it."""
    assert not isinstance(bins, int)
    rows = np.zeros(m.bins, np.int64)
    for number, count in bins:
        rows[number] = count
    a, b = m.rank
    up_to = np.cumsum(rows)
    found: NDArray[np.int64] = np.maximum(np.maximum(b * (up_to - rows) - a * up_to[-1], a * up_to[-1] - b * up_to), 0)
    return found


def _of(m: Measurement, here: int | Histogram, there: int | Histogram, found: Numbers) -> Numbers:
    """`found` is how far a number lies from what it is without the unit, or the number of a bin."""
    scale = m.sigma / SIGMA_UNIT
    if m.mechanism == "exponential":
        logs = [-bin_scores(m, bins) / scale for bins in (here, there)]
        one, other = (log - log.max() - math.log(np.exp(log - log.max()).sum()) for log in logs)
        ratio: Numbers = (one - other)[found.astype(np.int64)]
        return ratio
    moved = float(_whole(here) - _whole(there))
    if m.mechanism == "laplace":
        near: Numbers = (np.abs(found) - np.abs(found - moved)) / scale
        return near
    return moved / scale * (found / scale)


def _withheld(m: Measurement, tau: int, here: int, there: int) -> float:
    """By the normal law, which is close enough for a statistic."""
    scale = max(m.sigma / SIGMA_UNIT, 1e-9)
    one, other = (math.erfc((units + 0.5 - tau) / scale / math.sqrt(2)) / 2 for units in (here, there))
    return math.log(max(one, 1e-300)) - math.log(max(other, 1e-300))


def _whole(value: int | Histogram) -> int:
    assert isinstance(value, int)
    return value
