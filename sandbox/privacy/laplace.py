"""Discrete Laplace noise, P(k) ∝ exp(−|k|/b) with b = scale/1024: what it costs, and whether it beats the Gaussian.

**ρ is the Kullback-Leibler divergence, exactly.** Let one count move by s ≥ 1 and q = exp(−1/b). Summed over k ≤ 0,
0 < k < s and k ≥ s, with β = α − 1/2 and θ = β/b, the Rényi divergence D_α of X and X + s satisfies

    exp((α−1)·D_α) = A·exp((α−1)s/b) + B·exp(−αs/b) = exp(−s/2b)·p(cosh θ),
    p(cosh θ) = (sinh (s+1)θ − q·sinh (s−1)θ) / ((1+q)·sinh θ),    A, B ≥ 0, A + B = 1.

p is a polynomial of degree s, even or odd as s is. At θ = iφ it is (sin (s+1)φ − q·sin (s−1)φ)/((1+q)·sin φ), which has
alternating signs where |sin (s+1)φ| = 1, s + 1 times in (0, π): so all s zeros lie at cos φ_n in (−1, 1), opposite in
pairs. p is a constant times factors cosh²θ − cos²φ_n and perhaps cosh θ; by Euler's products these are
sin²φ_n·Π_k (1 + θ²/(φ_n + kπ)²) over all integers k and Π_k (1 + 4θ²/((2k−1)π)²) over k ≥ 1. Hence h = (α−1)·D_α is a
sum of ln(1 + c·β²), c > 0, and a constant: concave in z = β². It vanishes at α = 1, z = 1/4, and α(α−1) = z − 1/4, so
D_α/α = (h(z) − h(1/4))/(z − 1/4) is a chord that falls in α. Its supremum over α > 1 is the limit at 1:

    ρ(s) = D_1 = (E|X − s| − E|X|)/b = (s − 2q(1 − q^s)/(1 − q²))/b,    less than ε²/2 with ε = s/b.

**Several counts.** ρ(s+1) − ρ(s) = (1 − 2q^(s+1)/(1+q))/b grows with s: ρ is convex, ρ(0) = 0. Of all ways to spread a
change of Δ1 over independent noises, at most `most` on each, the dearest is therefore ⌊Δ1/most⌋ changes of `most` and
the rest. The difference also grows with 1/b, so ρ falls with b. Pure ε is Δ1/b, however it is spread.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from sandbox.errors import Problem
from sandbox.plan.block import SIGMA_UNIT
from sandbox.privacy import grains
from sandbox.privacy.calibrate import sigma_for
from sandbox.privacy.cumulative import boundaries
from sandbox.privacy.mechanisms import SIGMA_LIMIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UP = Context(prec=150, rounding=ROUND_CEILING)
_DOWN = Context(prec=150, rounding=ROUND_FLOOR)
_FLOAT_BITS = 53
_TAIL = Decimal("0.05")  # outside a 95 % interval
_NORMAL = Decimal("1.959964")  # σ's of the continuous Gaussian in its half-width
_WIDE = 64 * SIGMA_UNIT  # from here on the discrete Gaussian is close enough to the continuous one


@dataclass(frozen=True)
class Noise:
    """A mechanism, its parameter (σ or b, in 1/1024), the ρ it is charged, and the half-width of its 95 % interval: the
    smallest w with P(|noise| ≤ w) ≥ 0.95."""

    mechanism: Literal["gaussian", "laplace"]
    sigma: int
    charged: Decimal
    half_width: int


def laplace(count: int, scale: int) -> NDArray[Any]:
    """Give `count` independent samples of P(k) ∝ exp(−|k|/b), b = scale/1024; exact, `geometric` proves their law.

    Runs in the vault only, and loads numpy at the first draw. Raises ValueError for scale < 1, and whatever the system
    raises when it has no random bits.
    """
    from sandbox.privacy.geometric import draw

    return draw(count, scale)


def epsilon(scale: int, delta1: int) -> Decimal:
    """Give the pure ε = Δ1/b of noise of b = scale/1024 on integers of L1 sensitivity `delta1`, rounded up to 10⁻¹⁸."""
    return grains.decimal(grains.up(Fraction(delta1 * SIGMA_UNIT, scale), grains.RHO), grains.RHO)


def rho(scale: int, delta1: int, most: int | None = None) -> Decimal:
    """Give the ρ of noise of b = scale/1024 on integers of L1 sensitivity `delta1`, rounded up to 10⁻¹⁸.

    `most` is the most by which one unit changes a single integer, if that is less. Raises ValueError unless all are
    positive."""
    most = delta1 if most is None else min(most, delta1)
    if scale < 1 or most < 1:
        raise ValueError("a scale and a sensitivity are at least 1")
    full, rest = divmod(delta1, most)
    return grains.ceiled(_UP.add(_UP.multiply(full, _divergence(scale, most)), _divergence(scale, rest)), grains.RHO)


@lru_cache(maxsize=4096)
def scale_for(delta1: int, share: Decimal, most: int | None = None) -> tuple[int, Decimal]:
    """Give `(scale, charged)`: the smallest b = scale/1024, exact as a float, whose `rho` is at most `share`; and that.

    Raises Problem epsilon_invalid when the share is below one grain of 10⁻¹⁸ or b beyond `SIGMA_LIMIT`.
    """
    if grains.down(share, grains.RHO) < 1:
        raise Problem("epsilon_invalid", "ε is too small for any answer; ask with a larger ε or for fewer measures")
    low, high = 0, 1
    while rho(high, delta1, most) > share:
        if high >= SIGMA_LIMIT:
            raise too_wide()
        low, high = high, 2 * high
    step = max(1, low >> _FLOAT_BITS - 1)  # a float holds every middle that is at least a step from both
    while high - low > step:
        middle = (low + high) // 2
        low, high = (low, middle) if rho(middle, delta1, most) <= share else (middle, high)
    return high, rho(high, delta1, most)


def too_wide() -> Problem:
    """Give the refusal of noise beyond `SIGMA_LIMIT`."""
    return Problem(
        "epsilon_invalid",
        "the noise would be too large to be drawn; ask with a larger ε or declare narrower bounds",
    )


@lru_cache(maxsize=4096)
def better(square: int, delta1: int, share: Decimal, most: int | None = None) -> Noise:
    """Give the noise with the narrower 95 % interval that `share` of ρ pays for: Laplace only if it is narrower.

    `square` is Δ2², `delta1` Δ1 and `most` the largest change of a single integer: public facts, as is the choice.
    Raises Problem epsilon_invalid when not even Gaussian noise can be had.
    """
    sigma, charged = sigma_for(square, share)
    normal = Noise("gaussian", sigma, charged, _half_width_gaussian(sigma))
    try:
        scale, charged = scale_for(delta1, share, most)
    except Problem:
        return normal
    return min(normal, Noise("laplace", scale, charged, _half_width_laplace(scale)), key=lambda noise: noise.half_width)


def _divergence(scale: int, s: int) -> Decimal:
    """Give ρ(s), rounded up in the 150th digit; at most 70 are lost where s is small against b."""
    if s == 0:
        return Decimal(0)
    q, power = _exp_down(scale, 1), _exp_up(scale, s)
    less = _DOWN.multiply(_DOWN.multiply(2, q), _DOWN.subtract(1, power))
    less = _DOWN.divide(less, _UP.subtract(1, _DOWN.multiply(q, q)))
    return _UP.divide(_UP.multiply(_UP.subtract(s, less), SIGMA_UNIT), scale)


def _exp_up(scale: int, s: int) -> Decimal:
    """Give exp(−s/b), rounded up, at most 1."""
    exponent = _DOWN.divide(s * SIGMA_UNIT, scale).copy_negate()
    return min(_UP.exp(exponent).next_plus(_UP), Decimal(1))


def _exp_down(scale: int, s: int) -> Decimal:
    """Give exp(−s/b), rounded down, at least 0."""
    exponent = _UP.divide(s * SIGMA_UNIT, scale).copy_negate()
    return max(_DOWN.exp(exponent).next_minus(_DOWN), Decimal(0))


def _half_width_gaussian(sigma: int) -> int:
    """Give the smallest w with P(|X| ≤ w) ≥ 0.95; from σ = 64 on that of the continuous Gaussian, rounded."""
    if sigma >= _WIDE:
        return int((_NORMAL * sigma / SIGMA_UNIT - Decimal("0.5")).to_integral_value(ROUND_CEILING))
    return bisect_left(boundaries(sigma, 32), int((1 - _TAIL) * 2**32))


def _half_width_laplace(scale: int) -> int:
    """Give the smallest w with P(|X| > w) = 2q^(w+1)/(1+q) ≤ 0.05."""
    steps = (2 / (_TAIL * (1 + _exp_up(scale, 1)))).ln() * scale / SIGMA_UNIT
    return max(int(steps.to_integral_value(ROUND_CEILING)) - 1, 0)
