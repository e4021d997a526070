"""A user's code joins an own table on the identifier of units: what is written in the documents, run; strangers, who
reach no block; what was admitted before; what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from estate import PEOPLE
from programs import needs_isolation
from workspace_site import SPEC, Offering

from sandbox.core.canonical import canonical_bytes
from sandbox.core.clock import now
from sandbox.engines.base import EngineFailed
from sandbox.errors import Problem
from sandbox.grants.authorise import authorise
from sandbox.identity.keys import authenticate
from sandbox.jobs.asking import compiled
from sandbox.jobs.owntables import BY_UNIT, NAMED, brought, opened
from sandbox.jobs.records import Job
from sandbox.plan.plan import Plan
from sandbox.products.workspace.records import Admission

pytestmark = needs_isolation
DOCUMENT = (Path(__file__).parents[2] / "docs" / "workspaces.md").read_text(encoding="utf-8")
[CODE] = [text for text in re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL) if "def program" in text]
OUTPUTS = [{"name": "matched", "lower": 0, "upper": 100}, {"name": "premium", "lower": 0, "upper": 10_000}]
LOOKS = """
def program(rows, parameters):
    own = parameters["tables"]["insured"]
    return {"own": len(own), "columns": sum(len(name) for name in own), "units": own["unit"].isin(rows["unit"]).sum()}
