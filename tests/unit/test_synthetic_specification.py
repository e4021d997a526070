"""What a synthetic table may be asked for, what it costs, and what engines count for it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from synthetic_world import SPEC, registration
from versions import DuckDBEngine, ReferenceEngine, write_version

from sandbox.catalogue.entry import parse_entry
from sandbox.errors import Problem
from sandbox.jobs.product import Question
from sandbox.plan.codec import from_json
from sandbox.plan.extent import most_cells
from sandbox.plan.plan import Plan
from sandbox.privacy.convert import rho_for
from sandbox.privacy.rederive import loss, pure_loss
from sandbox.products.synthetic import kind as offered
from sandbox.products.synthetic.kind import SyntheticProduct

DELTA = Decimal("5e-7")
ENTRY = parse_entry(registration())


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is fitted here."""
    monkeypatch.setattr(offered, "available", lambda: True)


def planned(**changed: Any) -> Plan:
    spec = {name: value for name, value in (SPEC | changed).items() if value is not None}
    return SyntheticProduct().compile(Question({}, "r", "p", "v1", ENTRY, spec, DELTA, Decimal("1e-8")))


def test_it_costs_what_was_approved_and_no_more() -> None:
    plan, whole = planned(), rho_for(Decimal(4), DELTA)
    rho, delta = loss(plan)
    assert whole * Decimal("0.999") < rho == plan.rho <= whole
    assert (delta, pure_loss(plan)) == (0, None)
    held = sum((block.rho for block in plan.blocks[8:]), Decimal(0))
    assert whole * Decimal("0.099") < held <= whole * Decimal("0.1")  # what only the report sees
    assert planned(check=None, evaluation=None).rho > whole * Decimal("0.999")


def test_more_cells_get_more_of_it_so_that_errors_are_even() -> None:
    """By cells^⅔ no other sharing has a smaller sum of errors, Σ cells·σ."""
    blocks = planned().blocks[:8]
    cells = [
        len(block.keys[0].domain or ()) * (len(block.keys[-1].domain or ()) if block.keys[1:] else 1)
        for block in blocks
    ]
    rhos = [float(block.rho) for block in blocks]

    def error(shares: list[float]) -> float:
        return sum(count / share**0.5 for count, share in zip(cells, shares, strict=True))

    best = error(rhos)
    for first in range(8):
        for second in range(8):
            moved = list(rhos)
            moved[first] *= 0.9
            moved[second] += rhos[first] * 0.1
            assert error(moved) >= best * (1 - 1e-3)


def test_a_plan_is_read_again_as_it_was() -> None:
    plan = planned()
    assert from_json(plan.json) == plan
    assert from_json(plan.json).base_key() == plan.base_key()
    assert most_cells(plan) == 2000 * 4
    assert "drawn" not in planned_query().json  # the keys of stored plans stay what they are


