"""The design: how strongly each primitive of a base is marked, and what that costs in variance.

Strength f is the mark's root mean square in units of the noise's σ. It depends on the table's shape and declared
noise only, never on values, and is committed to before delivery.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from watermarking.base import Base, Primitive
from watermarking.chips import ONE

SMALL, ARCSINE_FROM = 1_000, 350  # cells
STRONG, WEAK = Fraction(3, 10), Fraction(1, 10)
ENOUGH = 64  # marked cells that trace a copy with a fifth of its rows gone (the floor is 34 for 10,000 recipients)
MOST = Fraction(1, 4)  # of the noise variance, the most that a small table pays for having enough


@dataclass(frozen=True)
class Strength:
    """Amplitude δ ≥ 1 on a share of the cells, in units of 2⁻³² (2³²: all of them)."""

    delta: int
    share: int

    @property
    def variance(self) -> Fraction:
        """What marking adds to the mean square error of a cell, in the primitive's unit squared."""
        return self.delta**2 * Fraction(self.share, ONE)


@dataclass(frozen=True)
class Design:
    """How a base is marked: one strength per primitive; biases are arcsine or all ½."""

    arcsine: bool
    strengths: tuple[Strength, ...]

    @classmethod
    def of(cls, base: Base) -> Design:
        """Give the design of `base`: f = 0.3 below 1,000 cells, else 0.1; p = ½ below 350 cells, else arcsine."""
        strengths = (strength(primitive, base.cells, len(base.groups)) for primitive in base.primitives)
        return cls(base.cells >= ARCSINE_FROM, tuple(strengths))

    def to_json(self) -> dict[str, Any]:
        """Give the design as JSON without floats; `from_json` reads it back."""
        marks = [{"delta": each.delta, "share": each.share} for each in self.strengths]
        return {"v": 1, "bias": "arcsine" if self.arcsine else "half", "marks": marks}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Design:
        """Read a design; raises ValueError when it is not one of version 1."""
        if data.get("v") != 1 or data.get("bias") not in ("arcsine", "half"):
            raise ValueError("not a design of version 1")
        marks = tuple(Strength(int(mark["delta"]), int(mark["share"])) for mark in data["marks"])
        return cls(data["bias"] == "arcsine", marks)


def strength(primitive: Primitive, cells: int, groups: int) -> Strength:
    """Give how a primitive of a table of so many cells, in so many groups, is marked.

    δ = round(f·σ) where that is 1 or more. Below, ±1 on a share q = (f·σ)² of the cells, raised so that about
    `ENOUGH` cells are marked, as long as this costs at most a quarter of the noise variance."""
    step = (STRONG if cells < SMALL else WEAK) * primitive.sigma
    if step >= 1:
        return Strength(int(step + Fraction(1, 2)), ONE)
    floor = min(Fraction(1), MOST * primitive.sigma**2, Fraction(ENOUGH, max(groups, 1)))
    return Strength(1, int(max(step**2, floor) * ONE))
