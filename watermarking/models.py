"""The fixed list of attack models, and what each says about one leaked cell.

A model is a noise of standard deviation τ (in δ), a number c of colluders and what they make of their copies, and a
share of cells that were edited beyond recognition. Any list gives a valid error bound; a good one finds more. It is
part of the detector's version.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from watermarking.choices import RULES, Shares, shares
from watermarking.leak import Reals

DETECTOR = "4"
NOISES = (0.05, 0.25, 0.5, 1.0, 1.4, 2.0, 2.6, 3.3, 4.0, 6.0, 10.0, 14.0, 20.0)
COLLUDERS = (2, 3, 5, 10, 20)
MIXED_UNDER = {0.05: 20, 0.25: 20, 0.5: 20, 1.0: 20, 2.0: 20, 4.0: 3}
"""The most colluders that a noise is combined with, 1 where not named: under much noise copies that were mixed look
like one copy under more noise, and each model costs the others of its share."""
CHOOSERS, CHOOSING_UNDER = (2, 3, 5, 10), 0.5  # colluders who choose a value by rule, and the most noise on top
CAUTIOUS, CAUTIOUS_FROM = 4 / 3, 1.0
"""From this noise on, one copy is scored as if a quarter of its cells were another's. The score grows a little slower
and varies much less, so that 99 of 100 leaks reach the bar with fewer cells."""
EDITED = (0.001, 0.05, 0.3)
EDIT_WIDTH = 20.0  # of the Cauchy law of edited cells, in δ: its tails never let one cell decide
ONE_COPY = 3.0  # weight of models of one copy: most leaks are


@dataclass(frozen=True)
class Model:
    """`way` is "alone" for one leaker; "mix" (each cell from a colluder by chance); "average"; or one of `RULES`."""

    way: str
    colluders: float
    noise: float
    edited: float

    @property
    def weight(self) -> float:
        """Its share of the list is this, over the sum of all."""
        return ONE_COPY if self.colluders < 2 else 1.0


def _ways(noise: float) -> Iterator[tuple[str, float]]:
    yield ("mix", CAUTIOUS) if noise >= CAUTIOUS_FROM else ("alone", 1)
    most = MIXED_UNDER.get(noise, 1)
    yield from ((way, c) for way, c in product(("mix", "average", "middle"), COLLUDERS) if c <= most)
    if noise <= CHOOSING_UNDER:
        yield from ((way, c) for way, c in product(RULES, CHOOSERS) if way != "middle" and _differs(way, c))


def _differs(way: str, colluders: int) -> bool:
    """Whether a rule is not another by another name: two by majority, minority or coin mix, and a median of two is an
    average, of an odd number a majority."""
    return way in ("lowest", "highest") or (colluders > 2 and (way != "median" or colluders % 2 == 0))


MODELS = tuple(Model(way, c, noise, edited) for noise in NOISES for way, c in _ways(noise) for edited in EDITED)


@dataclass(frozen=True)
class Seen:
    """Observed cells that carry a chip: p, and the distances (in δ) of the leaked value from what chip 1 and chip 0
    make of the cell, through the rounding that the leak shows."""

    p: Reals
    from_high: Reals
    from_low: Reals


def laws(seen: Seen, models: tuple[Model, ...] = MODELS) -> Iterator[tuple[Reals, Reals]]:
    """Give for each model f(z|1) and f(z|0) of every cell; both are above 10⁻²⁰ within the distances that are looked
    at, because a cell may have been edited."""
    edit = 1 / (np.pi * EDIT_WIDTH * (1 + ((seen.from_high + seen.from_low) / 2 / EDIT_WIDTH) ** 2))
    held: dict[float, tuple[Reals, Reals, Reals]] = {}
    chosen: dict[tuple[str, float], tuple[Shares, Shares]] = {}
    for model in models:
        if model.noise not in held:  # models come noise by noise
            middle = (seen.from_high + seen.from_low) / 2
            held = {model.noise: tuple(_normal(x, model.noise) for x in (seen.from_high, seen.from_low, middle))}  # type: ignore[dict-item]
        way = model.way, model.colluders
        if model.way in RULES and way not in chosen:
            chosen[way] = shares(model.way, int(model.colluders), seen.p)
        one, zero = _law(seen, model, *held[model.noise], chosen.get(way))
        yield (1 - model.edited) * one + model.edited * edit, (1 - model.edited) * zero + model.edited * edit


def _law(
    seen: Seen, model: Model, high: Reals, low: Reals, middle: Reals, chosen: tuple[Shares, Shares] | None
) -> tuple[Reals, Reals]:
    p, c = seen.p, model.colluders
    match model.way:
        case "mix":  # the cell shows the recipient's own chip with probability 1/c, else another's
            others = (1 - 1 / c) * p
            zero = low + others * (high - low)
            return zero + (high - low) / c, zero
        case "average":
            gap = seen.from_low - seen.from_high
            spread = np.sqrt(model.noise**2 + p * (1 - p) * gap**2 * (c - 1) / c**2)
            centre = seen.from_low - (1 - 1 / c) * p * gap  # distance from the mean when the recipient's chip is 0
            return _normal(centre - gap / c, spread), _normal(centre, spread)
        case _ if chosen:
            one, zero = (middle + top * (high - middle) + least * (low - middle) for top, least in chosen)
            return one, zero
        case _:
            return high, low


def _normal(distance: Reals, deviation: Reals | float) -> Reals:
    return np.asarray(np.exp(-0.5 * (distance / deviation) ** 2) / (np.sqrt(2 * np.pi) * deviation), np.float64)
