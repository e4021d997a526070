"""The certified bounds hold against 200 digits, and an uncertified table never comes out."""

from __future__ import annotations

from decimal import Decimal

import pytest
from gaussian_reference import cumulative, wide

from sandbox.privacy import cumulative as room
from sandbox.privacy.cumulative import WIDEST, boundaries, exponential


@pytest.mark.parametrize("sigma", [100, 311, 512, 1024, 3000, 20 * 1024 + 7])
@pytest.mark.parametrize("bits", [1, 3, 8, 64, 128, 320])
def test_every_bound_encloses_the_reference(sigma: int, bits: int) -> None:
    bounds = boundaries(sigma, bits)
    for low, truth in zip(bounds, cumulative(sigma, bits), strict=False):
        assert low <= truth < low + 2
    assert bounds[-1] == 2**bits - 1


def test_bounds_at_a_thousand() -> None:
    bounds = boundaries(1000 * 1024, 64)
    reference = cumulative(1000 * 1024, 64, digits=50)
    assert 9_500 < len(bounds) < 10_500
    assert all(low <= truth < low + 2 for low, truth in zip(bounds, reference, strict=False))


@pytest.mark.parametrize("sigma", [WIDEST, WIDEST - 1, WIDEST // 3])
def test_the_widest_tables_have_the_right_whole(sigma: int) -> None:
    """G_0 = 1/W, and W = √2π·σ to within exp(−2π²σ²), by Poisson summation."""
    root = Decimal("2.506628274631000502415765284811045253006986740609938316629923")
    truth = wide().divide(2**64 * 1024, wide().multiply(root, sigma))
    bounds = boundaries(sigma, 64)
    assert bounds[0] <= truth < bounds[0] + 2
    assert bounds[-1] == 2**64 - 1
    assert bounds == sorted(bounds)
    assert len(bounds) < 170_000


def test_almost_no_noise() -> None:
    for bits in (1, 64, 640):
        assert boundaries(1, bits) == [2**bits - 1]


@pytest.mark.parametrize(
    ("numerator", "denominator"), [(1, 10**12), (1, 3), (999, 1000), (1, 1), (7, 2), (50, 1), (524288, 1)]
)
@pytest.mark.parametrize("places", [4, 40, 192, 600])
def test_the_exponential_is_enclosed_closely(numerator: int, denominator: int, places: int) -> None:
    low, high = exponential(numerator, denominator, places)
    context = wide()
    exponent = context.divide(numerator, denominator).copy_negate()
    truth = context.multiply(context.exp(exponent), 2**places)
    error = context.multiply(truth, Decimal("1e-210"))
    assert context.subtract(low, error) <= truth <= context.add(high, error)
    assert 0 <= low <= high <= 2**places
    assert high - low <= (4 + places) * 2 ** (numerator // denominator).bit_length()


def test_a_width_beyond_the_last_bit_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def coarse(numerator: int, denominator: int, places: int) -> tuple[int, int]:
        low, high = exponential(numerator, denominator, 70)
        return (low - 1) << places - 70, (high + 1) << places - 70

    monkeypatch.setattr(room, "exponential", coarse)
    with pytest.raises(ArithmeticError, match="not certified"):
        boundaries(1000 * 1024, 64)


@pytest.mark.parametrize(("sigma", "bits"), [(0, 64), (-1024, 64), (1024, 0)])
def test_nonsense_is_refused(sigma: int, bits: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        boundaries(sigma, bits)
