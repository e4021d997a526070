"""Attacks on marks, simulated cell by cell in units of δ: how many cells a leak must show until a colluder is named.

Fixed seeds. Chips, attacks and noise are numpy's; laws, mixture and bar are those of the detector.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watermarking.chips import ONE, thresholds
from watermarking.models import MODELS, Seen, laws
from watermarking.score import LOG10_ALPHA, gains_of

RECIPIENTS = 10_000
BAR = math.log(RECIPIENTS) - LOG10_ALPHA * math.log(10)
KEPT, LOOKED = 48, 1_000  # models that go on after a look at so many cells: the others' share of E is left out
POINTS = 120  # prefixes at which a leak is scored

Reals = NDArray[np.float64]
Bits = NDArray[np.bool_]
Attack = Callable[[Reals, np.random.Generator], Reals]


@dataclass(frozen=True)
class Trial:
    """What `colluders` copies become: mixed as `attack` says, then noise (in δ), then rounding to `grid` (in δ)."""

    colluders: int = 1
    attack: str = "mix"
    noise: float = 0.0
    grid: float = 0.0


def bias(arcsine: bool, cells: int, seed: int) -> Reals:
    """Give p of each cell as the design draws it."""
    return thresholds(seed.to_bytes(32, "big"), cells, arcsine).astype(np.float64) / ONE


def attacked(name: str, marks: Reals, chance: np.random.Generator) -> Reals:
    """Give what colluders make of their marks (±1, colluders × cells)."""
    count, cells = marks.shape
    low, high, mean = marks.min(axis=0), marks.max(axis=0), marks.mean(axis=0)
    coin = np.where(chance.random(cells) < 0.5, 1.0, -1.0)
    majority = np.where(mean == 0, coin, np.sign(mean))
    match name:
        case "average":
            return mean
        case "mix":
            return marks[chance.integers(0, count, cells), np.arange(cells)]
        case "median":
            return np.median(marks, axis=0)
        case "lowest":
            return low
        case "highest":
            return high
        case "random extreme":
            return np.where(coin > 0, low, high)
        case "majority":
            return majority
        case "minority":
            return np.where(low == high, low, -majority)
        case "middle":
            return (low + high) / 2
    raise ValueError(name)


NINE = ("average", "mix", "median", "lowest", "highest", "random extreme", "majority", "minority", "middle")


def curve(trial: Trial, arcsine: bool, cells: int, seed: int) -> Reals:
    """Give the highest ln E of the colluders when the leak shows the first i/`POINTS` of `cells`, for each i."""
    chance = np.random.default_rng(seed)
    p = bias(arcsine, cells, seed)
    chips: Bits = chance.random((trial.colluders, cells)) < p
    left = attacked(trial.attack, 2.0 * chips - 1, chance)
    if trial.noise:
        left = left + chance.normal(0, trial.noise, cells)
    high, low = left - 1, left + 1
    if trial.grid:
        grid, x = trial.grid, chance.uniform(0, 1000 * trial.grid, cells)
        shown = np.rint((x + left) / grid) * grid
        high, low = (_rounded(shown - x - mark, grid) for mark in (1.0, -1.0))
    seen = Seen(p, high, low)
    look = Seen(*(part[:LOOKED] for part in (p, high, low)))
    best = sorted(np.argsort(-gains_of(look).log_g)[:KEPT].tolist()) if cells > LOOKED else range(len(MODELS))
    models = tuple(MODELS[number] for number in best)
    start = np.arange(0, cells, max(1, cells // POINTS))[:POINTS]
    found_f, found_g = [], []
    for one, zero in laws(seen, models):
        g = np.log(zero + p * (one - zero))
        own = np.where(chips, np.log(one), np.log(zero))
        found_f.append(np.add.reduceat(own, start, axis=1).cumsum(axis=1))
        found_g.append(np.add.reduceat(g, start).cumsum())
    f, log_g = np.array(found_f), np.array(found_g)[:, None, :]
    mean = _log_sum(f - log_g) - math.log(len(MODELS))
    return np.asarray((np.logaddexp(mean, _log_sum(f) - _log_sum(log_g)) - math.log(2)).max(axis=0), np.float64)


def needed(trial: Trial, arcsine: bool, cells: int, trials: int, share: float = 0.99) -> int | None:
    """Give the least number of cells from which on a colluder is named in `share` of the trials, None where `cells` are
    too few."""
    over = np.mean([curve(trial, arcsine, cells, seed) >= BAR for seed in range(1, trials + 1)], axis=0) >= share
    place = int(np.flatnonzero(~over)[-1]) + 1 if not over.all() else 0
    return (place + 1) * max(1, cells // POINTS) if place < len(over) else None


def _rounded(away: Reals, grid: float) -> Reals:
    return np.where(2 * np.abs(away) <= grid, 0.0, np.rint(away / grid) * grid)


def _log_sum(values: Reals) -> Reals:
    top = values.max(axis=0)
    return np.asarray(top + np.log(np.exp(values - top).sum(axis=0)), np.float64)
