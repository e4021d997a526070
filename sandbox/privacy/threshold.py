"""τ: how many units a group with a private key must seem to have before its key is released.

Neighbours differ in one unit. In a group that this unit alone is in, the noisy unit count is 1 + noise in one world and
the group is absent in the other: the key must come out with probability so small that δ covers it. A unit touches at
most G groups, hence τ = 1 + the smallest t with G·P(noise ≥ t) ≤ δ_τ.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from functools import lru_cache

from sandbox.plan.block import SIGMA_UNIT

_UP = Context(prec=60, rounding=ROUND_CEILING)
_DOWN = Context(prec=60, rounding=ROUND_FLOOR)
_ROOT_TWO_PI = Decimal("2.506628274631000502415765284811045253006986740609938316629923")  # cut off, so below √2π


@lru_cache(maxsize=4096)
def tau(sigma: int, groups: int, delta: Decimal) -> int:
    """Give τ for noise of σ = sigma/1024, at most `groups` groups per unit and δ_τ = `delta`.

    The tail is bounded from above, see `tail`; the bound falls in t, so bisection finds its smallest t. Raises
    ValueError unless sigma, groups ≥ 1 and 0 < δ < 1.
    """
    if sigma < 1 or groups < 1 or not 0 < delta < 1:
        raise ValueError("a threshold needs noise, groups and a δ between 0 and 1")

    def enough(t: int) -> bool:
        return _UP.multiply(tail(sigma, t), groups) <= delta

    high = 1
    while not enough(high):
        high *= 2
    low = 0
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return 1 + low


def tail(sigma: int, t: int) -> Decimal:
    """Give an upper bound of P(noise ≥ t), t ≥ 0, for the discrete Gaussian P(k) = exp(−k²/2σ²) / Z.

    - Numerator: from t on, each weight is at most r = exp(−(2t+1)/2σ²) times the one before (the ratio at k is
      exp(−(2k+1)/2σ²)), so the weights sum to at most exp(−t²/2σ²) / (1 − r). That is 3 % above the truth at t = 6σ,
      whatever σ is, which moves τ by 0.005 σ.
    - Z ≥ √2π·σ (Poisson summation: Z = √2π·σ·Σ exp(−2π²σ²n²)) and Z ≥ 1 + 2·exp(−1/2σ²) (three of its weights).

    60 digits, each step rounded towards the larger bound; `exp` is correctly rounded, and moved one unit further.
    """
    halved = Decimal(SIGMA_UNIT**2), Decimal(2 * sigma**2)  # 1/2σ² as a fraction

    def exp_up(k: int) -> Decimal:
        return _UP.exp(_DOWN.divide(_DOWN.multiply(k, halved[0]), halved[1]).copy_negate()).next_plus(_UP)

    def exp_down(k: int) -> Decimal:
        return _DOWN.exp(_UP.divide(_UP.multiply(k, halved[0]), halved[1]).copy_negate()).next_minus(_DOWN)

    weights = _UP.divide(exp_up(t * t), _DOWN.subtract(1, exp_up(2 * t + 1)))
    wide = _DOWN.divide(_DOWN.multiply(_ROOT_TWO_PI, sigma), SIGMA_UNIT)
    narrow = _DOWN.add(1, _DOWN.multiply(2, exp_down(1)))
    return min(_UP.divide(weights, max(wide, narrow)), Decimal(1))
