"""Exact service (U6) on the walk: metered, billed, logged, committed to like any other, and no account is charged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import exact_world
import pytest
from estate import Estate, estate

from sandbox.jobs.records import Base, Job, Release
from sandbox.metering.records import UsageEvent
from sandbox.privacy.records import Account, Charge
from sandbox.transparency.receipt import verify_receipt

SQL = "SELECT line, COUNT(*) AS n, SUM(depth) AS depth FROM stations GROUP BY line ORDER BY line"
ROWS = [["A", 2, 11.25], ["B", 2, 20.0], ["C", 1, 7.75], [None, 1, 20.0]]


@pytest.fixture
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with estate(tmp_path_factory.mktemp("exact") / "home") as made:
        exact_world.publish(made, users=("firm", "other"), rows=4)
        yield made


def ask(box: Estate, sql: str, user: str = "firm", **more: Any) -> str:
    return box.ask(sql, user, None, **more)


def result(box: Estate, job: str, user: str = "firm") -> dict[str, Any]:
    box.finish()
    found: dict[str, Any] = box.ok("GET", f"/jobs/{job}/result", key=user)
    return found


def test_u6_an_exact_answer_goes_the_whole_walk_and_no_account_is_charged(box: Estate) -> None:
    estimate = box.ok("POST", "/jobs/estimate", {"subscription": box.subscriptions["firm"], "sql": SQL}, "firm")
    assert (estimate["epsilon"], estimate["rho"], estimate["fee"]) == ("0", "0", "1.20")
    assert any("exact" in said for said in estimate["explain"]["en"])
    job = ask(box, SQL)
    answer = result(box, job)
    assert answer["rows"] == ROWS and answer["privacy"] == {"rho": "0", "epsilon": "0", "delta": "0"}
    assert {column["role"] for column in answer["columns"]} == {"exact"} and answer["fee"] == "1.20"
    assert any("no mark" in note for note in answer["notes"])
    receipt = box.web.call("GET", f"/jobs/{job}/receipt", key="firm").text
    with box.house.store.read() as tx:
        assert not tx.find(Account) and not tx.find(Charge) and not tx.find(Base)
        [event] = tx.find(UsageEvent)
        [release] = tx.find(Release)
    assert event.job == job and str(event.fee) == "1.20"
    assert release.result_digest and release.recipient, "the leaf commits to this recipient's very answer"
    proved = verify_receipt(receipt, box.house.log_public_key)
    assert (proved.leaf["public"]["rho"], proved.leaf["public"]["epoch"]) == ("0", None)


def test_u6_a_repeated_question_is_free_another_user_pays_and_rows_leave_up_to_the_declared_limit(box: Estate) -> None:
    sql = "SELECT id, name FROM stations"
    first = result(box, ask(box, sql))
    assert [row[0] for row in first["rows"]] == [1, 2, 3, 4] and "there are more" in first["notes"][-1]
    made = box.ok("POST", f"/parties/{box.web.ids['firm']}/keys", {"scopes": ["jobs"]}, "firm")
    box.web.keys["program"], box.subscriptions["program"] = made["api_key"], box.subscriptions["firm"]
    assert box.web.call("GET", "/statements", key="program").json["code"] == "scope_not_allowed"
    again, other = ask(box, sql, "program"), ask(box, sql, "other")
    assert (
        first["fee"] == "1.20"
        and result(box, again, "program")["fee"] == "0"
        and result(box, again)["rows"] == first["rows"]
    )
    assert result(box, other, "other")["fee"] == "1.20"
    csv = box.web.call("GET", f"/jobs/{again}/result?format=csv", key="firm")
    assert csv.status_code == 200 and "东门" in csv.text


def test_u6_a_grade_that_rises_stops_it_at_once(box: Estate) -> None:
    done, waiting = ask(box, SQL), None
    assert result(box, done)["rows"] == ROWS
    waiting = ask(box, "SELECT name FROM stations")
    raised = {"grade": "important", "reason": "locations of shafts"}
    box.ok("POST", f"/resources/{box.resource}/grade", raised)
    box.finish()
    with box.house.store.read() as tx:
        job = tx.get(Job, waiting)
    assert job is not None and job.status == "void", "what was reserved is given back before a row is read"
    body = {"subscription": box.subscriptions["firm"], "sql": SQL}
    for refused in (
        box.web.call("POST", "/jobs", body, "firm", headers={"Idempotency-Key": "x"}),
        box.web.call("GET", f"/jobs/{done}/result", key="firm"),
    ):
        assert refused.status_code == 422 and refused.json["code"] == "grade_refused", refused.text
    box.ok("POST", f"/resources/{box.resource}/grade", {"grade": "general", "reason": "it was a mistake"})
    assert result(box, done)["rows"] == ROWS


def test_u6_another_role_of_a_column_stops_it_too(box: Estate) -> None:
    changed = {"grade": "general", "columns": {"stations.depth": "trade_secret"}, "reason": "it is one"}
    box.ok("POST", f"/resources/{box.resource}/grade", changed)
    body = {"subscription": box.subscriptions["firm"], "sql": "SELECT name FROM stations"}
    refused = box.web.call("POST", "/jobs", body, "firm", headers={"Idempotency-Key": "x"})
    assert refused.json["code"] == "grade_refused"


def test_u6_product_and_disclosure_say_that_it_is_exact_and_a_specification_has_no_privacy(box: Estate) -> None:
    product = box.ok("GET", f"/products/{box.product}", key="firm")
    assert product["protection"] == "exact" and "no mark" in product["traceable"]["en"]
    said = box.ok("GET", "/disclosure", key="")
    assert [one["protection"] for one in (*said["resources"], *said["products"])] == ["exact", "exact"]
    assert said["privacy"] == [], "there is nobody whose privacy would be promised"
    page = box.web.client.get("/disclosure?lang=zh", headers={"Accept": "text/html"})
    assert page.text.count("精确服务，无数据指纹") == 2
    grant = box.ok("POST", "/grants", box.grant())["id"]
    body = {
        "grant": grant,
        "kind": "query",
        "name": "q",
        "resources": [box.resource],
        "spec": {"bounds": {"groups": 1}},
    }
    assert "bounds" in box.web.call("POST", "/products", body, "operator").json["detail"]
    body["spec"] = {"rows": 10_001}
    assert "rows" in box.web.call("POST", "/products", body, "operator").json["detail"]
    body |= {"kind": "verification", "spec": {}}
    assert "not served exactly" in box.web.call("POST", "/products", body, "operator").json["detail"]
