"""The half-width of first + factor·second holds the error as often as it says, by the definitions of noise and marks,
summed up; what is a few per cent wider or narrower is seen."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sandbox.products.query.law import Law
from sandbox.products.query.together import half_width

MARKS = [(0, 0.0), (2, 0.4)]


def chances(law: Law) -> tuple[np.ndarray, np.ndarray]:
    """Every error of a law with its chance."""
    far = math.ceil((22 if law.laplace else 8) * law.scale) + law.delta + 2
    steps = np.arange(-far, far + 1)
    weights = (
        np.exp(-np.abs(steps) / law.scale) if law.laplace else np.exp(-(steps.astype(float) ** 2) / (2 * law.scale**2))
    )
    noise = weights / weights.sum()
    marked = (1 - law.share) * noise
    for by in (law.delta, -law.delta):
        marked = marked + law.share / 2 * np.roll(noise, by)
    return steps, marked


def covered(first: Law, second: Law, factor: int, width: float) -> float:
    steps, chance = chances(second)
    mine, alone = chances(first)
    below = np.concatenate([[0.0], np.cumsum(alone)])

    def up_to(x: np.ndarray) -> np.ndarray:
        return below[np.clip(np.floor(x).astype(int) - mine[0] + 1, 0, len(mine))]

    moved = factor * steps
    return float(np.sum(chance * (up_to(width - moved) - up_to(np.ceil(-width - moved) - 1))))


@pytest.mark.parametrize("delta", MARKS)
@pytest.mark.parametrize("laplace", [False, True])
@pytest.mark.parametrize("many", [0.6, 1.1, 3.0, 9.0, 40.0])
@pytest.mark.parametrize(("factor", "balance"), [(40, 1.0), (40, 0.3), (-300, 2.0), (1, 1.0), (3, 1.0)])
def test_it_holds(factor: int, balance: float, many: float, laplace: bool, delta: tuple[int, float]) -> None:
    first = Law(laplace, max(abs(factor) * many * balance, 0.6), 2 * delta[0], delta[1])
    second = Law(laplace, many, *delta)
    width = half_width(first, second, factor)
    here = covered(first, second, factor, width)
    step = covered(first, second, factor, width + 1) - covered(first, second, factor, width - 1)
    assert 0.94 - 1e-4 < here < max(0.951, 0.95 + step), (here, width)
    if abs(factor) > 3 and step < 0.002:
        assert abs(here - 0.95) < 0.001
        assert not 0.945 < covered(first, second, factor, 1.05 * width) < 0.955


def test_of_two_kinds_it_is_a_little_wide_and_never_narrow() -> None:
    for first, second in ((Law(True, 900.0), Law(False, 20.0)), (Law(False, 900.0), Law(True, 20.0))):
        assert 0.949 < covered(first, second, 40, half_width(first, second, 40)) < 0.965
