"""Calibration and threshold: the smallest noise that is paid for, and a tail that is never underestimated."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest
from privacy_plans import exact_tail

from sandbox.errors import Problem
from sandbox.privacy.accounts import threshold_delta
from sandbox.privacy.calibrate import sigma_for
from sandbox.privacy.mechanisms import SIGMA_LIMIT, gaussian
from sandbox.privacy.threshold import tail, tau


def test_sigma_by_hand() -> None:
    """Δ2² = 2, ρ = 1: σ = 1 exactly."""
    assert sigma_for(2, Decimal(1)) == (1024, Decimal("1.000000000000000000"))


def test_the_charge_has_one_spelling() -> None:
    assert str(sigma_for(2, Decimal("1.0"))[1]) == str(sigma_for(2, Decimal("1.0000000000000000004"))[1])


def test_rho_below_a_grain_is_refused() -> None:
    with pytest.raises(Problem, match="epsilon_invalid"):
        sigma_for(1, Decimal("9e-19"))


def test_sigma_beyond_the_sampler_is_refused() -> None:
    largest = SIGMA_LIMIT // 1024
    sigma_for(2 * largest**2, Decimal(1))
    with pytest.raises(Problem, match="narrower bounds"):
        sigma_for(3 * largest**2, Decimal(1))


@pytest.mark.parametrize("sigma", [0, -1024, SIGMA_LIMIT * 2, 2**60 + 1])
def test_the_sampler_refuses_what_it_cannot_draw_exactly(sigma: int) -> None:
    with pytest.raises(ValueError, match="σ"):
        gaussian(1, sigma)


def test_no_cells_no_noise() -> None:
    assert gaussian(0, 1024).size == 0


def test_what_draws_stays_out_of_processes_that_draw_nothing() -> None:
    code = (
        "import sys; import sandbox.privacy.release, sandbox.privacy.accountant;"
        "assert not {name.partition('.')[0] for name in sys.modules} & {'opendp', 'numpy'};"
        "sandbox.privacy.release.gaussian(1, 1000); sandbox.privacy.release.gaussian(1, 2048);"
        "assert 'numpy' in sys.modules and 'opendp' not in sys.modules, 'the oracle is for tests'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("sigma", [100, 300, 512, 1024, 3000, 1024 * 20])
def test_the_tail_is_bounded_from_above_and_closely(sigma: int) -> None:
    for t in range(0, 8 * sigma // 1024 + 3, 1 + sigma // 4096):
        truth = exact_tail(sigma / 1024, t)
        assert float(tail(sigma, t)) >= truth * (1 - 1e-12)
        if t > 3 * sigma / 1024 and truth > 1e-300:
            assert float(tail(sigma, t)) <= truth * 1.12


@pytest.mark.parametrize("sigma", [300, 1024, 4096, 1024 * 30])
@pytest.mark.parametrize(("groups", "delta"), [(1, "1e-9"), (40, "1e-12"), (7, "1e-4")])
def test_tau_is_the_smallest_that_keeps_delta(sigma: int, groups: int, delta: str) -> None:
    found = tau(sigma, groups, Decimal(delta))
    assert groups * exact_tail(sigma / 1024, found - 1) <= float(delta)
    assert groups * exact_tail(sigma / 1024, found - 2 - sigma // 20480) > float(delta)


def test_more_groups_or_less_delta_raise_tau() -> None:
    assert tau(10240, 1, Decimal("1e-9")) < tau(10240, 40, Decimal("1e-9")) < tau(10240, 40, Decimal("1e-12"))


def test_delta_of_a_key_set_is_a_fiftieth_of_the_pool() -> None:
    assert threshold_delta(Decimal("1e-7")) == Decimal("1e-9")
    assert 100 * threshold_delta(Decimal("1.00000000000000000000000000000000000000009e-7")) <= Decimal("1.1e-7")
