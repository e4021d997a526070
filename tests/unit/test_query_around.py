"""Sums around the middle of their bounds share the count that is measured anyway (decision 0060)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from query_examples import only, plan_of
from query_town import SUMS, block, planned

from sandbox.plan.plan import Output, Plan
from sandbox.privacy.released import Released
from sandbox.products.query.accuracy import constant_width
from sandbox.products.query.explain import explain
from sandbox.products.query.kind import QueryProduct
from sandbox.products.query.present import origin


def shown(plan: Plan, name: str) -> Output:
    found = origin(plan.post, name, plan)
    assert found is not None
    return found[1]


def measured(plan: Plan, name: str = "total") -> list[tuple[str, int]]:
    """What a sum is made of, with the centre of each part."""
    parts = [only(plan).measurements[place] for place in shown(plan, name).source]
    return [(part.what, part.centre) for part in parts]


@pytest.mark.parametrize(
    ("sql", "parts"),
    [
        ("SELECT sex, COUNT(*) AS n, SUM(wage) AS total FROM persons GROUP BY sex", [("sum", 49_025), ("rows", 0)]),
        ("SELECT sex, AVG(wage) AS m, SUM(wage) AS total FROM persons GROUP BY sex", [("sum", 49_025), ("rows", 0)]),
        # of what may be NULL its own values are counted: COUNT(*) is of other rows
        ("SELECT COUNT(income) AS n, SUM(income) AS total FROM persons", [("sum", 250_000), ("values", 0)]),
        ("SELECT COUNT(*) AS n, SUM(income) AS total FROM persons", [("sum", 0)]),
        ("SELECT sex, SUM(wage) AS total FROM persons GROUP BY sex", [("sum", 0)]),
        ("SELECT COUNT(*) AS n, SUM(CASE WHEN insured THEN 1 ELSE 0 END) AS total FROM persons", [("sum", 0)]),
        # a threshold has the rows of a private group counted, where a unit has one
        ("SELECT town, SUM(wage) AS total FROM persons GROUP BY town", [("sum", 49_025), ("rows", 0)]),
    ],
)  # fmt: skip
def test_a_sum_is_put_together_with_the_count_of_its_very_rows(sql: str, parts: list[tuple[str, int]]) -> None:
    assert measured(plan_of(sql)) == parts


def test_a_sum_and_an_average_of_one_column_are_made_of_one_sum() -> None:
    plan = plan_of("SELECT sex, AVG(wage) AS mean, SUM(wage) AS total FROM persons GROUP BY sex")
    assert shown(plan, "mean").source == shown(plan, "total").source
    assert len(only(plan).measurements) == 2


def test_not_in_weights_nor_under_a_pure_budget() -> None:
    assert all(m.norm is not None and not m.centre for m in block(planned(SUMS)).measurements)
    plain = "SELECT sex, COUNT(*) AS n, SUM(income) AS total FROM persons GROUP BY sex"
    assert any(m.centre for m in block(planned(plain)).measurements)
    assert not any(m.centre for m in block(planned(plain, pure=True)).measurements)


def test_totals_are_put_right_on_the_same_base() -> None:
    sex = "CASE WHEN sex = 'f' THEN 'f' ELSE 'm' END"
    rollup = f"SELECT {sex} AS s, COUNT(*) AS n, SUM(wage) AS total FROM persons GROUP BY ROLLUP (s)"
    plain, right = plan_of(rollup), plan_of(rollup, consistent=True)
    assert plain.base_key() == right.base_key() and any(m.centre for m in right.blocks[0].measurements)


def test_what_is_shown_is_the_exact_sum() -> None:
    """-10.00, 0 and 990.50 by the definition of what is measured: around 490.25."""
    plan = plan_of("SELECT COUNT(*) AS n, SUM(wage) AS total FROM persons")
    values = {"rows": 3, "sum": sum(cents - 49_025 for cents in (-1_000, 0, 99_050))}
    row = tuple(values[m.what] for m in only(plan).measurements)
    answer = QueryProduct().present(plan, [Released([()], [row])], [[row]])
    assert answer.rows == ((3, Decimal("980.50")),)


@pytest.mark.parametrize("most", [500_000, 10, 3])
def test_count_and_sum_are_both_more_exact_than_apart(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def widths() -> list[float]:
        plan = plan_of(f"SELECT COUNT(*) AS n, SUM(LEAST(COALESCE(income, 0), {most})) AS total FROM persons")
        return [constant_width(only(plan), shown(plan, name)) or 0.0 for name in ("n", "total")]

    together = widths()
    monkeypatch.setattr("sandbox.products.query.compile.around", lambda asks, way, counted: way)
    apart = widths()
    assert 0 < together[0] < apart[0] and 0 < together[1] < apart[1]


def test_the_count_is_paid_for_both_that_it_serves() -> None:
    """Of values half as large as they may be: the sum moves by 1 for its half range, the count by 1 for itself and by
    1 for what it is multiplied by."""
    made = only(plan_of("SELECT COUNT(*) AS n, SUM(LEAST(COALESCE(income, 0), 10000)) AS total FROM persons"))
    rho = {m.what: float(m.rho) for m in made.measurements}
    assert rho["rows"] / rho["sum"] == pytest.approx(2**0.5, rel=0.001)


def test_errors_that_sum_and_count_share_are_not_taken_for_two() -> None:
    """SUM − m·COUNT has only the error of what is measured around m."""
    plan = plan_of("SELECT SUM(wage) - 490.25 * COUNT(*) AS rest, SUM(wage) AS total, COUNT(*) AS n FROM persons")
    row = tuple({"rows": 10_000, "sum": 5_000_000}[m.what] for m in only(plan).measurements)
    answer = QueryProduct().present(plan, [Released([()], [row])], [[row]])
    rest, total, _ = (float(one or 0) for one in answer.errors[0])
    [of_sum] = [m for m in only(plan).measurements if m.what == "sum"]
    assert rest == pytest.approx(1.96 * 1.044 * of_sum.sigma / 1024 / 100, rel=0.01)
    assert total > 1.2 * rest


def test_a_plan_says_so_and_refuses_other_parts() -> None:
    plan = plan_of("SELECT COUNT(*) AS n, SUM(wage) AS total FROM persons")
    assert any("around 490.25" in said for said in explain(plan, "person", "en"))
    assert any("围绕 490.25" in said for said in explain(plan, "人", "zh"))
    total = shown(plan, "total")
    for source in (total.source[::-1], (total.source[0], total.source[0])):
        outputs = tuple(replace(one, source=source) if one is total else one for one in plan.outputs[0])
        with pytest.raises(ValueError, match="count of its rows"):
            replace(plan, outputs=(outputs,))
