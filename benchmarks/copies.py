"""Attacks on marks, simulated cell by cell in units of δ: how many cells a leak must show until a colluder is named.

Fixed seeds. Chips, attacks and noise are numpy's; laws, mixture and bar are those of the detector.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watermarking.chips import ONE, thresholds
from watermarking.models import MODELS, Seen, laws
from watermarking.score import LOG10_ALPHA, distance, gains_of

RECIPIENTS = 10_000
BAR = math.log(RECIPIENTS) - LOG10_ALPHA * math.log(10)
POINTS = 120  # prefixes at which a leak is scored
ROOM = 2**18  # cells that are worked on at a time
LOOKED, FAR = 4_096, 40.0  # models are left out that so many cells show to fit worse by so much, in ln, on a whole leak
WEIGHTS = np.log([model.weight for model in MODELS]) - math.log(sum(model.weight for model in MODELS))

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


@dataclass(frozen=True)
class Leaks:
    """Leaks of so many cells, one a line: p, chips of the colluders, and what is seen of each cell."""

    p: Reals
    chips: Bits
    high: Reals
    low: Reals

    @property
    def seen(self) -> Seen:
        return Seen(self.p.ravel(), self.high.ravel(), self.low.ravel())


def leaks(trial: Trial, arcsine: bool, cells: int, seeds: Iterable[int]) -> Leaks:
    """Make leaks of `cells` cells."""
    made = [_leak(trial, arcsine, cells, seed) for seed in seeds]
    p, chips, high, low = (np.stack(part) for part in zip(*made, strict=True))
    return Leaks(p, chips, high, low)


def curves(trial: Trial, arcsine: bool, cells: int, trials: int, points: int = POINTS) -> Reals:
    """Give, leak by leak, the highest ln E of the colluders when the leak shows the first i/`points` of its cells, for
    each i."""
    at_once = max(1, ROOM // cells)
    seeds = [range(1 + begin, 1 + min(begin + at_once, trials)) for begin in range(0, trials, at_once)]
    models: list[int] = []
    found = []
    for some in seeds:
        made = leaks(trial, arcsine, cells, some)
        models = models or _fitting(made, cells)
        found.append(_scored(made, models, points))
    return np.concatenate(found)


def needed(trial: Trial, arcsine: bool, cells: int, trials: int, share: float = 0.99) -> int | None:
    """Give the least number of cells from which on a colluder is named in `share` of the trials, None where `cells` are
    too few."""
    over = np.mean(curves(trial, arcsine, cells, trials) >= BAR, axis=0) >= share
    place = int(np.flatnonzero(~over)[-1]) + 1 if not over.all() else 0
    return (place + 1) * max(1, cells // POINTS) if place < len(over) else None


def least_possible(grid: float, share: float = 0.99) -> int:
    """Give how many cells, rounded to `grid` δ (0: not at all), any detector needs for `share` of the leaks in a base
    of fair chips, if its bound is to hold whatever was done to the copy.

    Rounding leaves a chip where a border lies between both marked values: in one cell of `grid`/2. Whoever had no part
    has the same k chips as the leaker with probability 2⁻ᵏ, so no E that has a mean of 1 over them is above 2ᵏ."""
    shown, fewest = min(1.0, 2 / grid) if grid else 1.0, math.ceil(BAR / math.log(2))

    def too_few(cells: int) -> float:
        return math.fsum(math.comb(cells, k) * shown**k * (1 - shown) ** (cells - k) for k in range(fewest))

    return fewest + bisect_left(range(fewest, 100 * fewest), True, key=lambda cells: 1 - too_few(cells) >= share)


def _leak(trial: Trial, arcsine: bool, cells: int, seed: int) -> tuple[Reals, Bits, Reals, Reals]:
    chance = np.random.default_rng(seed)
    p = bias(arcsine, cells, seed)
    chips: Bits = chance.random((trial.colluders, cells)) < p
    left = attacked(trial.attack, 2.0 * chips - 1, chance)
    if trial.noise:
        left = left + chance.normal(0, trial.noise, cells)
    if trial.grid:
        x = chance.uniform(0, 1000 * trial.grid, cells)
        left = np.rint((x + left) / trial.grid) * trial.grid - x
    step = np.full(cells, trial.grid)
    return p, chips, distance(left - 1, step, np.ones(cells)), distance(left + 1, step, np.ones(cells))


def _fitting(made: Leaks, cells: int) -> list[int]:
    """The models that are not far worse than the best on whole leaks: the others' share of E is left out."""
    seen = made.seen
    look = Seen(*(part[:LOOKED] for part in (seen.p, seen.from_high, seen.from_low)))
    log_g = gains_of(look).log_g * (cells / len(look.p))
    return [int(number) for number in np.flatnonzero(log_g >= log_g.max() - FAR)]


def _scored(made: Leaks, chosen: list[int], points: int) -> Reals:
    trials, _, cells = made.chips.shape
    start = np.arange(0, cells, max(1, cells // points))[:points]
    sums_f, sums_g = [], []
    for one, zero in laws(made.seen, tuple(MODELS[number] for number in chosen)):
        one, zero = one.reshape(trials, 1, cells), zero.reshape(trials, 1, cells)
        g = np.log(zero + made.p[:, None] * (one - zero))
        own = np.where(made.chips, np.log(one), np.log(zero))
        sums_f.append(np.add.reduceat(own, start, axis=2).cumsum(axis=2))
        sums_g.append(np.add.reduceat(g, start, axis=2).cumsum(axis=2))
    weight = WEIGHTS[chosen][:, None, None, None]
    f, g = np.array(sums_f) + weight, np.array(sums_g)
    bayes = _log_sum(f) - _log_sum(g + weight)
    return np.asarray((np.logaddexp(_log_sum(f - g), bayes) - math.log(2)).max(axis=1), np.float64)


def _log_sum(values: Reals) -> Reals:
    top = values.max(axis=0)
    return np.asarray(top + np.log(np.exp(values - top).sum(axis=0)), np.float64)
