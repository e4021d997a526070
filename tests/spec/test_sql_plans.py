"""What a question means: SQL on the left, facts of its plan on the right."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from query_examples import only, plan_of, refusal

from sandbox.plan import scalar as s
from sandbox.plan.block import Bounds
from sandbox.plan.codec import from_json, to_json
from sandbox.plan.plan import Plan
from sandbox.plan.relation import Filter, Scan
from sandbox.privacy.rederive import loss


def measured(plan: Plan) -> list[tuple[str, int, int, int, int]]:
    """What is measured: kind, clamps, centre and Δ2²."""
    return sorted((m.what, m.lower, m.upper, m.centre, m.square) for m in only(plan).measurements)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT COUNT(*) FROM persons", [("rows", 0, 0, 0, 1)]),
        ("SELECT COUNT(pid), COUNT(1), COUNT(DISTINCT pid) FROM persons", [("rows", 0, 0, 0, 1)]),
        ("SELECT COUNT(*), COUNT(age) FROM persons", [("rows", 0, 0, 0, 1), ("values", 0, 0, 0, 1)]),
        ("SELECT COUNT(*), COUNT(wage) FROM persons", [("rows", 0, 0, 0, 1)]),
        ("SELECT SUM(income) FROM persons", [("sum", 0, 500_000, 0, 500_000**2)]),
        ("SELECT SUM(wage) FROM persons", [("sum", -1000, 99_050, 0, 99_050**2)]),
        ("SELECT AVG(age) FROM persons", [("sum", 0, 100, 50, 2500), ("values", 0, 0, 0, 1)]),
        ("SELECT AVG(wage) FROM persons", [("rows", 0, 0, 0, 1), ("sum", -1000, 99_050, 49_025, 50_025**2)]),
        ("SELECT SUM(-age) FROM persons", [("sum", -100, 0, 0, 10_000)]),
        ("SELECT SUM(2 * age - 1) FROM persons", [("sum", -1, 199, 0, 199**2)]),
        ("SELECT SUM(wage * 0.1) FROM persons", [("sum", -1000, 99_050, 0, 99_050**2)]),
        ("SELECT SUM(CASE WHEN age > 90 THEN 1 ELSE 0 END) FROM persons", [("sum", 0, 1, 0, 1)]),
        ("SELECT SUM(0) FROM persons", [("sum", 0, 0, 0, 1)]),
        ("SELECT COUNT(*) FILTER (WHERE age > 9) FROM persons", [("values", 0, 0, 0, 1)]),
        ("SELECT SUM(cost) FILTER (WHERE dept = 'x') FROM visits", [("sum", 0, 2_000_000, 0, 400 * 2_000_000**2)]),
        (
            "SELECT STDDEV(age) FROM persons",
            [("sum", 0, 100, 50, 2500), ("sum", 0, 2500, 1250, 1250**2), ("values", 0, 0, 0, 1)],
        ),
        (
            "SELECT VAR_POP(wage) FROM persons",
            [
                ("rows", 0, 0, 0, 1),
                ("sum", -1000, 99_050, 49_025, 50_025**2),
                ("sum", 0, 50_025**2, 50_025**2 // 2, (50_025**2 - 50_025**2 // 2) ** 2),
            ],
        ),
        (
            "SELECT COVAR_SAMP(wage, age) FROM persons",
            [
                ("sum", -50 * 50_025, 50 * 50_025, 0, (50 * 50_025) ** 2),
                ("sum", -1000, 99_050, 49_025, 50_025**2),
                ("sum", 0, 100, 50, 2500),
                ("values", 0, 0, 0, 1),
            ],
        ),
        ("SELECT AVG(age) FILTER (WHERE insured) FROM persons", [("sum", 0, 100, 50, 2500), ("values", 0, 0, 0, 1)]),
        ("SELECT COUNT(*) FROM visits", [("rows", 0, 0, 0, 400)]),
        ("SELECT COUNT(DISTINCT pid) FROM visits", [("units", 0, 0, 0, 1)]),
        ("SELECT ward, COUNT(DISTINCT pid) FROM visits GROUP BY ward", [("units", 0, 0, 0, 3)]),
        ("SELECT dept, COUNT(*) FROM visits GROUP BY 1", [("rows", 0, 0, 0, 400), ("units", 0, 0, 0, 20)]),
        ("SELECT SUM(cost) FROM visits", [("sum", 0, 2_000_000, 0, 400 * 2_000_000**2)]),
        ("SELECT town, SUM(age) FROM persons GROUP BY town", [("rows", 0, 0, 0, 1), ("sum", 0, 100, 0, 10_000)]),
    ],
)
def test_measurements_and_sensitivities(sql: str, expected: list[tuple[str, int, int, int, int]]) -> None:
    plan = plan_of(sql)
    assert measured(plan) == expected
    assert loss(plan) == (plan.rho, plan.delta)


@pytest.mark.parametrize(
    ("keys", "domains"),
    [
        ("sex", [("f", "m")]),
        ("insured", [(False, True)]),
        ("MONTH(born)", [tuple(range(1, 13))]),
        ("EXTRACT(YEAR FROM born)", [tuple(range(1920, 2020))]),
        ("town", [None]),
        ("age", [None]),
        ("sex, town", [None, None]),
        ("CASE WHEN age < 50 THEN 'young' ELSE 'old' END", [("old", "young")]),
        ("CASE WHEN age < 50 THEN 'young' END", [("young", None)]),
        ("YEAR(born), MONTH(born), sex", [("f", "m"), tuple(range(1, 13)), tuple(range(1920, 2020))]),
        ("YEAR(born), MONTH(born), DAY(born)", [None, None, None]),  # 37,200 cells are not laid out
        ("age > 50", [(False, True)]),
        ("COALESCE(sex, '?')", [("?", "f", "m")]),
        ("UPPER(sex)", [("F", "M")]),
        ("LENGTH(sex)", [(1,)]),
        ("LEFT(TRIM(town), 2)", [None]),
    ],
)
def test_domains_of_keys(keys: str, domains: list[tuple[s.Value, ...] | None]) -> None:
    plan = plan_of(f"SELECT COUNT(*) FROM persons GROUP BY {keys}")
    assert sorted(map(str, (key.domain for key in only(plan).keys))) == sorted(map(str, domains))
    assert (only(plan).threshold is None) == (domains[0] is not None)


def test_months_and_quarters_of_one_year_only() -> None:
    plan = plan_of("SELECT COUNT(*) FROM visits GROUP BY MONTH(day)")
    assert only(plan).keys[0].domain == (4, 5, 6, 7, 8, 9)
    assert plan_of("SELECT COUNT(*) FROM visits GROUP BY QUARTER(day)").blocks[0].keys[0].domain == (2, 3)


def test_one_threshold_on_units_with_tau_from_the_groups_of_a_unit() -> None:
    block = only(plan_of("SELECT dept, SUM(cost) FROM visits GROUP BY dept"))
    assert block.threshold is not None
    assert block.measurements[block.threshold.measurement].what == "units"
    alone = only(plan_of("SELECT dept, SUM(cost) FROM visits GROUP BY dept", bounds={"groups": 1}))
    assert alone.threshold is not None and alone.threshold.tau < block.threshold.tau


@pytest.mark.parametrize(
    ("sql", "spec", "asked", "expected"),
    [
        ("SELECT COUNT(*) FROM visits GROUP BY dept", {}, {}, Bounds(20, 20, 20)),
        ("SELECT COUNT(*) FROM visits GROUP BY dept", {"groups": 5}, {}, Bounds(20, 5, 20)),
        ("SELECT COUNT(*) FROM visits GROUP BY dept", {"groups": 5}, {"rows_per_group": 2}, Bounds(20, 5, 2)),
        ("SELECT COUNT(*) FROM visits GROUP BY dept", {"groups": 500}, {}, Bounds(20, 20, 20)),
        ("SELECT COUNT(*) FROM visits", {"groups": 5}, {}, Bounds(20, 20, 20)),
        ("SELECT COUNT(*) FROM visits", {}, {"rows_per_group": 3}, Bounds(20, 1, 3)),
    ],
)
def test_bounds(sql: str, spec: dict[str, int], asked: dict[str, int], expected: Bounds) -> None:
    plan = plan_of(sql, spec={"bounds": spec}, bounds=asked)
    assert only(plan).bounds == expected
    assert loss(plan)[0] == plan.rho


def test_a_request_may_only_tighten() -> None:
    sql = "SELECT COUNT(*) FROM visits GROUP BY dept"
    problem = refusal(sql, spec={"bounds": {"groups": 5}}, bounds={"groups": 6})
    assert problem.code == "field_invalid"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("age > 30.5", "age > 30"),
        ("NOT (age > 30)", "age <= 30"),
        ("30 < age", "age > '30'"),
        ("age BETWEEN 3 AND 5", "age <= 5 AND 3 <= age"),
        ("age IN (2, 1, 2)", "age IN (1, 2)"),
        ("age IN (1)", "age = 1"),
        ("age NOT IN (1, 2.5)", "age <> 1"),
        ("(sex = 'f' OR town = 'x') OR age = 1", "age = 1 OR (town = 'x' OR sex = 'f') OR age = 1"),
        ("born > '2000-01-01'", "born > DATE '2000-01-01'"),
        ("NOT NOT insured", "insured"),
        ("wage IS NULL", "FALSE"),
        ("1 = 1 AND insured", "insured"),
        ("sex LIKE 'a%' AND TRUE", "sex LIKE 'a%'"),
        ("sex NOT LIKE 'a%'", "NOT sex LIKE 'a%'"),
        ("town = NULL", "NULL"),
        ("LEFT(town, 2) = LOWER('Ab')", "SUBSTRING(town FROM 1 FOR 2) = 'ab'"),
        ("CHAR_LENGTH(town) > 2.5", "LENGTH(town) > 2"),
        ("NULLIF(age, 3) > 1", "CASE WHEN age = 3 THEN NULL ELSE age END > 1"),
    ],
)
def test_conditions_that_are_one(left: str, right: str) -> None:
    asked = [plan_of(f"SELECT COUNT(*) FROM persons WHERE {condition}") for condition in (left, right)]
    assert asked[0].base_key() == asked[1].base_key()


def test_a_filter_that_is_always_true_is_none() -> None:
    assert isinstance(only(plan_of("SELECT COUNT(*) FROM persons WHERE 1 = 1")).rows, Scan)
    never = only(plan_of("SELECT COUNT(*) FROM persons WHERE NULL")).rows
    assert isinstance(never, Filter) and never.condition == s.Constant(None, s.BOOLEAN)


WALK = "SELECT sex, COUNT(*) AS n, SUM(income) AS total, AVG(age) AS age FROM persons GROUP BY sex"


@pytest.mark.parametrize(
    "paraphrase",
    [
        "select SEX, count( * ) n, sum(income) total, avg(age) age from persons group by 1",
        "SELECT AVG(p.age), SUM(p.income), COUNT(1), p.sex FROM clinic.persons AS p GROUP BY p.sex -- said otherwise",
        'SELECT "sex" AS s, SUM(income), AVG(age), COUNT(pid) FROM PERSONS GROUP BY s;',
        WALK + " ORDER BY total DESC LIMIT 1",
        WALK + " HAVING COUNT(*) > 5",
    ],
)
def test_paraphrases_have_one_base(paraphrase: str) -> None:
    assert plan_of(paraphrase).base_key() == plan_of(WALK).base_key()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("COUNT(*) FILTER (WHERE age > 9)", "COUNT(CASE WHEN age > 9 THEN 1 END)"),
        ("COUNT_IF(age > 9)", "COUNT(*) FILTER (WHERE 9 < age)"),
        ("COUNT_IF(age > 9) FILTER (WHERE insured)", "COUNT(pid) FILTER (WHERE insured AND age > 9)"),
        ("COUNT(wage) FILTER (WHERE insured)", "COUNT(1) FILTER (WHERE insured)"),
        ("COUNT(age) FILTER (WHERE insured)", "COUNT(CASE WHEN insured THEN age END)"),
        ("SUM(age) FILTER (WHERE insured)", "SUM(CASE WHEN insured THEN age END)"),
        ("AVG(age) FILTER (WHERE TRUE)", "AVG(age)"),
        ("COUNT_IF(TRUE)", "COUNT(*)"),
        ("VARIANCE(age)", "STDDEV_POP(age), AVG(age)"),
        ("STDDEV(age) FILTER (WHERE insured)", "VAR_POP(CASE WHEN insured THEN age END)"),
        ("REGR_SLOPE(wage, age)", "REGR_INTERCEPT(wage, age), COVAR_POP(wage, age)"),
    ],
)
def test_aggregates_that_are_one(left: str, right: str) -> None:
    asked = [plan_of(f"SELECT sex, {ask} FROM persons GROUP BY sex") for ask in (left, right)]
    assert asked[0].base_key() == asked[1].base_key()


@pytest.mark.parametrize(
    ("other", "request_"),
    [
        (WALK.replace("SUM(income)", "SUM(income + 1)"), {}),
        (WALK.replace("GROUP BY sex", "GROUP BY sex, insured"), {}),
        (WALK.replace("GROUP BY", "WHERE age > 1 GROUP BY"), {}),
        (WALK.replace(", AVG(age) AS age", ""), {}),
        (WALK, {"epsilon": "1.01"}),
    ],
)
def test_what_matters_gives_another_base(other: str, request_: dict[str, str]) -> None:
    assert plan_of(other, **request_).base_key() != plan_of(WALK).base_key()


@pytest.mark.parametrize("name", ["semantics", "resource", "population", "version"])
def test_the_same_question_to_something_else_has_another_base(name: str) -> None:
    """A base of one version is no answer for the next, and nobody holds it there."""
    plan = plan_of(WALK)
    changed: dict[str, Any] = {name: "another"}
    assert replace(plan, **changed).base_key() != plan.base_key()


def test_a_plan_survives_json() -> None:
    plan = plan_of(WALK.replace("AS age", "AS age, SUM(income) / COUNT(*) AS mean") + " HAVING n > 5 ORDER BY mean")
    again = from_json(to_json(plan))
    assert again == plan
    assert again.base_key() == plan.base_key()


def test_epsilon() -> None:
    default = plan_of("SELECT COUNT(*) FROM persons", epsilon=None)
    assert default.rho == plan_of("SELECT COUNT(*) FROM persons", epsilon=0.5).rho
    assert "no epsilon was given: 0.5 was used" in default.notes
    for wrong in ("0", "-1", "NaN", "Infinity", "1e999999", "x", True, [], 100_001):
        assert refusal("SELECT COUNT(*) FROM persons", epsilon=wrong).code == "epsilon_invalid", wrong
    assert refusal("SELECT COUNT(*) FROM persons", spec={"max_epsilon_per_query": "0.9"}).code == "epsilon_invalid"


def test_the_count_under_an_average_gets_half_a_share() -> None:
    plan = plan_of("SELECT AVG(age) FROM persons")
    rho = {m.what: m.rho for m in only(plan).measurements}
    assert abs(rho["sum"] / rho["values"] - 2) < Decimal("0.01")
