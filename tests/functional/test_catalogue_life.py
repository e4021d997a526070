"""R1–R6 and U7 from the outside: over HTTP, on the command line, and in the log."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from estate import PEOPLE, Estate, estate, registration, table
from shell import Shell, shell

from sandbox.catalogue.records import Matter
from sandbox.core.clock import now
from sandbox.oversight.disclosure import disclosure
from sandbox.transparency.journal import content
from sandbox.transparency.records import LogEntry

HOLDER = "holder"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """A resource that an administration registered for its holder, with a product and a user."""
    with estate(tmp_path_factory.mktemp("estate") / "home") as made:
        for role in ("administration", HOLDER, "regulator", "operator"):
            made.web.join(role)
        made.web.join("looker", "user")
        made.web.join("other holder", "holder")
        raw = registration() | {"holder_party": made.web.ids[HOLDER]}
        raw["tables"][0]["quality"] = [{"rule": "range", "column": "age", "least": 0, "most": 79, "target": "0.95"}]
        made.resource = registered(made, raw, "administration").json["id"]
        yield made


@pytest.fixture
def cli(town: Estate) -> Iterator[Shell]:
    with shell(town.web) as made:
        yield made


def registered(town: Estate, raw: dict[str, Any], by: str, rows: bytes | None = None) -> Any:
    files = {"metadata": (io.BytesIO(json.dumps(raw).encode()), "m.json", "application/json")}
    files[raw["tables"][0]["name"]] = (io.BytesIO(rows or table()), "people.csv", "text/csv")
    with town.working():
        return town.web.call("POST", "/resources", key=by, data=files)


def counts(**given: int) -> dict[str, int]:
    return dict.fromkeys(("filed", "open", "overdue", "accepted", "rejected", "withdrawn"), 0) | given


def leaves(town: Estate, *kinds: str) -> list[dict[str, Any]]:
    """What leaves of these kinds say in public, oldest first."""
    with town.house.store.read() as tx:
        return [content(entry.leaf)["public"] for entry in tx.find(LogEntry, kind=list(kinds), order=["at"])]  # type: ignore[misc]


def test_R1_a_resource_has_one_holder_that_is_a_party(town: Estate, cli: Shell) -> None:
    """R1: who registers for another names its party; the holder may refresh what another registered for it."""
    other = registration("people") | {"holder_party": town.web.ids["other holder"]}
    answer = registered(town, other, "administration")
    assert answer.json["code"] == "state_conflict", "one resource, one source"
    for wrong in ("party_nobody", town.web.ids["regulator"]):
        answer = registered(town, registration("second") | {"holder_party": wrong}, "administration")
        assert answer.json["code"] == "field_invalid" and "holder_party" in answer.text
    answer = registered(town, registration("second") | {"holder_party": town.web.ids[HOLDER]}, "other holder")
    assert answer.json["code"] == "field_invalid" and "only a data administration" in answer.text
    legal = registration("second") | {"legal_basis": "because"}
    assert registered(town, legal, "administration").json["code"] == "field_invalid"
    listed = cli.ask("resource", "list", key=HOLDER)
    assert [one["registrar"] for one in listed] == [town.web.ids["administration"]]
    first = leaves(town, "resource.registered")[0]
    assert first["resource"] == town.resource and first["grade"] == "general"


def test_R2_and_R6_grades_and_roles_change_with_a_reason_and_keep_their_history(town: Estate, cli: Shell) -> None:
    """R2, R6: what is refused stays as it was; each step stands in the log; nothing is called anonymous."""
    path = f"/resources/{town.resource}"
    refused = town.web.call("POST", f"{path}/grade", {"grade": "core", "reason": "it is"}, HOLDER)
    assert refused.json["code"] == "grade_refused"
    for columns, code in (({"people.none": "personal"}, "field_invalid"), ({"people.age": "king"}, "field_invalid")):
        body = {"grade": "general", "reason": "roles", "columns": columns}
        assert town.web.call("POST", f"{path}/grade", body, HOLDER).json["code"] == code
    assert (
        town.web.call("POST", f"{path}/grade", {"grade": "general", "reason": "x"}, "other holder").status_code == 404
    )
    cli.run("resource", "regrade", town.resource, "important", "--reason", "joined with wages", "--column",
            "people.town=personal", key=HOLDER)  # fmt: skip
    columns = town.ok("GET", path, key=HOLDER)["tables"][0]["columns"]
    assert [one["role"] for one in columns if one["name"] == "town"] == ["personal"]
    town.ok("POST", f"{path}/grade", {"grade": "general", "reason": "wages left out again"}, HOLDER)
    steps = cli.ask("resource", "grades", town.resource, key=HOLDER)
    assert [(one["before"]["grade"], one["after"]["grade"], one["reason"]) for one in steps] == [
        ("general", "important", "joined with wages"),
        ("important", "general", "wages left out again"),
    ]
    assert steps[0]["before"]["columns"] == {"people.town": "quasi_identifier"}
    town.web.join("reader", "user")
    assert all("reason" not in one for one in town.ok("GET", f"{path}/grades", key="reader")["items"])
    logged = leaves(town, "resource.regraded")
    assert [(one["from"], one["to"], one["columns"]) for one in logged] == [
        ("general", "important", 1),
        ("important", "general", 0),
    ]
    with town.house.store.read() as tx:  # over HTTP it is kept for a while
        said = json.dumps([town.ok("GET", path, key=HOLDER), steps, disclosure(tx)])
    assert not re.search(r"anonymi|匿名", said, re.IGNORECASE)


def test_R3_reports_are_exact_for_who_answers_and_coarse_for_others(town: Estate, cli: Shell) -> None:
    """R3: at registration and each refresh; a refresh enforces the declarations again."""
    path = f"/resources/{town.resource}"
    rows = [{**one, "age": 300 if one["person"] == 1 else one["age"]} for one in PEOPLE[:500]]
    with town.working():
        fresh = town.ok(
            "PUT", f"{path}/data", key=HOLDER, data={"people": (io.BytesIO(table(rows)), "p.csv", "text/csv")}
        )
    assert fresh["report"]["tables"]["people"]["columns"]["age"]["clamped"] == 1
    for reader in (HOLDER, "administration"):
        reports = town.ok("GET", f"{path}/quality", key=reader)["reports"]
        assert [one["number"] for one in reports] == [1, 2]
        [rule] = reports[0]["report"]["tables"]["people"]["quality"]["rules"]
        assert rule["checked"] == 600 and rule["broken"] == sum(one["age"] > 79 for one in PEOPLE) and not rule["met"]
    assert "1 of 1 rules missed" in cli.run("resource", "quality", town.resource, key=HOLDER)
    assert cli.run("resource", "quality", town.resource, "--accuracy", "perfect", key=HOLDER, code=1)
    cli.run("resource", "quality", town.resource, "--accuracy", "medium", "--timeliness", "high", key=HOLDER)
    seen = town.ok("GET", f"{path}/quality", key="looker")
    assert seen["reports"] is None and seen["stated"]["accuracy"] == "medium"
    assert seen["timeliness"]["update_frequency"] == "P1Y" and not seen["timeliness"]["overdue"]
    assert town.ok("GET", path, key="looker")["quality"]["stated"]["timeliness"] == "high"
    assert town.web.call("POST", f"{path}/quality", {"accuracy": "high"}, "other holder").status_code == 404
    assert town.web.call("POST", f"{path}/quality", {}, HOLDER).json["code"] == "field_invalid"
    assert leaves(town, "resource.quality_stated")[0]["accuracy"] == "medium"
    assert [one["number"] for one in leaves(town, "version.registered")] == [2]


def test_R4_matters_have_deadlines_answers_and_public_counts(town: Estate, cli: Shell) -> None:
    """R4: an objection upheld, one late, a demand answered by the administration; the disclosure counts."""
    town.web.join("asker", "user")
    town.web.join("stranger", "user")
    filed = cli.ask("matter", "object", town.resource, "ages", "ages of babies are missing", key="asker")
    assert filed["due"] == (now() + timedelta(days=15)).date().isoformat() and filed["status"] == "open"
    path = f"/matters/{filed['id']}"
    assert "None" not in cli.run("matter", "show", filed["id"], key="asker")
    assert town.web.call("GET", path, key="stranger").status_code == 404
    body = {"accepted": True, "answer": "mended with the next version"}
    assert town.web.call("POST", f"{path}/answer", body, "administration").status_code == 404, "the holder answers"
    assert town.web.call("POST", f"{path}/answer", body, "asker").json["code"] == "role_not_allowed"
    assert "accepted" in cli.run("matter", "answer", filed["id"], body["answer"], "--accept", key=HOLDER)
    assert town.web.call("POST", f"{path}/answer", body, HOLDER).json["code"] == "state_conflict"
    assert town.ok("GET", path, key="asker")["answer"] == body["answer"]
    late = town.ok("POST", f"/resources/{town.resource}/feedback", {"subject": "s", "text": "t"}, "asker")
    with town.house.store.write() as tx:
        found = tx.get(Matter, late["id"])
        assert found is not None
        tx.change(found, due=found.due - timedelta(days=100))
    assert town.ok("GET", f"/matters/{late['id']}", key=HOLDER)["overdue"]
    asked = cli.ask("matter", "demand", "buses", "times of buses", "--domain", "traffic", key="asker")
    assert town.web.call("POST", f"/matters/{asked['id']}/answer", body, HOLDER).status_code == 404
    town.ok("POST", f"/matters/{asked['id']}/answer", {"accepted": False, "answer": "not held"}, "administration")
    taken = town.ok("POST", "/demands", {"subject": "x", "text": "y", "resource": town.resource}, "asker")
    assert "withdrawn" in cli.run("matter", "withdraw", taken["id"], key="asker")
    assert (
        town.web.call("POST", "/demands", {"subject": "x", "text": "y", "resource": "no"}, "asker").status_code == 404
    )
    counted = town.ok("GET", "/disclosure", key="")["matters"]
    assert counted["objection"] == counts(filed=1, accepted=1)
    assert counted["feedback"] == counts(filed=1, open=1, overdue=1)
    assert counted["demand"] == counts(filed=2, rejected=1, withdrawn=1)
    kinds = ["objection.filed", "objection.answered", "feedback.filed", "demand.answered", "demand.withdrawn"]
    logged = leaves(town, *kinds)
    assert len(logged) == 6 - 1 and "babies" not in json.dumps(logged) and logged[0]["matter"] == filed["id"]
    assert {one["id"] for one in cli.ask("matter", "list", key=HOLDER)} == {filed["id"], late["id"], taken["id"]}
    assert len(cli.ask("matter", "list", key="regulator")) == 4
    late_ones = town.ok("GET", "/matters?kind=feedback&status=open", key="regulator")["items"]
    assert [one["id"] for one in late_ones] == [late["id"]]


def test_the_holder_sets_conditions_consents_and_sees_the_use(town: Estate, cli: Shell) -> None:
    """The holder is a party: purposes it excludes are refused, a grant runs once it consents, and it sees the use."""
    cli.run("resource", "conditions", town.resource, "--purpose", "industry", "--consent", key=HOLDER)
    assert "waits" in cli.run("resource", "conditions", town.resource, key="looker")
    wrong = town.web.call("POST", f"/resources/{town.resource}/conditions", {"purposes": ["fun"]}, HOLDER)
    assert wrong.json["code"] == "field_invalid"
    mine = town.web.call("POST", f"/resources/{town.resource}/conditions", {}, "administration")
    assert mine.status_code == 404, "the registrar does not answer for it"
    refused = town.web.call("POST", "/grants", town.grant())
    assert refused.json["code"] == "purpose_not_allowed", refused.text
    grant = town.ok("POST", "/grants", town.grant() | {"purposes": ["industry"]})["id"]
    [shown] = town.ok("GET", f"/resources/{town.resource}/use", key=HOLDER)["grants"]
    assert (shown["grant"], shown["status"]) == (grant, "pending")
    assert town.web.call("GET", f"/resources/{town.resource}/use", key="other holder").status_code == 404
    body = {"grant": grant, "agreed": True, "reason": "fits"}
    assert town.web.call("POST", f"/resources/{town.resource}/consents", body, "other holder").status_code == 404
    nothing = town.web.call("POST", f"/resources/{town.resource}/consents", body | {"grant": "grant_x"}, HOLDER)
    assert nothing.status_code == 404
    town.web.join("buyer", "user")
    product = {"grant": grant, "kind": "query", "name": "q", "resources": [town.resource], "spec": {}}
    made = town.ok("POST", "/products", product, "operator")["id"]
    town.ok("POST", f"/products/{made}/submit", {}, "operator")
    town.ok("POST", f"/products/{made}/approve", {})
    town.ok("POST", f"/products/{made}/price", {"unit": "call", "price": "1.20", "trial": True}, "operator")
    asked = {"product": made, "purpose": "industry", "commitment": {"accepted": True}}
    subscription = town.ok("POST", "/subscriptions", asked, "buyer")["id"]
    town.ok("POST", f"/subscriptions/{subscription}/approve", {}, "operator")
    question = {"subscription": subscription, "sql": "SELECT COUNT(*) AS n FROM people", "epsilon": "0.5"}

    def ask(number: int) -> Any:
        town.beat()
        return town.web.call("POST", "/jobs", question, "buyer", headers={"Idempotency-Key": f"consent-{number}"})

    assert ask(1).json["code"] == "grant_inactive", ask(1).text
    assert "given" in cli.run("resource", "consent", town.resource, grant, "--reason", "fits", key=HOLDER)
    assert ask(2).status_code == 202, ask(2).text
    town.finish()
    [whole] = [one for one in town.ok("GET", "/budgets", key=HOLDER)["items"] if one["party"] is None]
    [taken] = town.ok("GET", f"/budgets/{whole['account']}/products", key=HOLDER)["items"]
    assert (taken["product"], taken["answers"], taken["spent"]["rho"]) == (made, 1, whole["life"]["rho"])
    for reader in ("buyer", "operator", "other holder"):
        assert town.web.call("GET", f"/budgets/{whole['account']}/products", key=reader).status_code in (403, 404)
    use = cli.ask("resource", "use", town.resource, key=HOLDER)
    assert [(one["product"], one["purpose"], one["jobs"], one["users"]) for one in use["months"]] == [
        (made, "industry", 1, 1)
    ]
    assert use["products"][0]["subscriptions"] == 1 and town.web.ids["buyer"] not in json.dumps(use)
    cli.run("resource", "consent", town.resource, grant, "--refuse", "--reason", "no more", key=HOLDER)
    assert ask(3).json["code"] == "grant_inactive"
    kinds = ("resource.conditions_set", "grant.consent_given", "grant.consent_refused")
    assert [one["resource"] for one in leaves(town, *kinds)] == [town.resource] * 3


def test_U7_what_links_resources_is_assessed_before_a_product_is_approved(
    town: Estate, cli: Shell, tmp_path: Path
) -> None:
    """U7: resources that share quasi-identifiers: the refusal, the assessment, the log; what the budget still buys."""
    town.web.join("packer", "operator")
    second = registration("clients") | {"unit": {"name": "person", "column": "clients.person"}}
    second["tables"][0]["name"] = "clients"
    second["tables"][0]["columns"][1]["role"] = "personal"  # what does not link is not named
    other = registered(town, second, "administration").json["id"]
    terms = town.grant() | {"operator": town.web.ids["packer"], "resources": [], "purposes": ["industry"]}
    grant = town.ok("POST", "/grants", terms)["id"]
    made = []
    secret = {
        "grant": grant,
        "kind": "query",
        "name": "State secrets: a state secret",
        "resources": [other],
        "spec": {},
    }
    for name in (secret["name"], "genome counts"):
        refused = town.web.call("POST", "/products", secret | {"name": name}, "packer")
        assert refused.json["code"] == "grade_refused" and "negative list" in refused.json["detail"], refused.text
    for resource in (town.resource, other):
        body = {"grant": grant, "kind": "query", "name": "q", "resources": [resource], "spec": {}}
        made.append(town.ok("POST", "/products", body, "packer")["id"])
        town.ok("POST", f"/products/{made[-1]}/submit", {}, "packer")
    links = cli.ask("resource", "links", made[1], key="packer")
    assert links["links"] == [{"resource": other, "other": town.resource, "columns": ["age", "person"]}]
    assert not links["assessed"]
    town.web.join("outsider", "user")
    assert town.web.call("GET", f"/products/{made[1]}/links", key="outsider").status_code == 404
    refused = town.web.call("POST", f"/products/{made[1]}/approve", {})
    assert refused.json["code"] == "assessment_missing" and "age, person" in refused.json["detail"], refused.text
    document = {
        "subject": made[1],
        "kind": "linkage_assessment",
        "title": "Persons",
        "digest": "ab" * 32,
        "note": "few",
    }
    town.ok("POST", "/documents", document, "packer")
    town.ok("POST", f"/products/{made[1]}/approve", {})
    assert cli.ask("resource", "links", made[1], key="packer")["assessed"]
    attached = [one for one in leaves(town, "document.attached") if one["kind"] == "linkage_assessment"]
    assert attached[0]["digest"] == "ab" * 32 and attached[0]["by"] == town.web.ids["packer"]
    budgets = town.ok("GET", "/budgets", key="administration")["items"]
    assert all("count" in one["worth"]["questions"][0] for one in budgets)


def test_R5_the_catalogue_is_found_by_words_on_the_page_and_on_the_command_line(town: Estate, cli: Shell) -> None:
    open_one = registered(town, registration("harbours") | {"grade": "general"}, "administration").json
    assert {"people", "harbours"} <= {one["name"] for one in cli.ask("catalogue")}
    assert [one["id"] for one in cli.ask("catalogue", "HARB", "wage")] == [open_one["id"]]
    assert "harbours" in cli.run("catalogue", "harbours") and "No resource" in cli.run("catalogue", "harbours", "ships")
    exported = json.loads(cli.run("catalogue", "--export", "dcat"))
    assert open_one["id"] in {one["dct:identifier"] for one in exported["dcat:dataset"]}
    cli.run("catalogue", "harbours", "--export", "dcat", code=2)
    page = town.web.client.get("/catalogue?lang=zh&q=harbours+人口")
    assert page.status_code == 200 and open_one["id"] in page.text and "公共数据资源目录" in page.text
    assert "nothing matches" in town.web.client.get("/catalogue?lang=en&q=<script>").text
    assert "<script>" not in town.web.client.get("/catalogue?lang=en&q=<script>").text
    closed = registered(town, registration("vaults") | {"grade": "important"}, "administration").json
    assert closed["id"] not in town.web.client.get("/catalogue?q=vaults").text, "only listed grades are public"
    assert [one["id"] for one in cli.ask("catalogue", "vaults")] == [closed["id"]], "those who may see it find it"
