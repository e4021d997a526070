"""The loss of a model's stage, derived a second time: from the worst vector a unit can have, written out.

Shares nothing with `sandbox.modelling`. Every number of a vector is a product of numbers that are at most 1 in their
own unit, so the worst vector has each that it may have at its largest."""

from __future__ import annotations

from fractions import Fraction

from sandbox.plan.block import SIGMA_UNIT
from sandbox.plan.fitted import Fitted
from sandbox.privacy import grains
from sandbox.privacy.mechanisms import SIGMA_LIMIT

ONE = 1000  # what 1 is counted as


def stage_grains(fitted: Fitted) -> int:
    """Give ρ in grains. Raises ValueError where the stage claims less sensitivity or loss than it has."""
    worst = worst_vector(fitted)
    square = sum(entry * entry for entry in worst)
    if fitted.square != square:
        raise ValueError(f"stage {fitted.stage} claims Δ2² {fitted.square}, has {square}")
    if not 0 < fitted.sigma <= SIGMA_LIMIT:
        raise ValueError(f"stage {fitted.stage} has a σ that cannot be drawn")
    rho = grains.up(Fraction(square) / (2 * Fraction(fitted.sigma, SIGMA_UNIT) ** 2), grains.RHO)
    if Fraction(fitted.rho) != Fraction(rho, 10**grains.RHO):
        raise ValueError(f"stage {fitted.stage} claims ρ {fitted.rho}, costs {rho} grains")
    return rho


def worst_vector(fitted: Fitted) -> list[int]:
    """Give the entries, other than 0, of the longest vector that one unit can have."""
    model = fitted.model
    inputs = [ONE for feature in model.features for _ in (feature.options[1:] or [None])]
    match fitted.stage:
        case "moments":
            wide = [ONE, *inputs, *([ONE] if model.method == "linear" else [])]
            return [one * other for place, one in enumerate(wide) for other in wide[place:]]
        case "classes":
            return [ONE * ONE] + [ONE * one for one in inputs] + [one * one for one in inputs]
        case "gradient":
            return [ONE * one for one in (ONE, *inputs)]
        case "leaves":
            return [1] * model.size
        case "centres":
            return [ONE, *inputs]
        case "scores":
            return [1]
        case "errors":
            return [ONE * ONE] * 4
        case "distances":
            return [ONE * ONE] * 2
