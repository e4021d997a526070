"""The fixed list of attack models, and what each says about one leaked cell.

A model is a noise of standard deviation τ (in δ), a number c of colluders who mix their copies cell by cell, average
them or take the middle between their lowest and highest value, and a share of cells that were edited beyond
recognition. Any list gives a valid error bound; a good one finds more. It is part of the detector's version.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from watermarking.leak import Reals

DETECTOR = "2"
NOISES = (0.05, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0, 20.0)
COLLUDERS = (2, 3, 5, 10, 20)
WAYS = ("mix", "average", "middle")
MIXED_UNDER = {4.0: 3, 10.0: 1, 20.0: 1}  # the most colluders that a noise is combined with, where not all
EDITED = (0.001, 0.05, 0.3)
EDIT_WIDTH = 20.0  # of the Cauchy law of edited cells, in δ: its tails never let one cell decide


@dataclass(frozen=True)
class Model:
    """`way` is one of `WAYS`, or "alone" for one leaker."""

    way: str
    colluders: int
    noise: float
    edited: float


MODELS = tuple(
    Model(way, c, noise, edited)
    for noise in NOISES
    for way, c in (("alone", 1), *product(WAYS, COLLUDERS))
    # Under so much noise copies that were mixed look like one copy under more noise, and each model costs the others.
    if way == "alone" or c <= MIXED_UNDER.get(noise, 20)
    for edited in EDITED
)


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
    for model in models:
        if model.noise not in held:  # models come noise by noise
            middle = (seen.from_high + seen.from_low) / 2
            held = {model.noise: tuple(_normal(x, model.noise) for x in (seen.from_high, seen.from_low, middle))}  # type: ignore[dict-item]
        one, zero = _law(seen, model, *held[model.noise])
        yield (1 - model.edited) * one + model.edited * edit, (1 - model.edited) * zero + model.edited * edit


def _law(seen: Seen, model: Model, high: Reals, low: Reals, middle: Reals) -> tuple[Reals, Reals]:
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
        case "middle":  # unless all have the recipient's chip
            alike, unlike = p ** (c - 1), (1 - p) ** (c - 1)
            return middle + alike * (high - middle), middle + unlike * (low - middle)
        case _:
            return high, low


def _normal(distance: Reals, deviation: Reals | float) -> Reals:
    return np.asarray(np.exp(-0.5 * (distance / deviation) ** 2) / (np.sqrt(2 * np.pi) * deviation), np.float64)
