"""What Laplace noise costs, against the definition of Rényi divergence, and when it is the better noise."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from gaussian_reference import wide

from sandbox.errors import Problem
from sandbox.privacy.calibrate import sigma_for
from sandbox.privacy.cumulative import boundaries
from sandbox.privacy.laplace import _half_width_gaussian, _half_width_laplace, better, epsilon, rho, scale_for
from sandbox.privacy.mechanisms import SIGMA_LIMIT

GRAIN = Decimal("1e-18")
SCALES = [100, 1024, 3000, 8 * 1024]


def ratio(scale: int, shift: int, alpha: Decimal) -> Decimal:
    """D_α/α of the noise and the noise plus `shift`, summed from the definition."""
    context = wide(60)
    q = context.exp(context.divide(-1024, scale))
    middle = context.divide(context.subtract(1, q), context.add(1, q))
    reach = 150 * scale // 1024 + shift + 150
    total = Decimal(0)
    for k in range(-reach, reach + 1):
        power = context.add(context.multiply(alpha, abs(k)), context.multiply(1 - alpha, abs(k - shift)))
        total = context.add(total, context.power(q, power))
    logarithm = context.ln(context.multiply(middle, total))
    return context.divide(logarithm, context.multiply(alpha, alpha - 1))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("shift", [1, 3, 40])
def test_rho_bounds_every_order_and_is_reached(scale: int, shift: int) -> None:
    claimed = rho(scale, shift)
    ratios = [ratio(scale, shift, Decimal(alpha)) for alpha in ("1.0000000001", "1.001", "1.1", "1.5", "2", "5", "60")]
    assert all(found <= claimed for found in ratios)
    assert ratios == sorted(ratios, reverse=True)
    assert claimed - ratios[0] < claimed * Decimal("1e-8") + GRAIN
    assert claimed <= epsilon(scale, shift) ** 2 / 2


def test_rho_by_hand() -> None:
    """A change of 1: ρ = tanh(1/2b)/b, at b = 1 0.462117157260009758…"""
    assert rho(1024, 1) == Decimal("0.462117157260009759")
    assert epsilon(1024, 1) == 1
    assert epsilon(3 * 1024, 1) == Decimal("0.333333333333333334")


@pytest.mark.parametrize("scale", [1, 1024, 10**6, SIGMA_LIMIT])
def test_one_change_is_a_hyperbolic_tangent(scale: int) -> None:
    """tanh x with 60 digits, by its series where the closed form would lose them."""
    context = wide(100)
    x = context.divide(1024, 2 * scale)
    up, down = context.exp(x), context.exp(-x)
    truth = context.divide(context.subtract(up, down), context.add(up, down)) * 2 * x
    assert truth <= rho(scale, 1) < truth + GRAIN * 2


@pytest.mark.parametrize("scale", SCALES)
def test_no_way_to_spread_a_change_costs_more(scale: int) -> None:
    for delta1 in (1, 5, 12):
        whole = rho(scale, delta1)
        for most in range(1, delta1 + 1):
            full, rest = divmod(delta1, most)
            spread = full * rho(scale, most) + (rho(scale, rest) if rest else 0)
            assert abs(rho(scale, delta1, most) - spread) <= GRAIN * (full + 1)
            assert rho(scale, delta1, most) <= whole
            for other in range(1, most):
                assert rho(scale, other) + rho(scale, most - other) <= rho(scale, most) + GRAIN
    assert rho(scale, 5, 9) == rho(scale, 5)


@pytest.mark.parametrize("share", ["1e-15", "0.0001", "0.02", "0.46211715726000976", "3", "900"])
@pytest.mark.parametrize(("delta1", "most"), [(1, None), (40, 1), (50, None), (1000, 30), (10**6 + 1, None)])
def test_the_scale_is_the_smallest_that_is_paid_for(share: str, delta1: int, most: int | None) -> None:
    scale, charged = scale_for(delta1, Decimal(share), most)
    assert charged == rho(scale, delta1, most) <= Decimal(share)
    assert int(float(scale)) == scale
    before = min(scale - 1, int(math.nextafter(scale, 0)))
    assert scale == 1 or rho(before, delta1, most) > Decimal(share)


def test_what_cannot_be_paid_for_is_refused() -> None:
    with pytest.raises(Problem, match="larger ε"):
        scale_for(1, Decimal("9e-19"))
    with pytest.raises(Problem, match="narrower bounds"):
        scale_for(10**12, Decimal("1e-12"))
    for scale, delta1, most in ((0, 1, None), (1, 0, None), (1, 1, 0)):
        with pytest.raises(ValueError, match="at least 1"):
            rho(scale, delta1, most)


@pytest.mark.parametrize("scale", [1, 300, 1024, 9000, 200 * 1024])
def test_half_widths_are_the_smallest_that_hold_95_percent(scale: int) -> None:
    context = wide(60)
    q = context.exp(context.divide(-1024, scale))
    width = _half_width_laplace(scale)
    assert 2 * q ** (width + 1) / (1 + q) <= Decimal("0.05")
    assert width == 0 or 2 * q**width / (1 + q) > Decimal("0.05")
    table, width = boundaries(scale, 64), _half_width_gaussian(scale)
    assert table[width] > 0.95 * 2**64 * (1 - 1e-4)
    assert width == 0 or table[width - 1] < 0.95 * 2**64 * (1 + 1e-4)


@pytest.mark.parametrize(
    ("square", "delta1", "share", "most", "mechanism"),
    [
        (1, 1, "0.02", None, "gaussian"),
        (40, 40, "0.5", 1, "gaussian"),
        (2500, 50, "0.5", None, "gaussian"),
        (2500, 50, "3", None, "laplace"),
        (10**24, 10**12, "3", None, "laplace"),
        (40, 40, "10", 1, "gaussian"),
        (40_000, 400, "12", 100, "laplace"),
        (1, 1, "30", None, "gaussian"),  # both are almost always 0
        (1, 10**25, "1", None, "gaussian"),  # no Laplace noise of that width
    ],
)
def test_the_narrower_interval_wins(square: int, delta1: int, share: str, most: int | None, mechanism: str) -> None:
    chosen = better(square, delta1, Decimal(share), most)
    assert chosen.mechanism == mechanism
    assert chosen.charged <= Decimal(share)
    pair = (chosen.sigma, chosen.charged)
    if mechanism == "gaussian":
        assert pair == sigma_for(square, Decimal(share))
    else:
        assert pair == scale_for(delta1, Decimal(share), most)
        assert chosen.half_width < _half_width_gaussian(sigma_for(square, Decimal(share))[0])