def planned_query() -> Plan:
    from sandbox.products.query.kind import QueryProduct

    asked = {"sql": "SELECT town, COUNT(*) AS n FROM visitors GROUP BY town", "epsilon": "1"}
    return QueryProduct().compile(Question(asked, "r", "p", "v1", ENTRY, {}, DELTA, Decimal("1e-8")))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rows": "SELECT town, COUNT(*) AS n FROM visitors GROUP BY town"}, "Rows of a protected table"),
        ({"columns": ["age", "weight"], "target": "age", "marginals": [], "check": []}, "rows give no column weight"),
        ({"columns": ["age", "age"], "target": "age", "marginals": [], "check": []}, "age is there twice"),
        ({"rows": "SELECT visitor, note FROM visitors", "columns": ["note"]}, "note has no declared list of values"),
        ({"columns": [{"name": "town", "bins": 3}]}, "town has a list of values"),
        ({"columns": [{"name": "age", "cuts": [60, 30]}]}, "the cuts of age ascend"),
        ({"columns": [{"name": "age", "cuts": [30], "bins": 3}]}, "age has bins and cuts"),
        ({"columns": [{"name": "age", "cuts": ["30.5"]}]}, "age has 0 decimals"),
        ({"columns": [{"name": "spent", "bounds": [9, 1]}]}, "write the lower bound first"),
        ({"rows": "SELECT visitor, age * age * age * age * age AS age FROM visitors", "columns": ["age"]}, "ROUND"),
        ({"marginals": [], "target": None, "check": []}, "which columns are counted together"),
        ({"marginals": [["age", "height"]]}, "height is none of the columns"),
        ({"marginals": [["age", "age"]]}, "names a column twice"),
        ({"check": [["age", "town"]]}, "check columns that it is not told of together"),
        ({"columns": [{"name": "age", "bins": 73}, {"name": "spent", "bins": 1000}, "town", "member"],
          "marginals": [["age", "spent", "town"]]}, "have 292000 cells together"),
        ({"columns": [{"name": "age", "bins": 70}, {"name": "spent", "bins": 900}, "town", "member"],
          "marginals": [["age", "town"], ["town", "spent"], ["age", "spent"]]}, "a model of them has"),
        ({"size": 0}, "spec.size"),
        ({"size": 50_001}, "spec.size"),
        ({"epsilon": "0"}, "spec.epsilon"),
        ({"schedule": "P1Y"}, "spec.schedule"),
        ({"columns": [{"name": "age", "bin": 3}]}, "bin"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_refused_with_what_to_write(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(Problem) as caught:
        planned(**changed)
    assert said in caught.value.detail
    assert caught.value.code in ("field_invalid", "sql_not_allowed", "bound_missing")


def test_several_rows_of_a_unit_and_a_pure_budget_are_refused() -> None:
    several = registration()
    several["tables"][0]["max_rows_per_unit"] = 3
    spec = SPEC | {"approval": "automatic"}
    with pytest.raises(Problem, match="One visitor may have 3"):
        SyntheticProduct().review(spec, [parse_entry(several)])
    pure = registration()
    pure["privacy"] = {"epsilon": "8", "pure": True, "per_user": {"epsilon": "4"}}
    with pytest.raises(Problem, match="pure"):
        SyntheticProduct().review(spec, [parse_entry(pure)])
    SyntheticProduct().review(spec, [ENTRY])


HIDDEN = "__unit __ord __h"
TYPES = {"age": "BIGINT", "town": "VARCHAR", "spent": "DECIMAL(9,2)", "member": "BOOLEAN"}
ROWS: list[dict[str, Any]] = [
    {"age": 29, "town": "东", "spent": Decimal("0.00"), "member": True},
    {"age": 30, "town": "东", "spent": Decimal("100.19"), "member": False},
    {"age": 59, "town": "北", "spent": Decimal("100.20"), "member": None},
    {"age": 90, "town": "西", "spent": Decimal("999.99"), "member": True},  # beyond the bounds: the last bin
    {"age": None, "town": None, "spent": None, "member": None},  # NULL is a value of member alone
]


def test_engines_count_the_same_and_what_the_declarations_say(tmp_path: Path) -> None:
    rows = [{"__unit": n, "__ord": n, "__h": n, **row} for n, row in enumerate(ROWS)]
    version = write_version(tmp_path / "t.db", {"visitors": (rows, TYPES)})
    plan = planned()
    engines = [DuckDBEngine(seconds=60), ReferenceEngine({"visitors": rows})]
    try:
        mine, other = (
            [
                dict(zip(map(tuple, one.groups), map(tuple, one.values), strict=True))
                for one in engine.run(version, plan)
            ]
            for engine in engines
        )
    finally:
        for engine in engines:
            engine.close()
    counted = [{key: count for key, count in one.items() if count != (0,)} for one in mine]
    assert counted == [{key: count for key, count in one.items() if count != (0,)} for one in other]
    assert counted[0] == {(0,): (2,), (1,): (1,), (3,): (1,), (5,): (1,)}  # age: 29 and NULL; 30; 59; 90
    assert plan.drawn is not None and plan.drawn.columns[2].edges[:6] == (0, 2500, 5000, 7500, 10_000, 12_500)
    assert counted[2] == {(0,): (2,), (4,): (2,), (19,): (1,)}  # spent, in bins of 25
    assert counted[3] == {(0,): (1,), (1,): (2,), (2,): (2,)}  # member: false, true, NULL
    assert sum(count for (count,) in counted[4].values()) == len(ROWS)
