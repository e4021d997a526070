"""Quantiles, Laplace noise and pure accounts: what a plan says it costs is what one unit can change, and no plan may
say less."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from query_examples import clinic, only, plan_of

from sandbox.errors import Problem
from sandbox.jobs.product import Question
from sandbox.plan.block import Block, Measurement
from sandbox.plan.plan import Plan
from sandbox.privacy.rederive import PlanUnsound, loss, pure_loss
from sandbox.products.query.kind import QueryProduct

SQL = (
    "SELECT ward, MEDIAN(cost), QUANTILE_DISC(cost, 0.9), COUNT(*), SUM(cost), COUNT(DISTINCT pid), "
    "COUNT(DISTINCT day) FROM visits GROUP BY ward"
)


def pure_plan(sql: str, epsilon: str = "1", **request: Any) -> Plan:
    asked = {"sql": sql, "epsilon": epsilon, **request}
    none = Decimal(0)
    return QueryProduct().compile(Question(asked, "res", "pop", "v1", clinic(), {}, none, none, pure=True))


def log_law(rows: np.ndarray[Any, Any], rank: tuple[int, int], t: float) -> np.ndarray[Any, Any]:
    """The logarithms of the probabilities, by definition."""
    a, b = rank
    up_to = np.cumsum(rows)
    scores = np.maximum(np.maximum(b * (up_to - rows) - a * up_to[-1], a * up_to[-1] - b * up_to), 0)
    weights = -scores / t
    return weights - np.log(np.exp(weights - weights.max()).sum()) - weights.max()


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=7),
    st.lists(st.integers(0, 6), min_size=1, max_size=3),
    st.sampled_from([(1, 2), (1, 10), (9, 10), (2, 3), (1, 100)]),
    st.sampled_from([0.3, 1.0, 7.0, 60.0]),
)
def test_the_divergence_of_a_quantile_is_within_its_loss(
    base: list[int], own: list[int], rank: tuple[int, int], t: float
) -> None:
    """A unit with r rows in a group: ε = 2Δ/t and ρ = Δ²/2t² with Δ = r·max(a, b−a), either way round."""
    more = np.array(base)
    for place in own:
        more[place % len(base)] += 1
    one, other = log_law(np.array(base), rank, t), log_law(more, rank, t)
    delta = len(own) * max(rank[0], rank[1] - rank[0])
    assert np.abs(one - other).max() <= 2 * delta / t + 1e-9
    for p, q in ((one, other), (other, one)):
        for alpha in (1.001, 1.5, 2.0, 8.0, 64.0):
            moment = alpha * p + (1 - alpha) * q
            top = moment.max()
            renyi = (math.log(np.exp(moment - top).sum()) + top) / (alpha - 1)
            assert renyi <= alpha * delta**2 / (2 * t**2) + 1e-7


def changed(made: Plan, place: int, **changes: object) -> Plan:
    block = only(made)
    measurements = list(block.measurements)
    measurements[place] = replace(measurements[place], **changes)
    return replace(made, blocks=(replace(block, measurements=tuple(measurements)),))


def found(block: Block, what: str, mechanism: str) -> tuple[int, Measurement]:
    return next((i, m) for i, m in enumerate(block.measurements) if (m.what, m.mechanism) == (what, mechanism))


@pytest.mark.parametrize("pure", [False, True])
def test_every_understatement_of_new_measurements_is_found(pure: bool) -> None:
    made = pure_plan(SQL, "30") if pure else plan_of(SQL, epsilon="90")
    assert loss(made) == (made.rho, Decimal(0))
    place, median = found(only(made), "quantile", "exponential")
    summed, m = found(only(made), "sum", "laplace")
    grain = Decimal("1e-18")
    a, b = median.rank
    unsound = [
        changed(made, place, sigma=median.sigma - 1),
        changed(made, place, rho=median.rho - grain),
        changed(made, place, square=median.square - 1),
        changed(made, place, rank=(2 * a, 2 * b)),  # the same rank, larger scores
        changed(made, summed, sigma=m.sigma - 1),
        changed(made, summed, rho=m.rho - grain),
        changed(made, summed, rho=m.rho + grain),
        changed(made, summed, upper=m.upper + 1),
        changed(made, summed, mechanism="gaussian"),
        changed(made, summed, sigma=m.sigma * 2),
    ]
    for wrong in unsound:
        with pytest.raises(PlanUnsound):
            loss(wrong)


@pytest.mark.parametrize("epsilon", ["0.1", "1", "25"])
@pytest.mark.parametrize("bounds", [{}, {"groups": 2, "rows_per_group": 3}, {"rows_per_group": 1}])
def test_a_pure_plan_costs_what_was_asked(epsilon: str, bounds: dict[str, int]) -> None:
    made = pure_plan(SQL, epsilon, bounds=bounds)
    assert {m.mechanism for m in only(made).measurements} == {"laplace", "exponential"}
    spent, asked = pure_loss(made), Decimal(epsilon)
    assert spent is not None and asked * Decimal("0.998") < spent <= asked
    half = changed(made, 0, sigma=only(made).measurements[0].sigma * 2)
    with pytest.raises(PlanUnsound):
        pure_loss(half)  # its ρ does not fit


def test_pure_loss_by_hand() -> None:
    """Laplace noise of b on a count of at most 20 rows a unit costs 20/b; a median drawn with t costs 2·20/t."""
    made = pure_plan("SELECT COUNT(*), MEDIAN(cost) FROM visits", "1")
    count, median = (found(only(made), *one)[1] for one in (("rows", "laplace"), ("quantile", "exponential")))
    expected = 20 * 1024 / count.sigma + 2 * 20 * 1024 / median.sigma
    assert float(pure_loss(made) or 0) == pytest.approx(expected, rel=1e-12)


def test_what_a_pure_account_cannot_pay() -> None:
    assert pure_loss(plan_of("SELECT COUNT(*) FROM persons")) is None
    with pytest.raises(Problem, match="declared domain") as caught:
        pure_plan("SELECT dept, COUNT(*) FROM visits GROUP BY dept")
    assert caught.value.code == "sql_not_allowed"
    with pytest.raises(Problem) as small:
        pure_plan("SELECT COUNT(*), SUM(income) FROM persons", "0.000000000000000001")
    assert small.value.code == "epsilon_invalid"


def test_laplace_noise_only_where_its_interval_is_narrower() -> None:
    low, high = (plan_of("SELECT COUNT(*), SUM(cost) FROM visits", epsilon=e) for e in ("1", "60"))
    assert {m.mechanism for m in only(low).measurements} == {"gaussian"}
    assert {m.mechanism for m in only(high).measurements} == {"laplace"}
    private = plan_of("SELECT dept, COUNT(*), SUM(cost) FROM visits GROUP BY dept", epsilon="60")
    threshold = only(private).threshold
    assert threshold is not None
    assert only(private).measurements[threshold.measurement].mechanism == "gaussian"