"""
SEEN = [{"name": name, "lower": 0, "upper": 400} for name in ("own", "columns", "units")]
OWN = {person: 100 + person % 5 for person in range(0, 600, 6)}
STRANGERS = {1_000_000 + number: 900 for number in range(300)}
TARIFFS = {
    "name": "tariffs", "csv": "age,factor\n" + "\n".join(f"{age},{1 + age // 45}" for age in range(90)), "basis": "own",
}  # fmt: skip


def insured(premiums: dict[int, int], **more: Any) -> dict[str, Any]:
    text = "person,premium\n" + "\n".join(f"{person},{premium}" for person, premium in premiums.items())
    return {"name": "insured", "csv": text, "basis": "contract 7", **more}


class Site(Offering):
    """A workspace for code."""

    asked = 0

    def bring(self, *tables: Any, **changed: Any) -> Any:
        body = {"subscription": self.subscriptions["firm"], "code": CODE, "outputs": OUTPUTS, "tables": list(tables)}
        return self.web.call("POST", "/workspace/admissions", {**body, **changed}, "firm")

    def admitted(self, *tables: Any, **changed: Any) -> str:
        made = self.bring(*tables, **changed)
        assert made.status_code == 201, made.text
        self.ok("POST", f"/workspace/admissions/{made.json['id']}/decide", {"verdict": "admitted"}, "operator")
        return str(made.json["id"])

    def put(self, admission: str, path: str = "/jobs") -> Any:
        self.beat()
        self.asked += 1
        body = {"subscription": self.subscriptions["firm"], "parameters": {"admission": admission}, "epsilon": "80"}
        headers = {"Idempotency-Key": f"k-{self.asked}"} if path == "/jobs" else None
        return self.ok("POST", path, body, "firm", headers=headers)

    def answer(self, admission: str) -> tuple[Job, dict[str, tuple[float, float]]]:
        """Run what was admitted, and let the answer out: the job, each number and its half-width."""
        job = self.put(admission)["id"]
        self.finish()
        self.ok("POST", f"/jobs/{job}/exit", {"verdict": "passed"}, "operator")
        found = self.ok("GET", f"/jobs/{job}/result", key="firm")
        with self.house.store.read() as tx:
            done = tx.get(Job, job)
        assert done is not None and done.status == "done"
        names = [column["name"] for column in found["columns"]]
        numbers = zip(names, found["rows"][0], found["errors"][0], strict=True)
        return done, {name: (float(value), float(error)) for name, value, error in numbers}

    def plan(self, admission: str) -> Plan:
        with self.house.store.read() as tx:
            return plan_of(self, tx, admission)


def plan_of(site: Site, tx: Any, admission: str, **settings: Any) -> Plan:
    web = site.web.house
    house = replace(web, settings=web.settings.model_copy(update=settings))
    request = {"subscription": site.subscriptions["firm"], "parameters": {"admission": admission}}
    permit = authorise(tx, authenticate(tx, f"Bearer {site.web.keys['firm']}"), site.subscriptions["firm"], now())
    found = compiled(house, tx, permit, request).plan
    assert isinstance(found, Plan)
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with ExitStack() as stack:
        made = Site(tmp_path_factory.mktemp("site") / "home", stack)
        made.offer(SPEC, epsilon="9000", per_user={"epsilon": "4000", "delta": "1e-7"})
        yield made


def close(found: tuple[float, float], truth: float, failed: float) -> bool:
    """Whether noise explains the difference – 3 half-widths are 5.8 σ or more –, and not that blocks failed."""
    value, error = found
    assert abs(truth - failed) > 6 * error, "a test that passes on blocks that failed says nothing"
    return abs(value - truth) < 3 * error


def test_the_documented_code_joins_on_the_identifier_and_meets_the_truth(site: Site) -> None:
    job, found = site.answer(site.admitted(insured(OWN | STRANGERS), TARIFFS))
    ages = {one["person"]: one["age"] for one in PEOPLE}
    premium = sum(paid * (1 + ages[person] // 45) for person, paid in OWN.items())
    assert close(found["matched"], len(OWN) / SPEC["blocks"], failed=50)
    assert close(found["premium"], premium / SPEC["blocks"], failed=5000)
    strange, nobody = site.answer(site.admitted(insured(STRANGERS), TARIFFS))
    assert close(nobody["matched"], 0, failed=50) and close(nobody["premium"], 0, failed=5000)
    assert (strange.rho, strange.fee, strange.units) == (job.rho, job.fee, job.units), "the bill tells nothing of it"


def test_a_block_gets_the_own_rows_of_its_units_by_their_numbers_and_no_others(site: Site) -> None:
    _, found = site.answer(site.admitted(insured(OWN | STRANGERS), code=LOOKS, outputs=SEEN))
    truth = len(OWN) / SPEC["blocks"]
    assert close(found["own"], truth, failed=200) and close(found["units"], truth, failed=200)
    assert close(found["columns"], len("unit" + "premium"), failed=200), "the identifier stays outside"


def test_reviewers_and_the_author_are_told_how_code_gets_it(site: Site) -> None:
    admission = site.admitted(insured(OWN, columns=[{"name": "premium", "bounds": [0, 200]}]), TARIFFS)
    mine, tariffs = site.ok("GET", f"/workspace/admissions/{admission}", key="operator")["tables"]
    assert mine["by_unit"] is True and mine["identifier"] == "person" and mine["schema"][1]["bounds"] == [0, 200]
    assert set(tariffs) == {"name", "columns", "rows", "basis", "digest"}
    said = site.put(admission, "/jobs/estimate")["explain"]
    assert any("own tables by person (insured)" in line for line in said["en"])
    assert any("（insured）" in line for line in said["zh"])
    named = json.loads(site.plan(admission).blocks[0].rows.parameters)[NAMED]
    assert named[BY_UNIT] == ["insured"] and set(named["tables"]) == {"insured", "tariffs"}


@pytest.mark.parametrize(
    ("table", "say"),
    [
        (insured(OWN, identifier="premium"), "more than one row"),
        (insured(OWN, identifier="client"), "there is no column client"),
        ({**insured({}), "csv": "person,unit\n1,2"}, "the number of a unit in its block as unit"),
        ({**TARIFFS, "columns": [{"name": "factor", "bounds": [0, 3]}]}, "leave columns out, or name an identifier"),
        ({**insured({}), "csv": "person,premium\n1,2\n1,3"}, "one row for each"),
        ({**insured({}), "csv": "person,premium\nanna,2"}, "person"),
    ],
)
def test_what_code_could_not_join_is_refused_at_the_door(site: Site, table: dict[str, Any], say: str) -> None:
    refused = site.bring(table)
    assert (refused.status_code, refused.json["code"]) == (422, "table_malformed")
    assert say in refused.json["detail"], refused.json["detail"]


def test_another_column_may_be_the_identifier(site: Site) -> None:
    renamed = {**insured(OWN), "identifier": "unit"}
    renamed["csv"] = renamed["csv"].replace("person", "unit")
    told = site.bring(renamed).json["tables"][0]
    assert told["identifier"] == "unit" and told["by_unit"] is True


def test_what_was_admitted_before_code_joined_so_runs_as_it_was_reviewed(site: Site) -> None:
    admission = site.admitted(insured(OWN))
    with site.house.store.write() as tx:
        held = tx.get(Admission, admission, lock=True)
        told = [{name: one[name] for name in ("name", "columns", "rows", "basis", "digest")} for one in held.tables]
        tx.change(held, tables=told)
    plan = site.plan(admission)
    assert BY_UNIT not in json.loads(plan.blocks[0].rows.parameters)[NAMED]
    with site.house.store.read() as tx:
        of, sealer = site.subscriptions["firm"], site.house.release_sealer
        assert brought(tx, sealer, plan, of, b"k" * 32).rows == {}
        given = json.loads(opened(tx, sealer, plan, of).blocks[0].rows.parameters)["tables"]["insured"]
    assert dict(zip(given["person"], given["premium"], strict=True)) == OWN


def test_the_vault_opens_what_was_admitted_by_identifier_and_nothing_else(site: Site) -> None:
    plan = site.plan(site.admitted(insured(OWN), TARIFFS))
    sealer, of = site.house.release_sealer, site.subscriptions["firm"]
    named = json.loads(plan.blocks[0].rows.parameters)[NAMED]
    with site.house.store.read() as tx:
        rows = brought(tx, sealer, plan, of, b"k" * 32).rows
        assert set(rows) == {"own.insured"} and set(rows["own.insured"].columns) == {"premium"}
        whole = json.loads(opened(tx, sealer, plan, of).blocks[0].rows.parameters)["tables"]
        assert set(whole) == {"tariffs"}, "what is spread is not in the parameters of every block"
        forged = [
            (plan, site.subscriptions["other"]),
            (_with(plan, {**named, BY_UNIT: ["tariffs"]}), of),
            (_with(plan, {**named, BY_UNIT: ["nothing"]}), of),
            (_with(plan, {**named, "tables": {**named["tables"], "insured": "0" * 64}}), of),
        ]
        for one, subscription in forged:
            with pytest.raises(EngineFailed):
                brought(tx, sealer, one, subscription, b"k" * 32)


def _with(plan: Plan, named: dict[str, Any]) -> Plan:
    [block] = plan.blocks
    rows = replace(block.rows, parameters=canonical_bytes({NAMED: named}).decode())
    return replace(plan, blocks=(replace(block, rows=rows),))


def test_spark_runs_no_code_and_says_so_before_anything_is_spent(site: Site) -> None:
    admission = site.admitted(insured(OWN))
    with site.house.store.read() as tx, pytest.raises(Problem, match="runs no programs") as refused:
        plan_of(site, tx, admission, engine="spark")
    assert refused.value.code == "sql_not_allowed"


def test_a_sample_has_the_form_of_what_code_gets(site: Site) -> None:
    found = site.ok("GET", f"/products/{site.workspace}/sample", key="firm", query_string={"rows": 40})
    [block] = found["blocks"]
    assert [one["name"] for one in block["columns"]] == ["age", "wage", "unit"] and len(block["rows"]) == 40
    assert [row[2] for row in block["rows"]] == list(range(40)), "a unit has one of these rows"
    assert all(0 <= row[0] <= 110 for row in block["rows"] if row[0] is not None)
