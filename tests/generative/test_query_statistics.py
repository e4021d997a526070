"""Variances and their kin: without noise they are what a textbook says of the same rows, with any noise they stay where
such a number can be, and their intervals do not lose what clamping hides."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from query_examples import only, plan_of

from sandbox.engines.reference import measure
from sandbox.engines.relations import Row
from sandbox.plan.block import Measurement
from sandbox.plan.plan import STATISTICS, Plan
from sandbox.products.query.accuracy import error
from sandbox.products.query.values import values_of

CALLS = {
    "var_pop": "VAR_POP(wage)", "var_samp": "VARIANCE(wage)", "stddev_pop": "STDDEV_POP(wage)",
    "stddev_samp": "STDDEV(wage)", "covar_pop": "COVAR_POP(wage, age)", "covar_samp": "COVAR_SAMP(wage, age)",
    "corr": "CORR(wage, age)", "regr_slope": "REGR_SLOPE(wage, age)", "regr_intercept": "REGR_INTERCEPT(wage, age)",
    "regr_r2": "REGR_R2(wage, age)", "regr_sxx": "REGR_SXX(age, wage)", "regr_syy": "REGR_SYY(wage, age)",
    "regr_sxy": "REGR_SXY(wage, age)",
}  # fmt: skip
PLANS: dict[str, Plan] = {what: plan_of(f"SELECT {call} AS it FROM persons") for what, call in CALLS.items()}
WAGES, AGES = st.integers(-1000, 99_050), st.one_of(st.none(), st.integers(0, 100))
Rows = list[dict[str, Decimal | int | None]]


def textbook(what: str, rows: Rows) -> float | None:
    wages = [float(row["wage"] or 0) for row in rows if row["age"] is not None or not what.startswith("regr")]
    if what in ("regr_sxx", "regr_syy"):
        return statistics.pvariance(wages) * len(wages) if wages else None
    if STATISTICS[what][0] == "aa":
        if len(wages) <= what.endswith("samp"):
            return None
        made = {"p": statistics.pvariance, "s": statistics.variance}[what.split("_")[1][0]](wages)
        return float(made) ** 0.5 if what.startswith("std") else made
    both = [(float(row["wage"] or 0), float(row["age"])) for row in rows if row["age"] is not None]
    if len(both) < 2:
        return 0.0 if both and what in ("covar_pop", "regr_sxy") else None
    a, b = zip(*both, strict=True)
    if what.startswith("covar"):
        return statistics.covariance(a, b) * (1 if what == "covar_samp" else (len(a) - 1) / len(a))
    if what == "regr_sxy":
        return statistics.covariance(a, b) * (len(a) - 1)
    if len(set(b)) == 1 or (what in ("corr", "regr_r2") and len(set(a)) == 1):
        return None
    if what == "regr_r2":
        return statistics.correlation(a, b) ** 2
    line = statistics.linear_regression(b, a)
    return statistics.correlation(a, b) if what == "corr" else getattr(line, what.removeprefix("regr_"))


def int_of(m: Measurement, rows: Rows) -> int:
    found = measure(m, [Row(0, (at,), row) for at, row in enumerate(rows)])
    assert isinstance(found, int)
    return found


def shown(plan: Plan, sums: Sequence[int]) -> Decimal | None:
    [found] = values_of(only(plan), plan.outputs[0][0], [], [[one] for one in sums])
    assert found is None or isinstance(found, Decimal)
    return found


@pytest.mark.parametrize("what", STATISTICS)
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(WAGES, AGES), max_size=6))
def test_without_noise_it_is_the_textbook(what: str, drawn: list[tuple[int, int | None]]) -> None:
    rows: Rows = [{"wage": Decimal(wage).scaleb(-2), "age": age} for wage, age in drawn]
    plan, expected = PLANS[what], textbook(what, rows)
    found = shown(plan, [int_of(m, rows) for m in only(plan).measurements])
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert float(found) == pytest.approx(expected, rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("what", STATISTICS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.data())
def test_with_any_noise_it_stays_where_it_can_be(what: str, data: st.DataObject) -> None:
    plan = PLANS[what]
    sums = [data.draw(st.integers(-(10**15), 10**15)) for _ in only(plan).measurements]
    found = shown(plan, sums)
    assume(found is not None)
    rows = max(sums[plan.outputs[0][0].source[-1]], 1)
    most = {
        "var_pop": 500.25**2, "var_samp": 2 * 500.25**2, "stddev_pop": 500.25, "stddev_samp": 707.5, "corr": 1,
        "covar_pop": 500.25 * 50, "covar_samp": 1000.5 * 50, "regr_slope": 1000.5, "regr_intercept": 990.5 + 100_050,
        "regr_r2": 1, "regr_sxx": 500.25**2 * rows, "regr_syy": 500.25**2 * rows,
        "regr_sxy": 500.25 * 50 * rows,
    }[what]  # fmt: skip
    assert found is not None
    assert (0 if STATISTICS[what][0] == "aa" or what == "regr_r2" else -most - 1e-6) <= found <= most + 1e-3
    half = error(only(plan), plan.outputs[0][0], sums)
    assert half is not None and 0 < half <= 2 * most + 1e-3
