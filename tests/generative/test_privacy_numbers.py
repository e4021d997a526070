"""Conversion and calibration over their whole range: monotonic, and no round trip gains anything."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.plan.block import SIGMA_UNIT
from sandbox.privacy import grains
from sandbox.privacy.calibrate import sigma_for
from sandbox.privacy.convert import epsilon_for, largest_epsilon, rho_for
from sandbox.privacy.mechanisms import SIGMA_LIMIT

STEP = Decimal("0.000001")
epsilons = st.one_of(
    st.decimals(STEP, 10**6, places=6), st.floats(-6, 6).map(lambda x: max(grains.floored(Decimal(10**x), 6), STEP))
)
deltas = st.floats(-30, -3).map(lambda x: grains.ceiled(Decimal(10) ** Decimal(x), 36))


@settings(max_examples=300, deadline=None)
@given(epsilons, deltas)
def test_round_trips_never_favour_the_spender(epsilon: Decimal, delta: Decimal) -> None:
    rho = rho_for(epsilon, delta)
    assert epsilon_for(rho, delta) <= epsilon
    assert rho_for(epsilon_for(rho, delta) or STEP, delta) >= rho
    largest = largest_epsilon(rho, delta)
    assert largest == 0 or rho_for(largest, delta) <= rho
    assert rho_for(largest + STEP, delta) > rho


@settings(max_examples=300, deadline=None)
@given(epsilons, epsilons, deltas, deltas)
def test_more_epsilon_or_delta_buys_no_less(e1: Decimal, e2: Decimal, d1: Decimal, d2: Decimal) -> None:
    assert rho_for(min(e1, e2), min(d1, d2)) <= rho_for(max(e1, e2), max(d1, d2))
    small, large = sorted((rho_for(e1, d1), rho_for(e2, d1)))
    assert epsilon_for(small, max(d1, d2)) <= epsilon_for(large, min(d1, d2))


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 10**20), st.integers(10**8, 10**24))
def test_sigma_is_the_smallest_that_the_share_pays_for(square: int, share: int) -> None:
    sigma, charged = sigma_for(square, grains.decimal(share, grains.RHO))
    assert float(sigma) == sigma <= SIGMA_LIMIT

    def cost(of: int) -> int:
        return -(-square * SIGMA_UNIT**2 * 10**18 // (2 * of * of))

    assert grains.up(charged, grains.RHO) == cost(sigma) <= share
    below = sigma - (1 << max((sigma - 1).bit_length() - 53, 0))
    assert below == 0 or cost(below) > share


@given(st.integers(-(10**60), 10**60), st.sampled_from([grains.RHO, grains.DELTA]))
def test_grains_survive(amount: int, decimals: int) -> None:
    value = grains.decimal(amount, decimals)
    assert grains.down(value, decimals) == grains.up(value, decimals) == amount
    assert Decimal(grains.text(value)) == value
