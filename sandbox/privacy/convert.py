"""ρ-zCDP ⇄ (ε, δ), tight, with every rounding against the spender.

Canonne, Kamath and Steinke 2020 (The Discrete Gaussian for Differential Privacy, Proposition 12 and Corollary 13):
ρ-zCDP implies (ε, δ)-DP with δ = inf over α > 1 of exp((α−1)(αρ−ε))/(α−1)·(1−1/α)^α. Solved for ε with L = ln 1/δ:

    ε(ρ, α) = αρ + ln(α−1) + (L − α·ln α)/(α−1)

*Every* α > 1 gives a valid bound. The best one is therefore searched in floats – where ε is stationary,
ρ(α−1)² + ln α = L – and only the bound at the chosen α is evaluated rigorously, in decimals with directed rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from functools import lru_cache

from sandbox.errors import Problem
from sandbox.privacy import grains

EPSILON_DECIMALS = 6
EPSILON_LIMIT = Decimal("1e9")

_PRECISION = 80
_UP = Context(prec=_PRECISION, rounding=ROUND_CEILING)
_DOWN = Context(prec=_PRECISION, rounding=ROUND_FLOOR)


@lru_cache(maxsize=4096)
def rho_for(epsilon: Decimal, delta: Decimal) -> Decimal:
    """Give the largest ρ, rounded down to 10⁻¹⁸, for which ρ-zCDP implies (`epsilon`, `delta`)-DP.

    It is 0 when less than a grain. Raises Problem epsilon_invalid outside 0 < ε ≤ 10⁹ or 0 < δ < 1.
    """
    if not (epsilon.is_finite() and 0 < epsilon <= EPSILON_LIMIT):
        raise Problem("epsilon_invalid", f"ε must be a number above 0 and at most {EPSILON_LIMIT:f}; choose one")
    loss = _log_inverse(delta)
    wanted, about = float(epsilon), float(loss)

    def excess(t: float) -> float:
        """ε at the ρ whose best order is 1 + t, minus the wanted one; falls as t grows."""
        return (1 + t) * (about - math.log1p(t)) / t**2 + math.log(t) + (about - (1 + t) * math.log1p(t)) / t - wanted

    t = _root(excess)
    alpha = _UP.add(1, t)  # exact: t has 17 digits
    rest = _UP.divide(_gap(alpha, t, loss), t).copy_negate()
    rest = _DOWN.subtract(_DOWN.add(epsilon, rest), t.ln(_UP).next_plus(_UP))
    return max(grains.floored(_DOWN.divide(rest, alpha), grains.RHO), grains.decimal(0, grains.RHO))


@lru_cache(maxsize=4096)
def epsilon_for(rho: Decimal, delta: Decimal) -> Decimal:
    """Give the smallest ε, rounded up to 10⁻⁶, for which `rho`-zCDP implies (ε, `delta`)-DP.

    Raises Problem epsilon_invalid for a negative ρ or unless 0 < δ < 1.
    """
    loss = _log_inverse(delta)
    if not (rho.is_finite() and rho >= 0):
        raise Problem("epsilon_invalid", "ρ cannot be negative")
    if rho == 0:
        return grains.decimal(0, EPSILON_DECIMALS)
    spent, about = float(rho), float(loss)
    t = _root(lambda t: about - math.log1p(t) - spent * t * t)
    alpha = _UP.add(1, t)
    bound = _UP.add(_UP.multiply(alpha, rho), t.ln(_UP).next_plus(_UP))
    bound = _UP.add(bound, _UP.divide(_gap(alpha, t, loss), t))
    return max(grains.decimal(0, EPSILON_DECIMALS), grains.ceiled(bound, EPSILON_DECIMALS))  # equal: 0, never -0


@lru_cache(maxsize=4096)
def largest_epsilon(rho: Decimal, delta: Decimal) -> Decimal:
    """Give the largest ε, on the grid of 10⁻⁶, that a question may ask when `rho` is left: rho_for(ε, δ) ≤ ρ."""
    step = Decimal(1).scaleb(-EPSILON_DECIMALS)
    epsilon = min(epsilon_for(rho, delta), EPSILON_LIMIT)
    while epsilon > 0 and rho_for(epsilon, delta) > rho:
        epsilon -= step
    return epsilon


def _log_inverse(delta: Decimal) -> Decimal:
    """Give ln 1/δ, rounded up."""
    if not (delta.is_finite() and 0 < delta < 1):
        raise Problem("epsilon_invalid", "δ must lie strictly between 0 and 1; choose one well below 1/number of units")
    return delta.ln(_DOWN).next_minus(_DOWN).copy_negate()


def _gap(alpha: Decimal, t: Decimal, loss: Decimal) -> Decimal:
    """Give L − α·ln α, rounded up."""
    return _UP.subtract(loss, _DOWN.multiply(alpha, alpha.ln(_DOWN).next_minus(_DOWN)))


def _root(falling: Callable[[float], float]) -> Decimal:
    """Give where a falling function of t > 0 crosses 0, to a float's precision, as a decimal of 17 digits."""
    low, high = -35.0, 80.0  # of ln t
    for _ in range(64):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(math.exp(middle)) > 0 else (low, middle)
    return Decimal(repr(math.exp(low)))
