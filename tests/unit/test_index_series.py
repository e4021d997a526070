"""The index product: what a specification may say, its periods, and the intervals of its series."""

from __future__ import annotations

from datetime import date
from itertools import islice, pairwise
from typing import Any

import numpy as np
import pytest
from query_examples import clinic

from sandbox.errors import Problem
from sandbox.products.index.kind import IndexProduct
from sandbox.products.index.shape import NORMAL, shaped
from sandbox.products.index.specification import IndexSpec, filled
from sandbox.products.periods import LENGTHS, complete, read_period

SPEC: dict[str, Any] = {
    "sql": "SELECT ward, AVG(cost) AS c, COUNT(*) AS n FROM visits WHERE day >= :from AND day < :to GROUP BY ward",
    "weights": {"c": "0.6", "n": "0.4"},
    "schedule": "P1Y",
    "epsilon": "0.5",
    "runs": 4,
    "epsilon_per_year": "2",
}


@pytest.mark.parametrize(
    ("changed", "say"),
    [
        ({"epsilon_per_year": "1"}, "4 runs with ε 0.5 take 2.0 in a year, and 1 is planned"),
        ({"runs": 0}, "runs"),
        ({"schedule": "P1M"}, "P1M has 12 periods"),
        ({"epsilon": "3", "epsilon_per_year": "40"}, "takes more than the share of ε 4"),
        ({"weights": {"zz": "1"}}, "no column 'zz'"),
        ({"formula": "1"}, "one of the two"),
        ({"sql": "SELECT pid FROM visits"}, "no column"),
        ({"weights": None, "formula": "c) AS x, (n"}, "cannot stand here"),
        ({"weights": None, "formula": "ward"}, "it must give a number"),
        ({"smoothing": {"method": "exponential"}}, "alpha"),
        ({"runs": True}, "spec.runs"),
        ({"normalisation": "base", "base": "2024-01"}, "write a period like 2026"),
        ({"normalisation": "base", "base": "2031", "last": "2024"}, "2031 is after 2024, the last period"),
        (
            {"sql": "SELECT AVG(cost) AS c FROM visits WHERE day >= :jahr"},
            ":jahr names nothing of a period; write :year",
        ),
    ],
)
def test_what_cannot_last_the_year_or_be_asked_is_refused_at_review(changed: dict[str, Any], say: str) -> None:
    IndexProduct().review(SPEC, [clinic()])
    with pytest.raises(Problem) as refused:
        IndexProduct().review({**SPEC, **changed}, [clinic()])
    assert refused.value.status == 422 and say in str(refused.value)


def test_only_the_names_of_the_period_are_filled_in() -> None:
    march = read_period("P1M", "2026-03")
    sql = "SELECT ':year', \"a:to\", x::INT FROM t WHERE y = :year AND m = :month AND d >= :from AND d < :To -- :year"
    wanted = "SELECT ':year', \"a:to\", x::INT FROM t WHERE y = 2026 AND m = 3 AND d >= DATE '2026-03-01' "
    assert filled(sql, march) == wanted + "AND d < DATE '2026-04-01' -- :year"


@pytest.mark.parametrize("length", list(LENGTHS))
def test_periods_have_names_that_sort_and_leave_no_day_out(length: str) -> None:
    found = list(islice(complete(length, date(2026, 3, 1)), 500))
    names = [period.name for period in found]
    assert names == sorted(names, reverse=True) and len(set(names)) == len(names)
    assert all(later.first == earlier.end for later, earlier in pairwise(found))
    assert [read_period(length, name) for name in names] == found


def spec(**changed: Any) -> IndexSpec:
    return IndexSpec.model_validate({"sql": "x", "weights": {"a": "1"}, **changed})


CASES = {
    "base": spec(normalisation="base", base="0"),
    "z": spec(normalisation="z"),
    "exponential": spec(smoothing={"method": "exponential", "alpha": "0.4"}),
    "both": spec(normalisation="base", base="0", smoothing={"method": "exponential", "alpha": "0.4"}),
}


@pytest.mark.parametrize("case", CASES)
def test_intervals_hold_what_the_true_values_make_95_times_in_100(case: str) -> None:
    draw = np.random.default_rng(7)
    truth = 50 + np.cumsum(draw.normal(0, 3, 12))
    widths = draw.uniform(0.3, 1.2, 12)
    wanted = shaped(CASES[case], truth, [0.0] * 12, 1)
    held = told = 0
    for _ in range(400):
        seen = shaped(CASES[case], truth + draw.normal(0, widths / NORMAL), widths, 1)
        for found, true in zip(seen, wanted, strict=True):
            if found.value is not None and found.width:
                told += 1
                held += abs(found.value - true.value) <= found.width
    assert 0.93 < held / told < 0.97


def test_a_local_level_is_nearer_the_truth_than_what_was_measured_and_its_intervals_hold() -> None:
    draw, smooth = np.random.default_rng(3), spec(smoothing={"method": "local_level"})
    held, off, raw = [], [], []
    for _ in range(200):
        truth = 50 + np.cumsum(draw.normal(0, 1, 30))
        seen = truth + draw.normal(0, 2, 30)
        found = shaped(smooth, seen, [2 * NORMAL] * 30, None)
        held += [abs(one.value - true) <= one.width for one, true in zip(found[5:], truth[5:], strict=True)]
        off += [(one.value - true) ** 2 for one, true in zip(found[5:], truth[5:], strict=True)]
        raw += list((seen - truth)[5:] ** 2)
    assert 0.90 < np.mean(held) < 0.97, "the variance of the steps is estimated from thirty values"
    assert np.mean(off) < 0.6 * np.mean(raw)


def test_the_base_is_100_and_without_it_there_is_no_value() -> None:
    found = shaped(CASES["base"], [40, 50, 55], [1, 1, 1], 1)
    assert (found[1].value, found[1].width) == (100, 0) and found[2].value == pytest.approx(110)
    assert found[2].width == pytest.approx(100 / 50 * np.hypot(1, 1.1))
    assert [one.value for one in shaped(CASES["base"], [40, 50], [1, 1], None)] == [None, None]
