"""U7: a product of several resources: assessed before it is approved, asked one resource at a time, each with its own
budget."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from estate import Estate, estate, registration, table

from sandbox.jobs.records import Job
from sandbox.privacy.accounts import account_id
from sandbox.privacy.records import Account
from sandbox.transparency.records import LogEntry


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with estate(tmp_path_factory.mktemp("several") / "home") as made:
        made.publish()
        yield made


def registered(town: Estate, name: str) -> str:
    raw = registration(name)
    files = {"metadata": (io.BytesIO(json.dumps(raw).encode()), "m.json", "application/json")}
    files[name] = (io.BytesIO(table()), f"{name}.csv", "text/csv")
    with town.working():
        return str(town.ok("POST", "/resources", data=files)["id"])


def test_U7_several_resources_are_asked_one_at_a_time_each_from_its_own_budget(town: Estate) -> None:
    clients = registered(town, "clients")
    people = town.resource
    grant = town.ok("POST", "/grants", town.grant() | {"resources": [people, clients]})["id"]
    body: dict[str, Any] = {"grant": grant, "kind": "query", "name": "both", "resources": [people, clients], "spec": {}}
    for wrong in ([people, people], []):
        refused = town.web.call("POST", "/products", body | {"resources": wrong}, "operator")
        assert refused.json["code"] == "field_invalid" and "resources" in refused.json["detail"]
    product = town.ok("POST", "/products", body, "operator")["id"]
    sample = town.ok("GET", f"/products/{product}/sample", key="operator")["tables"]
    assert [(one["resource"], one["name"]) for one in sample] == [(people, "people"), (clients, "clients")]
    town.ok("POST", f"/products/{product}/submit", {}, "operator")
    with town.house.store.read() as tx:
        [leaf] = tx.find(LogEntry, kind="product.submitted", product=product)
    assert f"{people},{clients}".encode() in leaf.leaf
    refused = town.web.call("POST", f"/products/{product}/approve", {})
    assert refused.json["code"] == "assessment_missing", "they share quasi-identifiers, and one operator has both"
    paper = {"subject": product, "kind": "linkage_assessment", "title": "linkage", "digest": "a" * 64}
    town.ok("POST", "/documents", paper, "operator")
    town.ok("POST", f"/products/{product}/approve", {})
    town.ok("POST", f"/products/{product}/price", {"unit": "call", "price": "1.20", "trial": True}, "operator")
    asked = {"product": product, "purpose": "industry", "commitment": {"accepted": True}}
    subscription = town.ok("POST", "/subscriptions", asked, "firm")["id"]
    town.ok("POST", f"/subscriptions/{subscription}/approve", {}, "operator")

    def ask(sql: str, key: str, **more: Any) -> Any:
        town.beat()
        question = {"subscription": subscription, "sql": sql, "epsilon": "0.5", **more}
        return town.web.call("POST", "/jobs", question, "firm", headers={"Idempotency-Key": key})

    nothing = ask("SELECT COUNT(*) FROM clients", "1")
    assert nothing.json["code"] == "field_invalid" and "people or clients" in nothing.json["detail"]
    assert ask("SELECT COUNT(*) FROM clients", "2", resource="others").json["code"] == "field_invalid"
    joined = "SELECT COUNT(*) FROM people JOIN clients USING (person)"
    for key, resource in (("3", "people"), ("4", clients)):
        refused = ask(joined, key, resource=resource)
        assert (
            refused.json["code"] == "sql_not_allowed" and "another resource of this product" in refused.json["detail"]
        )
    first, second = ask("SELECT COUNT(*) FROM people", "5", resource="people"), None
    second = ask("SELECT COUNT(*) FROM clients", "6", resource=clients)
    town.finish()
    with town.house.store.read() as tx:
        jobs = [tx.get(Job, made.json["id"]) for made in (first, second)]
        assert [(job.status, job.resource) for job in jobs if job] == [("done", people), ("done", clients)]
        spent = [tx.get(Account, account_id(job.population, None)) for job in jobs if job]
        assert [account.loss_spent == job.rho for account, job in zip(spent, jobs, strict=True) if account and job] == [
            True,
            True,
        ], "each pays for its own question alone"
    town.ok("POST", "/emergency", {"scope": "resource", "target": clients, "reason": "drill"})
    assert ask("SELECT COUNT(*) FROM clients WHERE age > 9", "7", resource="clients").json["code"] == "emergency_stop"
    assert ask("SELECT COUNT(*) FROM people WHERE age > 9", "8", resource="people").status_code == 202
