"""Errors that several values share are counted once, and nothing is taken for surer than it is."""

from __future__ import annotations

from math import hypot, sqrt

import pytest
from query_examples import only, plan_of

from sandbox.jobs.product import Answer
from sandbox.privacy.released import Released
from sandbox.products.query.kind import QueryProduct
from sandbox.products.query.off import MOST, Off, combined

DEPTS = [("f",), ("m",)]


def answered(sql: str, rows: int = 10_000) -> Answer:
    plan = plan_of(sql, epsilon="1")
    base = []
    for block in plan.blocks:
        row = tuple(rows if m.what == "rows" else rows * 40 for m in block.measurements)
        base.append(Released(list(DEPTS) if block.keys else [()], [row] * (2 if block.keys else 1)))
    return QueryProduct().present(plan, base, [one.values for one in base])


def width(answer: Answer, name: str) -> float:
    place = [column.name for column in answer.columns].index(name)
    return float(answer.errors[0][place] or "nan")


def test_the_same_error_cancels_or_adds_up() -> None:
    answer = answered("SELECT sex, COUNT(*) AS n, COUNT(*) - COUNT(*) AS none, 2 * COUNT(*) + COUNT(*) AS three "
                      "FROM persons GROUP BY sex")  # fmt: skip
    n = width(answer, "n")
    assert width(answer, "none") == 0
    assert width(answer, "three") == pytest.approx(3 * n, rel=1e-3)


def test_independent_errors_combine_as_squares() -> None:
    answer = answered("SELECT sex, COUNT(*) AS n, SUM(age) AS s, SUM(age) - COUNT(*) AS d FROM persons GROUP BY sex")
    assert width(answer, "d") == pytest.approx(hypot(width(answer, "n"), width(answer, "s")), rel=1e-3)


def test_a_share_of_the_total_knows_that_it_is_part_of_it() -> None:
    """n / (n + m): the error of n moves it by m/(n + m)², that of m by n/(n + m)²."""
    answer = answered("SELECT sex, COUNT(*) AS n, COUNT(*) / SUM(COUNT(*)) OVER () AS share FROM persons GROUP BY sex")
    n = width(answer, "n")
    assert width(answer, "share") == pytest.approx(n * sqrt(2) * 10_000 / 20_000**2, rel=0.01)


def test_one_error_that_stands_beside_each_group_adds_up() -> None:
    """Not as the root of squares: it is the same noise in every row."""
    answer = answered(
        "SELECT SUM(t) AS all_of_them FROM (SELECT d.sex, w.t FROM (SELECT sex, COUNT(*) AS n FROM persons "
        "GROUP BY sex) AS d CROSS JOIN (SELECT COUNT(*) AS t FROM persons) AS w)"
    )
    alone = width(answered("SELECT COUNT(*) AS t FROM persons"), "t")
    plan = plan_of("SELECT COUNT(*) AS t FROM persons", epsilon="1")
    assert only(plan).measurements
    assert width(answer, "all_of_them") >= 2 * alone


def test_a_running_sum_grows_as_the_root() -> None:
    answer = answered("SELECT sex, COUNT(*) AS n, SUM(COUNT(*)) OVER (ORDER BY sex) AS up FROM persons GROUP BY sex")
    place = [column.name for column in answer.columns].index("up")
    ups = [float(row[place] or "nan") for row in answer.errors]
    assert ups[1] == pytest.approx(sqrt(2) * ups[0], rel=0.01)


def test_what_a_quotient_by_almost_nothing_may_be_is_far() -> None:
    sure = width(answered("SELECT sex, SUM(age) / COUNT(*) AS q FROM persons GROUP BY sex", 10_000), "q")
    unsure = width(answered("SELECT sex, SUM(age) / COUNT(*) AS q FROM persons GROUP BY sex", 12), "q")
    assert unsure > 500 * sure


def test_what_is_forgotten_is_taken_for_the_worst() -> None:
    many = [(1.0, Off(1.0, {(0, group, 0): 1.0})) for group in range(MOST + 1)]
    whole = combined(many)
    assert whole == pytest.approx(sqrt(MOST + 1)) and whole.moves is None
    assert combined([(1.0, whole), (-2.0, Off(3.0, {(0, 0, 0): 3.0}))]) == pytest.approx(float(whole) + 6)
    assert float(combined([])) == 0
