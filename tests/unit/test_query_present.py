"""Answers from released integers: rows by the base, values by the copy, intervals in the column's unit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from query_examples import only, plan_of, refusal

from sandbox.core.canonical import canonical_bytes
from sandbox.errors import Problem
from sandbox.jobs.product import Answer
from sandbox.jobs.result import canonical_result
from sandbox.plan.plan import Plan
from sandbox.plan.scalar import Value
from sandbox.privacy.released import Released
from sandbox.products.query.kind import QueryProduct
from sandbox.products.query.values import average

KIND = QueryProduct()
GROUPS = [("f",), ("m",)]


def released(plan: Plan, **values: int) -> tuple[int, ...]:
    """One integer per measurement, by its kind."""
    return tuple(values.get(m.what, 0) for m in only(plan).measurements)


def answered(plan: Plan, base: list[dict[str, int]], copy: list[dict[str, int]] | None = None) -> Answer:
    rows = [released(plan, **one) for one in base]
    marked = [released(plan, **one) for one in copy or base]
    groups: list[tuple[Value, ...]] = [*GROUPS] if only(plan).keys else [()]
    return KIND.present(plan, [Released(groups, rows)], [marked])


def test_values_types_and_default_order() -> None:
    plan = plan_of("SELECT COUNT(*) AS n, SUM(wage) AS total, AVG(wage) AS mean, sex FROM persons GROUP BY sex")
    [around] = [m for m in only(plan).measurements if m.what == "sum"]
    assert around.centre == 49_025 and len(only(plan).measurements) == 2
    answer = answered(plan, [{"rows": -4, "sum": 4 * 49_025 + 12_345}, {"rows": 3, "sum": 1}])
    assert answer.rows == (
        (0, Decimal("123.45"), None, "f"),  # counts stay at or above 0; no average of no rows
        (3, Decimal("1470.76"), Decimal("490.253333"), "m"),
    )
    assert [(c.name, c.type, c.role) for c in answer.columns] == [
        ("n", "integer", "measure"),
        ("total", "decimal", "measure"),
        ("mean", "decimal", "measure"),
        ("sex", "string", "key"),
    ]
    assert all((c.error_95 is not None) == (c.role == "measure") for c in answer.columns)


def test_averages_stay_in_their_bounds_and_round_half_to_even() -> None:
    measured = next(m for m in only(plan_of("SELECT AVG(age) FROM persons")).measurements if m.what == "sum")
    assert average(measured, 10**9, 3, 4) == Decimal("100.0000")
    assert average(measured, -(10**9), 3, 4) == Decimal("0.0000")
    assert str(average(measured, -100, 2, 4)) == "0.0000"
    assert average(measured, 1, 20_000, 4) == Decimal("50.0000")
    assert average(measured, 3, 20_000, 4) == Decimal("50.0002")
    assert average(measured, 5, 0, 4) is None


def test_rows_are_chosen_on_the_base_and_shown_from_the_copy() -> None:
    plan = plan_of("SELECT sex, COUNT(*) AS n FROM persons GROUP BY sex HAVING COUNT(*) > 10 ORDER BY n DESC")
    answer = answered(plan, [{"rows": 11}, {"rows": 10}], [{"rows": 10}, {"rows": 12}])
    assert answer.rows == (("f", 11),)  # the mark would take it out of its own condition


def test_limit_is_decided_on_the_base_and_order_shown_from_the_copy() -> None:
    plan = plan_of("SELECT sex, COUNT(*) AS n FROM persons GROUP BY sex ORDER BY n LIMIT 1")
    assert answered(plan, [{"rows": 5}, {"rows": 4}], [{"rows": 5}, {"rows": 6}]).rows == (("m", 6),)
    both = plan_of("SELECT sex, COUNT(*) AS n FROM persons GROUP BY sex ORDER BY n LIMIT 2")
    assert answered(both, [{"rows": 5}, {"rows": 4}], [{"rows": 5}, {"rows": 6}]).rows == (("f", 5), ("m", 6))
    second = plan_of("SELECT sex, COUNT(*) AS n FROM persons GROUP BY sex LIMIT 5 OFFSET 1")
    assert answered(second, [{"rows": 5}, {"rows": 4}]).rows == (("m", 4),)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("mean", ["m", "f"]),
        ("mean DESC", ["m", "f"]),
        ("mean NULLS FIRST", ["f", "m"]),
        ("1 DESC", ["m", "f"]),
        ("AVG(wage) NULLS FIRST, sex", ["f", "m"]),
        ("COUNT(*) + 1 DESC", ["m", "f"]),
    ],
)
def test_order(order: str, expected: list[str]) -> None:
    plan = plan_of(f"SELECT sex, AVG(wage) AS mean FROM persons GROUP BY sex ORDER BY {order}")
    answer = answered(plan, [{"rows": 0, "sum": 1}, {"rows": 9, "sum": 1}])
    assert [row[0] for row in answer.rows] == expected


def test_computed_columns() -> None:
    plan = plan_of(
        "SELECT sex, SUM(income) / COUNT(*) AS mean, 2 * COUNT(*) AS twice, 3 AS three, "
        "CASE WHEN COUNT(*) > 3 THEN 'many' ELSE 'few' END AS size FROM persons GROUP BY sex"
    )
    answer = answered(plan, [{"rows": 4, "sum": 10}, {"rows": 0, "sum": 5}])
    assert answer.rows == (("f", Decimal("2.500000"), 8, 3, "many"), ("m", None, 0, 3, "few"))
    twice = next(c for c in answer.columns if c.name == "twice")
    count = answered(plan_of("SELECT COUNT(*) FROM persons"), [{"rows": 4}]).columns[0]
    assert twice.error_95 and count.error_95


def test_intervals_follow_the_noise() -> None:
    plan = plan_of("SELECT COUNT(*), SUM(wage) FROM persons")
    [count, total] = answered(plan, [{"rows": 100, "sum": 5}]).columns
    sigmas = {m.what: m.sigma / 1024 for m in only(plan).measurements}
    both = (sigmas["sum"] ** 2 + (49_025 * sigmas["rows"]) ** 2) ** 0.5
    assert count.error_95 and total.error_95 and count.scale
    assert float(count.error_95) == pytest.approx(1.96 * sigmas["rows"] * 1.044 - 0.5, abs=0.5)  # whole steps
    assert float(total.error_95) == pytest.approx(1.96 * both * 1.044 / 100, rel=0.01)
    assert total.scale and float(total.scale) == pytest.approx(both / 100, rel=0.001)
    assert "E" not in total.error_95 + count.scale


def test_the_canonical_result_has_one_spelling() -> None:
    plan = plan_of("SELECT insured, AVG(wage) AS mean FROM persons GROUP BY insured")
    rows = [released(plan, rows=0, sum=0), released(plan, rows=10, sum=1)]
    answer = KIND.present(plan, [Released([(False,), (True,)], rows)], [rows])
    assert canonical_result(answer) == {
        "v": 1,
        "columns": [
            {"name": "insured", "type": "boolean", "role": "key"},
            {"name": "mean", "type": "decimal", "role": "measure"},
        ],
        "rows": [["false", None], ["true", "490.251000"]],
    }
    assert canonical_bytes(canonical_result(answer))


def test_notes_say_what_the_plan_does() -> None:
    notes = plan_of("SELECT dept, AVG(cost) FROM visits GROUP BY dept", bounds={"groups": 3, "rows_per_group": 2}).notes
    assert any(note.startswith("dept has no declared domain: groups with fewer than about ") for note in notes)
    assert any("at most 3 groups with at most 2 rows" in note for note in notes)
    assert any(note.startswith("values of cost outside") for note in notes)
    declared = plan_of("SELECT sex, COUNT(*) FROM persons GROUP BY sex").notes
    assert declared == ("rows whose sex is not one of the declared values are not shown",)


@pytest.mark.parametrize(
    "spec",
    [
        {"bound": {}},
        {"bounds": {"groups": 0}},
        {"bounds": {"x": 1}},
        {"bounds": 3},
        {"approval": "yes"},
        {"bounds": {"groups": True}},
    ],
)
def test_review_refuses_what_it_does_not_know(spec: dict[str, object]) -> None:
    with pytest.raises(Problem):
        KIND.review(spec, [])


def test_review_accepts_the_three_fields() -> None:
    KIND.review({"bounds": {"groups": 3}, "max_epsilon_per_query": "2.5", "approval": "automatic"}, [])


def test_fields_of_the_request() -> None:
    assert plan_of("SELECT COUNT(*) FROM persons", confidence=0.95)
    assert refusal("SELECT COUNT(*) FROM persons", confidence=0.9).code == "field_invalid"
    assert refusal("SELECT COUNT(*) FROM persons", bounds={"rows": 3}).code == "field_invalid"
    with pytest.raises(Problem, match="field_invalid"):
        plan_of(None)  # type: ignore[arg-type]


def test_columns_say_where_the_true_value_cannot_lie() -> None:
    plan = plan_of("SELECT COUNT(*) AS n, SUM(age) AS years, AVG(age) AS age, COUNT(*) * 2 AS twice FROM persons")
    said = [(column.name, column.least, column.most) for column in answered(plan, [{}]).columns]
    assert said == [("n", "0", None), ("years", "0", None), ("age", "0", "100"), ("twice", None, None)]
