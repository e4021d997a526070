"""The fixed list of attack models, and what each says about one leaked cell.

A model is a noise of standard deviation τ (in δ), a number c of colluders who mix their copies cell by cell or average
them, and a share of cells that were edited beyond recognition. Any list gives a valid error bound; a good one finds
more. It is part of the detector's version.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DETECTOR = "1"
NOISES = (0.05, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0, 20.0)
COLLUDERS = (1, 2, 3, 5, 10)
EDITED = (0.01, 0.2)
EDIT_WIDTH = 20.0  # of the Cauchy law of edited cells, in δ: its tails never let one cell decide

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """Observed cells that carry a chip: p, and the distances (in δ) of the leaked value from what chip 1 and chip 0
    make of the cell, through the rounding that the leak shows."""

    p: Reals
    from_high: Reals
    from_low: Reals


def log_ratios(seen: Seen) -> Iterator[tuple[Reals, Reals, Reals]]:
    """Give for each model ln f(z|1)/g(z), ln f(z|0)/g(z) and ln g(z) of every cell; g = p·f(·|1) + (1−p)·f(·|0)."""
    log_p, log_not = np.log(seen.p), np.log1p(-seen.p)
    edit = -np.log(np.pi * EDIT_WIDTH * (1 + ((seen.from_high + seen.from_low) / 2 / EDIT_WIDTH) ** 2))
    for one, zero in _laws(seen):
        for share in EDITED:
            f1 = np.logaddexp(np.log1p(-share) + one, np.log(share) + edit)
            f0 = np.logaddexp(np.log1p(-share) + zero, np.log(share) + edit)
            g = np.logaddexp(log_p + f1, log_not + f0)
            yield f1 - g, f0 - g, g


def _laws(seen: Seen) -> Iterator[tuple[Reals, Reals]]:
    """ln f(z|1) and ln f(z|0) of every untouched cell, for each noise, number of colluders and way of mixing."""
    p, gap = seen.p, seen.from_low - seen.from_high
    for noise in NOISES:
        variance = np.full(len(p), noise**2)
        high, low = _log_normal(seen.from_high, variance), _log_normal(seen.from_low, variance)
        yield high, low
        for c in COLLUDERS[1:]:
            others = (1 - 1 / c) * p  # the cell shows the recipient's own chip with probability 1/c, else another's
            yield _mixed(others + 1 / c, high, low), _mixed(others, high, low)
            spread = variance + p * (1 - p) * gap**2 * (c - 1) / c**2
            centre = seen.from_low - others * gap  # distance from the mean when the recipient's chip is 0
            yield _log_normal(centre - gap / c, spread), _log_normal(centre, spread)


def _mixed(weight: Reals, high: Reals, low: Reals) -> Reals:
    return np.asarray(np.logaddexp(np.log(weight) + high, np.log1p(-weight) + low), np.float64)


def _log_normal(distance: Reals, variance: Reals) -> Reals:
    return np.asarray(-0.5 * (distance**2 / variance + np.log(2 * np.pi * variance)), np.float64)
