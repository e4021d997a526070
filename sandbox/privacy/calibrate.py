"""From a sensitivity and a share of ρ to the noise: the smallest σ that the share pays for, and what it costs."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from math import isqrt

from sandbox.errors import Problem
from sandbox.plan.block import SIGMA_UNIT
from sandbox.privacy import grains
from sandbox.privacy.mechanisms import SIGMA_LIMIT

_FLOAT_BITS = 53


@lru_cache(maxsize=4096)
def sigma_for(square: int, rho: Decimal) -> tuple[int, Decimal]:
    """Give `(sigma, charged)`: noise of σ = sigma/1024 on integers of squared L2 sensitivity `square`, and its ρ.

    The discrete Gaussian of σ is Δ2²/2σ²-zCDP, in any number of dimensions (Canonne, Kamath and Steinke 2020,
    Theorem 4 and its multivariate form). `sigma` is the smallest whole number, exact as a float, whose loss, rounded
    up to a grain of 10⁻¹⁸, is at most `rho`; `charged` is that loss. Raises Problem epsilon_invalid when ρ is below
    one grain or σ beyond what the sampler can draw.
    """
    if square < 1:
        raise ValueError("a sensitivity is at least 1")
    share = grains.down(rho, grains.RHO)
    if share < 1:
        raise Problem("epsilon_invalid", "ε is too small for any answer; ask with a larger ε or for fewer measures")
    needed = square * SIGMA_UNIT**2 * 10**grains.RHO  # the loss is needed / 2·sigma² grains
    sigma = float_up(isqrt(-(-needed // (2 * share)) - 1) + 1)
    if sigma > SIGMA_LIMIT:
        raise Problem(
            "epsilon_invalid",
            "the noise would be too large to be drawn; ask with a larger ε or declare narrower bounds",
        )
    return sigma, grains.decimal(-(-needed // (2 * sigma**2)), grains.RHO)


def float_up(sigma: int) -> int:
    """Give the smallest whole number ≥ `sigma` that a float holds exactly."""
    spare = max(sigma.bit_length() - _FLOAT_BITS, 0)
    return -(-sigma >> spare) << spare
