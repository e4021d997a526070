"""What a model may be asked for, before any data are looked at."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from query_town import ENTRY

from sandbox.errors import Problem
from sandbox.jobs.product import Question
from sandbox.plan.codec import from_json
from sandbox.plan.plan import Plan
from sandbox.plan.relation import Union
from sandbox.privacy.convert import rho_for
from sandbox.privacy.rederive import PlanUnsound, loss, pure_loss
from sandbox.products.afresh import anew
from sandbox.products.model.kind import ModelProduct
from sandbox.sql.compile import compile_units

DELTA = Decimal("5e-7")
SPEC: dict[str, Any] = {
    "rows": "SELECT p.pid, sex, income, v.visits, v.cost FROM persons p LEFT JOIN "
    "(SELECT pid, COUNT(*) AS visits, SUM(cost) AS cost FROM visits GROUP BY pid) v ON p.pid = v.pid",
    "method": "logistic",
    "features": ["income", "visits", {"name": "cost", "bounds": [0, 50000]}],
    "target": "sex",
    "positive": "f",
    "use": {"zh": "试", "en": "a try"},
    "schedule": "P1Y",
    "epsilon": "1",
    "runs": 2,
    "epsilon_per_year": "2",
}


def planned(**changed: Any) -> Plan:
    spec = {name: value for name, value in (SPEC | changed).items() if value is not None}
    return ModelProduct().compile(Question({}, "r", "p", "v1", ENTRY, spec, DELTA, Decimal("1e-8")))


def refused(**changed: Any) -> str:
    with pytest.raises(Problem) as caught:
        planned(**changed)
    return f"{caught.value.code}: {caught.value.detail}"


@pytest.mark.parametrize("method", ["linear", "logistic", "naive_bayes", "forest", "kmeans", "pca"])
def test_a_run_costs_what_was_approved_and_no_more(method: str) -> None:
    whole = rho_for(Decimal(1), DELTA)
    target: dict[str, Any] = {"target": None, "positive": None} if method in ("kmeans", "pca") else {}
    if method == "linear":
        target = {"target": "income", "positive": None, "features": ["visits", "sex"]}
    plan = planned(method=method, **target)
    rho, delta = loss(plan)
    assert rho == plan.rho <= whole
    assert rho > whole * Decimal("0.999")
    assert (delta, pure_loss(plan)) == (0, None)
    again = from_json(plan.json)
    assert again == plan and again.base_key() == plan.base_key()


def test_a_unit_of_several_rows_is_refused_with_what_to_write() -> None:
    said = refused(rows="SELECT dept, cost FROM visits", features=["cost"], target="dept", positive="D01")
    assert said.startswith("sql_not_allowed") and "GROUP BY" in said and "200" in said


def test_a_claim_of_one_row_is_looked_at_a_second_time() -> None:
    """A table that says of itself that a unit has one row in it, where it has two."""
    plan = planned(rows="SELECT pid, income, sex FROM persons", features=["income"])
    assert loss(plan)[0] > 0
    model = plan.stages[0].model
    with pytest.raises(ValueError, match="one row of each unit"):
        replace(model, rows=compile_units("SELECT pid, cost FROM visits", ENTRY).relation)
    both = Union((model.rows, model.rows))
    object.__setattr__(model, "rows", both)  # as nothing that is built can be
    with pytest.raises(PlanUnsound, match="its relation has 2"):
        loss(plan)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"features": ["income", "pid"]}, "rows give no column pid"),
        ({"features": ["visits"], "target": "income", "positive": 3_000_000}, "never has this value"),
        ({"method": "linear", "positive": None}, "predicts a number"),
        ({"holdout": "0.9"}, "holdout"),
        ({"features": [f"x{n}" for n in range(61)]}, "features"),
        ({"method": "pca", "target": None, "positive": None, "size": 9}, "at most so many components"),
        ({"rows": "SELECT pid, income, sex, visits FROM persons, visits"}, ""),
    ],
)
def test_what_cannot_be_fitted_says_why(changed: dict[str, Any], said: str) -> None:
    assert said in refused(**changed)


@pytest.mark.parametrize(
    ("method", "name", "said"),
    [
        ("logistic", "size", "spec.size: logistic has no size, it takes steps"),
        ("logistic", "depth", "spec.depth"),
        ("forest", "steps", "spec.steps: forest has no steps, it takes size and depth"),
        ("naive_bayes", "size", "it takes none of size, depth and steps"),
    ],
)
def test_a_count_that_means_nothing_for_the_method_is_refused_at_review(method: str, name: str, said: str) -> None:
    with pytest.raises(Problem) as caught:
        ModelProduct().review({**SPEC, "method": method, name: 4}, [])
    assert said in caught.value.detail
    assert planned(method=method, **{name: 4}).stages, "what was approved with one runs as it did"


@pytest.mark.parametrize(
    "asked",
    [
        {"method": "forest", "size": 2, "depth": 2}, {"method": "logistic", "steps": 2}, {"method": "naive_bayes"},
        {"method": "kmeans", "size": 2, "steps": 2}, {"method": "pca", "size": 2},
    ],
)  # fmt: skip
def test_a_count_that_the_method_has_is_taken(asked: dict[str, Any]) -> None:
    left_out = ("target", "positive") if asked["method"] in ("kmeans", "pca") else ()
    ModelProduct().review({name: value for name, value in (SPEC | asked).items() if name not in left_out}, [])


def test_another_specification_is_another_base_and_words_are_not() -> None:
    plan = planned()
    assert planned(use={"zh": "别", "en": "other"}).base_key() == plan.base_key()
    assert planned(evaluation="0.3").base_key() != plan.base_key()
    assert planned(holdout="0.1").base_key() != plan.base_key()


def test_drawn_anew_a_model_costs_the_same_and_is_another() -> None:
    plan = planned()
    other = anew(plan)
    assert other.base_key() != plan.base_key()
    assert loss(other) == loss(plan)


def test_plans_of_questions_are_spelled_as_they_always_were() -> None:
    from query_town import SUMS
    from query_town import planned as asked

    assert "fitted" not in asked(SUMS).json
    assert "fitted" in planned().json
