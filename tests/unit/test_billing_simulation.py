"""What-if: a cycle simulated on the worked case's figures, by hand where that is possible."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from sandbox.billing.regulated import Cost
from sandbox.billing.simulation import Offered, simulate
from sandbox.cli.main import app

AMOUNTS = (1_200_000, 800_000, 1_500_000, 300_000, 200_000)
COSTS = [
    Cost(kind, Decimal(yuan))
    for kind, yuan in zip(("platform", "processing", "staff", "data", "period"), AMOUNTS, strict=True)
]
FIGURES = {
    "subsidies": Decimal(500_000), "taxes": Decimal(210_000), "bond_yield": Decimal("0.0221"),
    "margin": Decimal("0.06"), "carry_over": Decimal("0.00"),
}  # fmt: skip


def offered(price="0.80", elasticity="0", **more) -> Offered:
    return Offered("check", Decimal("0.80"), Decimal(price), 3_000_000, Decimal(elasticity), **more)


def rest() -> list[Offered]:
    fixed = [("query", 120, 10_000), ("index", 8_000, 48)]
    return [Offered(name, Decimal(yuan), Decimal(yuan), units) for name, yuan, units in fixed]


def test_the_worked_case_stays_within_what_is_permitted():
    course = simulate(COSTS, FIGURES, [offered(), *rest()])
    first = course.years[0]
    assert len(course.years) == 3 and str(first.permitted) == "3997350.00"
    assert (first.actual, first.excess, first.who) == (3_984_000, Decimal("-13350.00"), "operator")
    assert course.carry_over == max(0, sum(one.actual - one.permitted for one in course.years))


def test_demand_answers_to_price_and_growth():
    [cheap] = simulate(COSTS, FIGURES, [offered("0.40", "-1")], 1).years
    assert cheap.products[0][1:] == (6_000_000, Decimal("2400000.00"))  # half the price, twice the units
    second = simulate(COSTS, FIGURES, [offered(growth=Decimal("0.5"))], 2).years[1]
    assert second.products[0][1] == 4_500_000


def test_who_acts_moves_prices_up_to_the_ceiling_or_the_ceiling_itself():
    low, high = offered("0.80"), Offered("big", Decimal(2), Decimal(2), 2_500_000)
    years = simulate(COSTS, FIGURES, [high], 2).years
    assert (years[0].who, years[0].actual) == ("authoriser", 5_000_000)
    lowered = years[1].products[0][0]
    assert lowered.ceiling == lowered.price == Decimal("1.598940") and years[1].actual == Decimal("3997350.00")
    under = simulate(COSTS, FIGURES, [low, *rest()], 2).years[1].products[0][0]
    assert simulate(COSTS, FIGURES, [offered("0")], 2).years[1].actual == 0
    assert under.price == under.ceiling == Decimal("0.80")  # below what is permitted, but no price passes its ceiling


def test_costs_grow_and_an_earlier_cycle_is_deducted_once():
    figures = FIGURES | {"carry_over": Decimal("100000.00")}
    years = simulate(COSTS, figures, [offered()], 2, Decimal("0.1")).years
    assert years[0].permitted == Decimal("3897350.00")
    assert years[1].permitted == Decimal("3900000") * Decimal("1.0821") + 210_000


def test_what_cannot_be_simulated():
    for years in (0, 11):
        with pytest.raises(ValueError, match="years: write 1 to 10"):
            simulate(COSTS, FIGURES, [offered()], years)
    with pytest.raises(ValueError, match="margin"):
        simulate(COSTS, FIGURES | {"margin": Decimal("0.07")}, [offered()])


def test_the_command_prints_draws_and_refuses(tmp_path: Path):
    run, file, chart = CliRunner(), tmp_path / "case.json", tmp_path / "chart.svg"
    file.write_text(run.invoke(app, ["pricing", "simulate", "--example"]).output)
    told = run.invoke(app, ["pricing", "simulate", str(file), "--chart", str(chart), "--json"])
    assert told.exit_code == 0, told.output
    assert [year["year"] for year in json.loads(told.output)["years"]] == [1, 2, 3]
    drawn = ElementTree.fromstring(chart.read_text())
    text = "".join(drawn.itertext())
    assert drawn.tag.endswith("svg") and "permitted" in text and "actual" in text
    assert "Carried over" in run.invoke(app, ["pricing", "simulate", str(file)]).output
    said = json.loads(file.read_text())
    for broken, word in ((said | {"margin": "0.2"}, "margin"), (said | {"costs": [{}]}, "category"), ([], "simulated"),
                         (said | {"taxes": "x"}, "number"), (said | {"years": 99}, "years")):  # fmt: skip
        file.write_text(json.dumps(broken))
        refusal = run.invoke(app, ["pricing", "simulate", str(file)])
        assert refusal.exit_code == 1 and word in str(refusal.exception)
    assert run.invoke(app, ["pricing", "simulate", str(tmp_path / "none.json")]).exit_code == 2
