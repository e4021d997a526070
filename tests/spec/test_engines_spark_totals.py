"""Totals mode on the distributed engine – asked for, chosen by itself, with private keys, under conditions, of joins –
gives the integers of the reference engine, on a real Spark in process."""

from __future__ import annotations

from pathlib import Path

import pytest
from query_town import DEPTS, ENTRY, planned
from sparks import needed, spark
from versions import ReferenceEngine, write_version

from sandbox.engines.base import OpenVersion
from sandbox.plan.plan import Plan
from sandbox.plan.relation import Group

pytestmark = needed
ASKED = {
    "by a declared key": "SELECT dept, COUNT(*) AS n, SUM(cost) AS t FROM visits GROUP BY dept",
    "of all rows": "SELECT COUNT(*) AS n, SUM(cost) AS t FROM visits",
    "under a condition": "SELECT dept, SUM(cost) AS t FROM visits WHERE cost < 500 AND hospital <> 'H1' GROUP BY dept",
    "by a private key": "SELECT hospital, COUNT(*) AS n, SUM(cost) AS t FROM visits GROUP BY hospital",
    "by two keys": "SELECT hospital, dept, SUM(cost) AS t FROM visits GROUP BY hospital, dept",
    "of a case": "SELECT dept, SUM(CASE WHEN cost > 300 THEN cost END) AS t, COUNT_IF(cost > 300) AS n "
    "FROM visits GROUP BY dept",
    "of a join": "SELECT p.sex, COUNT(*) AS n, SUM(v.cost) AS t FROM visits v JOIN persons p ON v.pid = p.pid "
    "GROUP BY p.sex",
    "of totals by ROLLUP": "SELECT dept, hospital, COUNT(*) AS n FROM visits GROUP BY ROLLUP (dept, hospital)",
}
CHOSEN = "SELECT SUM(cost) AS t FROM visits"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[dict[str, object]]], OpenVersion]:
    """Sixty persons with none to nine visits, some of them dear."""
    persons = [{"__unit": n, "__ord": 0, "__h": n, "sex": "fm"[n % 2], "income": n * 1000} for n in range(60)]
    visits = [
        {
            "__unit": n, "__ord": at, "__h": n, "hospital": f"H{(n + at) % 3}", "dept": DEPTS[n * at % 7],
            "cost": (n * 97 + at * 531) % 10_000,
        }
        for n in range(60) for at in range(n % 10)
    ]  # fmt: skip
    types = {"hospital": "VARCHAR", "dept": "VARCHAR", "cost": "BIGINT"}
    tables = {"persons": (persons, {"sex": "VARCHAR", "income": "DECIMAL(9,2)"}), "visits": (visits, types)}
    path = Path(tmp_path_factory.mktemp("totals")) / "town.db"
    return {"persons": persons, "visits": visits}, write_version(path, tables)


def in_totals(plan: Plan) -> bool:
    return all(isinstance(block.rows, Group) for block in plan.blocks)


def check(plan: Plan, tables: dict[str, list[dict[str, object]]], version: OpenVersion) -> None:
    for mine, other in zip(ReferenceEngine(tables).run(version, plan), spark().run(version, plan), strict=True):
        assert mine.groups and len(set(other.groups)) == len(other.groups)
        assert dict(zip(mine.groups, mine.values, strict=True)) == dict(zip(other.groups, other.values, strict=True))


@pytest.mark.parametrize("name", ASKED)
def test_U1_spark_adds_up_totals_as_the_reference_does(name, town):
    plan = planned(ASKED[name], spec={"mode": "totals"}, units=20_000)
    assert in_totals(plan) and ENTRY.tables
    check(plan, *town)


def test_U1_spark_takes_the_totals_that_are_chosen_by_themselves(town):
    plan = planned(CHOSEN)
    assert in_totals(plan)
    check(plan, *town)


@pytest.mark.parametrize("pure", [False, True])
def test_U1_spark_clamps_a_total(pure, town):
    """Bounds of a small profile: some totals are beyond the clamp."""
    plan = planned(ASKED["by a declared key"], spec={"mode": "totals"}, units=300, epsilon="0.2", pure=pure)
    most = max(m.upper for block in plan.blocks for m in block.measurements if m.what == "sum")
    assert in_totals(plan) and most < 200 * 10_000
    check(plan, *town)
