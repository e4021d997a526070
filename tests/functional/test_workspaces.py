"""A user's own code and table beside the data: sample, entry review, run, exit review, deletion."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from estate import PEOPLE
from programs import needs_isolation
from workspace_site import SPEC, Offering

from sandbox.core.clock import now
from sandbox.engines.base import EngineFailed
from sandbox.jobs.owntables import opened
from sandbox.jobs.records import Job
from sandbox.oversight.doors import leaving
from sandbox.plan.codec import from_json
from sandbox.products.workspace import admissions
from sandbox.products.workspace.records import Admission, OwnTable

pytestmark = needs_isolation  # a workspace is not even offered without

CODE = """
import pandas as pd

def program(rows, parameters):
    own = pd.DataFrame(parameters["tables"]["insured"])
    both = rows.merge(own, on="age")
    return {"matched": len(both), "premium": float(both["premium"].sum())}
"""
OUTPUTS = [
    {"name": "matched", "lower": 0, "upper": 100},
    {"name": "premium", "lower": 0, "upper": 10000},
]
PREMIUM = 100
TABLE = {
    "name": "insured",
    "csv": "age,premium\n" + "\n".join(f"{age},{PREMIUM}" for age in range(90)),
    "basis": "contract",
}


class Site(Offering):
    """A workspace for code."""

    def bring(self, **changed: Any) -> Any:
        body = {"subscription": self.subscriptions["firm"], "code": CODE, "outputs": OUTPUTS, "tables": [TABLE]}
        return self.web.call("POST", "/workspace/admissions", {**body, **changed}, "firm")

    def admitted(self) -> str:
        brought = self.bring()
        assert brought.status_code == 201, brought.text
        self.ok("POST", f"/workspace/admissions/{brought.json['id']}/decide", {"verdict": "admitted"}, "operator")
        return str(brought.json["id"])

    def run(self, admission: str, user: str = "firm") -> Any:
        self.beat()
        body = {"subscription": self.subscriptions[user], "parameters": {"admission": admission}, "epsilon": "80"}
        return self.web.call("POST", "/jobs", body, user, headers={"Idempotency-Key": f"k-{now().timestamp()}"})


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        made = Site(tmp_path / "home", stack)
        made.offer(SPEC, epsilon="400", per_user={"epsilon": "200", "delta": "1e-7"})
        yield made


def test_own_code_and_table_run_beside_the_data_and_leave_through_the_exit_review(site: Site) -> None:
    admission = site.admitted()
    submitted = site.run(admission)
    assert submitted.status_code == 202, submitted.text
    job = submitted.json["id"]
    with site.house.store.read() as tx:
        plan, sealer = from_json(tx.get(Job, job).plan), site.house.release_sealer
        assert "premium" in opened(tx, sealer, plan, site.subscriptions["firm"]).blocks[0].rows.parameters
        with pytest.raises(EngineFailed):  # a plan that names the table of somebody else, however it came to be
            opened(tx, sealer, plan, site.subscriptions["other"])
    site.finish()
    with site.house.store.read() as tx:
        held = tx.get(Job, job)
    assert held is not None and held.status == "done" and held.fee == 9
    assert "premium" not in json.dumps(held.plan["blocks"][0], default=str).split("parameters")[1][:300]
    waits = site.web.call("GET", f"/jobs/{job}/result", key="firm")
    assert (waits.status_code, waits.json["code"]) == (409, "state_conflict") and "exit review" in waits.json["detail"]
    for key in ("firm", "other"):
        assert site.web.call("POST", f"/jobs/{job}/exit", {"verdict": "passed"}, key).status_code == 403
    site.ok("POST", f"/jobs/{job}/exit", {"verdict": "passed"}, "operator")
    answer = site.ok("GET", f"/jobs/{job}/result", key="firm")
    [[matched, premium]] = answer["rows"]
    truth = len(PEOPLE) / SPEC["blocks"]  # of a block that failed half of what is allowed would count
    assert truth - OUTPUTS[0]["upper"] / 2 > 5 * float(answer["errors"][0][0])
    assert abs(float(matched) - truth) < 3 * float(answer["errors"][0][0])
    assert abs(float(premium) - PREMIUM * truth) < 3 * float(answer["errors"][0][1])
    again = site.run(admission).json
    assert again["free"] and again["rho"] == "0"
    site.finish()  # what was decided of this copy holds
    assert site.ok("GET", f"/jobs/{again['id']}/result", key="firm")["rows"] == answer["rows"]
    with site.house.store.read() as tx:
        assert leaving(tx) == []


def test_what_was_held_back_stays(site: Site) -> None:
    admission = site.admitted()
    job = site.run(admission).json["id"]
    site.finish()
    site.ok("POST", f"/jobs/{job}/exit", {"verdict": "held", "reason": "not what was admitted"}, "operator")
    answer = site.web.call("GET", f"/jobs/{job}/result", key="firm")
    assert answer.status_code == 409 and "not what was admitted" in answer.json["detail"]
    again = site.run(admission).json["id"]
    site.finish()
    answer = site.web.call("GET", f"/jobs/{again}/result", key="firm")
    assert answer.status_code == 409 and "not what was admitted" in answer.json["detail"], "asking again is no way out"


def test_nothing_runs_that_was_not_admitted_or_is_somebody_elses(site: Site) -> None:
    waiting = site.bring().json["id"]
    assert "waits for its review" in site.run(waiting).json["detail"]
    assert site.run(waiting, "other").status_code == 404
    by_user = site.web.call("POST", f"/workspace/admissions/{waiting}/decide", {"verdict": "admitted"}, "firm")
    assert by_user.status_code == 403
    site.ok("POST", f"/workspace/admissions/{waiting}/decide", {"verdict": "rejected", "reason": "no"}, "operator")
    assert "is rejected" in site.run(waiting).json["detail"]
    with site.house.store.read() as tx:
        assert tx.find(OwnTable) == [], "what is rejected leaves nothing behind"
    asked = {"subscription": site.subscriptions["firm"], "sql": "SELECT COUNT(*) FROM people"}
    other = site.web.call("POST", "/jobs", asked, "firm", headers={"Idempotency-Key": "x"})
    assert (other.status_code, other.json["code"]) == (422, "field_invalid")


def test_own_tables_are_sealed_seen_by_nobody_and_deleted_at_the_end(site: Site) -> None:
    first, second = site.admitted(), site.admitted()
    shown = site.ok("GET", f"/workspace/admissions/{first}", key="operator")
    [told] = shown["tables"]
    assert (told["columns"], told["rows"], told["basis"]) == (["age", "premium"], 90, "contract")
    assert set(told) == {"name", "columns", "rows", "basis", "digest"} and shown["code"] == CODE
    assert site.web.call("GET", f"/workspace/admissions/{first}", key="other").status_code == 404
    with site.house.store.read() as tx:
        contents = [table.content for table in tx.find(OwnTable)]
        assert len(contents) == 2 and not any(b"premium" in content for content in contents)
        assert len({one.tables[0]["digest"] for one in tx.find(Admission)}) == 2, "digests tell nothing of what is in"
    site.ok("POST", f"/workspace/admissions/{first}/end", {}, "firm")
    with site.house.store.write() as tx:
        assert [table.admission for table in tx.find(OwnTable)] == [second]
        assert admissions.sweep(tx, site.house.journal, now() + timedelta(days=6)) == 0
        assert admissions.sweep(tx, site.house.journal, now() + timedelta(days=8)) == 1
        assert tx.find(OwnTable) == []
    assert "is ended" in site.run(second).json["detail"]


@pytest.mark.parametrize(
    ("changed", "say"),
    [
        ({"code": "import os\ndef program(rows, parameters): return 1"}, "there is no os"),
        ({"outputs": [{"name": "a", "lower": 1, "upper": 0}]}, "write lower below upper"),
        ({"tables": [{**TABLE, "csv": "a,a\n1,2"}]}, "different column names"),
        ({"tables": [{**TABLE, "csv": "a,b\n1"}]}, "as many cells"),
    ],
)
def test_what_cannot_run_is_refused_at_the_door(site: Site, changed: dict[str, Any], say: str) -> None:
    answer = site.bring(**changed)
    assert answer.status_code == 422 and say in answer.json["detail"], answer.text


def test_a_sample_is_synthetic_right_in_form_and_everybodys_own(site: Site) -> None:
    asked = f"/products/{site.workspace}/sample"
    firm, again, other = (
        site.ok("GET", asked, key=key, query_string={"rows": 50}) for key in ("firm", "firm", "other")
    )
    assert firm == again and firm["synthetic"] is True and firm["tables"] != other["tables"]
    [people] = firm["tables"]
    assert [one["name"] for one in people["columns"]] == ["person", "town", "age", "wage"] and len(people["rows"]) == 50
    assert {row[1] for row in people["rows"]} <= {"东", "西", None}
    assert all(0 <= row[2] <= 110 for row in people["rows"] if row[2] is not None)
    real = {(one["person"], one["town"], one["age"], one["wage"]) for one in PEOPLE}
    assert not real & {tuple(row) for row in people["rows"]}
