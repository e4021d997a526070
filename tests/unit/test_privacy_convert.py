"""ρ and (ε, δ): tight, and never rounded in the spender's favour."""

from __future__ import annotations

import math
import time
from decimal import Decimal, localcontext

import numpy as np
import pytest

from sandbox.errors import Problem
from sandbox.privacy.convert import epsilon_for, largest_epsilon, rho_for

EPSILONS = ["0.000001", "0.001", "0.1", "1", "4", "20", "1000", "1000000"]
DELTAS = ["1e-3", "1e-6", "1e-9", "1e-30"]
CASES = [(Decimal(e), Decimal(d)) for e in EPSILONS for d in DELTAS]


def dense_log_delta(rho: float, epsilon: float) -> float:
    """ln δ of Proposition 12 of Canonne, Kamath and Steinke, minimised over two million orders 1 + t."""
    t = np.exp(np.linspace(-20, 45, 2_000_001))
    with np.errstate(over="ignore"):
        return float(np.min(t * ((1 + t) * rho - epsilon) + t * np.log(t) - (1 + t) * np.log1p(t)))


def rigorous_log_delta(rho: Decimal, epsilon: Decimal) -> Decimal:
    """The same in 70 digits, by ternary search."""
    with localcontext(prec=70):

        def at(s: Decimal) -> Decimal:
            t = s.exp()
            return t * ((1 + t) * rho - epsilon) + t * s - (1 + t) * (1 + t).ln()

        low, high = Decimal(-20), Decimal(45)
        for _ in range(220):
            third = (high - low) / 3
            low, high = (low, high - third) if at(low + third) < at(high - third) else (low + third, high)
        return at(low)


@pytest.mark.parametrize(("epsilon", "delta"), CASES)
def test_rho_is_sound_to_the_last_grain(epsilon: Decimal, delta: Decimal) -> None:
    rho = rho_for(epsilon, delta)
    assert rho.as_tuple().exponent == -18
    assert rigorous_log_delta(rho, epsilon) <= delta.ln()


@pytest.mark.parametrize(("epsilon", "delta"), [c for c in CASES if c[0] > Decimal("0.0001")])
def test_rho_is_the_largest_that_a_dense_search_finds(epsilon: Decimal, delta: Decimal) -> None:
    rho = float(rho_for(epsilon, delta))
    assert dense_log_delta(rho * (1 + 1e-6), float(epsilon)) > math.log(delta)


@pytest.mark.parametrize(("epsilon", "delta"), CASES)
def test_epsilon_of_rho_comes_back(epsilon: Decimal, delta: Decimal) -> None:
    assert epsilon_for(rho_for(epsilon, delta), delta) == epsilon


@pytest.mark.parametrize(("epsilon", "delta"), CASES)
def test_better_than_the_closed_form(epsilon: Decimal, delta: Decimal) -> None:
    rho, loss = float(rho_for(epsilon, delta)), -math.log(delta)
    assert rho > (float(epsilon) / (math.sqrt(loss + float(epsilon)) + math.sqrt(loss))) ** 2
    assert float(epsilon) <= rho + 2 * math.sqrt(rho * loss)


def test_known_value() -> None:
    """ε = 1, δ = 5e-7, minimised beforehand by other code."""
    assert str(rho_for(Decimal(1), Decimal("5e-7")))[:10] == "0.02293744"


def test_nothing_left_is_no_epsilon() -> None:
    assert epsilon_for(Decimal(0), Decimal("1e-6")) == 0
    assert largest_epsilon(Decimal(0), Decimal("1e-6")) == 0


@pytest.mark.parametrize("epsilon", ["0", "-1", "NaN", "Infinity", "1e10"])
def test_impossible_epsilon_is_refused(epsilon: str) -> None:
    with pytest.raises(Problem, match="epsilon_invalid"):
        rho_for(Decimal(epsilon), Decimal("1e-6"))


@pytest.mark.parametrize("delta", ["0", "1", "-1e-6", "NaN"])
def test_impossible_delta_is_refused(delta: str) -> None:
    with pytest.raises(Problem, match="epsilon_invalid"):
        epsilon_for(Decimal(1), Decimal(delta))


def test_fast_without_cache() -> None:
    def once() -> float:
        began = time.process_time()
        rho_for.__wrapped__(Decimal(1), Decimal("1e-6"))
        return time.process_time() - began

    assert min(once() for _ in range(20)) < 0.01  # 0.0002 s


def test_next_to_nothing_is_0_and_never_minus_0() -> None:
    assert str(epsilon_for(Decimal("1e-18"), Decimal("5e-8"))) == "0.000000"
