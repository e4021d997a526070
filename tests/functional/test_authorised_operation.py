"""A1–A7 and U8 from the outside: over HTTP, on the command line, and in the log; on both databases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from databases import postgres_database
from estate import Estate, estate
from shell import Shell, shell

from sandbox.catalogue.records import Conditions
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.products.records import Product
from sandbox.transparency.journal import content
from sandbox.transparency.records import LogEntry

COUNT = "SELECT COUNT(*) AS n FROM people"
PROOF = {"title": "charity", "digest": hashlib.sha256(b"paper").hexdigest()}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """A product on offer with a user, further operators, and a regulator."""
    home = tmp_path_factory.mktemp("estate") / "home"
    if request.param == "sqlite":
        with estate(home) as made:
            yield opened(made)
        return
    with postgres_database() as url, patch.dict("os.environ", {"SANDBOX_DATABASE_URL": url}), estate(home) as made:
        yield opened(made)
        made.web.house.store.close()


def opened(made: Estate) -> Estate:
    made.publish(("firm", "charity"), epsilon="4000", per_user={"epsilon": "1000", "delta": "1e-7"})
    for name, role in (("second", "operator"), ("regulator", "regulator"), ("stranger", "user")):
        made.web.join(name, role)
    return made


@pytest.fixture
def cli(town: Estate) -> Iterator[Shell]:
    with shell(town.web) as made:
        yield made


def leaves(town: Estate, *kinds: str) -> list[dict[str, Any]]:
    """What leaves of these kinds say in public, oldest first."""
    with town.house.store.read() as tx:
        return [content(entry.leaf)["public"] for entry in tx.find(LogEntry, kind=list(kinds), order=["at"])]  # type: ignore[misc]


def refused(town: Estate, method: str, path: str, body: object, key: str | None, code: str, **more: Any) -> Any:
    answer = town.web.call(method, path, body, key, **more)
    assert answer.json["code"] == code, answer.json
    return answer.json


def asked(town: Estate, user: str = "firm", subscription: str | None = None) -> Any:
    town.beat()
    body = {"subscription": subscription or town.subscriptions[user], "sql": COUNT, "epsilon": "0.1"}
    return town.web.call("POST", "/jobs", body, user, headers={"Idempotency-Key": new_id("k")})


def given(town: Estate, **terms: Any) -> str:
    return str(town.ok("POST", "/grants", town.grant() | terms)["id"])


def offered(town: Estate, grant: str, operator: str = "operator", **spec: Any) -> str:
    body = {"grant": grant, "kind": "query", "name": "q", "resources": [town.resource], "spec": spec}
    made = town.ok("POST", "/products", body, operator)["id"]
    town.ok("POST", f"/products/{made}/submit", {}, operator)
    town.ok("POST", f"/products/{made}/approve", {})
    town.ok("POST", f"/products/{made}/price", {"unit": "call", "price": "1", "trial": True}, operator)
    return str(made)


def subscribed(town: Estate, product: str, user: str = "firm", operator: str = "operator", **more: Any) -> str:
    body = {"product": product, "purpose": "industry", "commitment": {"accepted": True}} | more
    made = town.ok("POST", "/subscriptions", body, user)["id"]
    town.ok("POST", f"/subscriptions/{made}/approve", {}, operator)
    return str(made)


def test_A1_a_grant_carries_its_decision_and_is_amended_with_a_history(town: Estate, cli: Shell) -> None:
    """A1: mode, decision record, volume, term; amend; every step has its leaf and its reason."""
    grant = cli.ask(
        *("grant", town.web.ids["operator"], "--mode", "domain", "--domain", "population", "--purpose", "industry"),
        *("--starts", "2026-01-01", "--ends", "2030-01-01", "--contact", "sec@example.org", "--volume", "7"),
        *("--decision", "No. 12", "--decision-day", "2025-12-01"),
    )
    assert (grant["volume"], grant["decision"]["instrument"], grant["waiting_for"]) == (7, "No. 12", [])
    amended = cli.ask(
        "grants", "amend", grant["id"], "--volume", "9", "--purpose", "public_welfare", "--reason", "more"
    )
    assert (amended["volume"], amended["purposes"], amended["domain"]) == (9, ["public_welfare"], "population")
    [step] = cli.ask("grants", "history", grant["id"], key="operator")
    assert (step["kind"], step["reason"], step["before"]["volume"], step["after"]["volume"]) == (
        "amended",
        "more",
        7,
        9,
    )
    leaf = leaves(town, "grant.amended")[-1]
    assert (leaf["grant"], leaf["volume"], leaf["purposes"]) == (grant["id"], 9, "public_welfare")
    for terms in ({"volume": 0}, {"domain": None}, {"resources": ["resource_none"]}, {"purposes": []}, {}):
        answer = town.web.call("POST", f"/grants/{grant['id']}/amend", {"reason": "x", **terms})
        assert answer.status_code in (404, 422), terms
    assert "amend one or more" in refused(
        town, "POST", f"/grants/{grant['id']}/amend", {"reason": "x"}, None, "field_invalid"
    )["detail"]  # fmt: skip
    assert cli.ask("grants", "history", grant["id"]) == [step]


def test_A1_volume_scenario_and_rights_hold_for_jobs(town: Estate) -> None:
    """A1, A3: the volume is counted over the term; a scenario's grant serves that scenario; rights are separate."""
    grant = given(town, mode="scenario", scenario="credit", volume=1)
    product = offered(town, grant)
    wrong = {"product": product, "purpose": "industry", "scenario": "other", "commitment": {"accepted": True}}
    refused(town, "POST", "/subscriptions", wrong, "firm", "purpose_not_allowed")
    subscription = subscribed(town, product, scenario="credit")
    assert asked(town, subscription=subscription).status_code == 202
    second = asked(town, subscription=subscription)
    assert (second.json["code"], second.json["policy"]) == ("quota_exhausted", "quota_exhausted.volume")
    town.ok("POST", f"/grants/{grant}/amend", {"reason": "more", "volume": 2})
    assert asked(town, subscription=subscription).status_code == 202
    town.ok("POST", f"/grants/{grant}/amend", {"reason": "less", "rights": ["processing_use"]})
    assert asked(town, subscription=subscription).json["policy"] == "grant_inactive.right"


def test_A1_a_grant_waits_for_the_holder_that_demands_to_be_asked(town: Estate) -> None:
    """A1: a grant given after the holder demands consent lets no job through until that is given."""
    product = offered(town, given(town))
    subscription = subscribed(town, product)
    with town.house.store.write() as tx:
        demand = Conditions(new_id("c"), town.resource, 1, [], True, "", town.web.ids["operator"], now())
        tx.add(demand)
    assert asked(town, subscription=subscription).status_code == 202  # given before anybody demanded
    late = given(town)
    assert town.ok("GET", f"/grants/{late}")["waiting_for"] == [town.resource]
    waiting = subscribed(town, offered(town, late))
    assert asked(town, subscription=waiting).json["policy"] == "grant_inactive.consent"
    with town.house.store.write() as tx:
        tx.change(tx.find(Conditions, resource=town.resource)[0], consent=False)
    assert asked(town, subscription=waiting).status_code == 202


def test_A2_what_is_refused_names_its_policy_and_is_logged(town: Estate) -> None:
    """A2: the refusal, its leaf, and the record that policies are tried against name the same policy."""
    grant = given(town)
    subscription = subscribed(town, offered(town, grant))
    town.ok("POST", f"/grants/{grant}/suspend", {"reason": "inspection"})
    said = asked(town, subscription=subscription).json
    assert (said["code"], said["policy"]) == ("grant_inactive", "grant_inactive.suspended")
    leaf = leaves(town, "job.refused")[-1]
    deciding = town.ok("GET", "/policies")
    assert leaf == {"code": "grant_inactive", "policy": said["policy"], "policies": deciding["digest"]}
    town.ok("POST", f"/grants/{grant}/resume", {})
    job = asked(town, subscription=subscription).json["id"]
    town.finish()
    town.ok("GET", f"/jobs/{job}/result", key="firm")
    released = leaves(town, "job.released")[-1]
    assert (released["policy"], released["policies"]) == ("allowed.job", deciding["digest"])


def test_A3_managing_and_operating_the_same_data_is_refused(town: Estate) -> None:
    """A3: neither the registrar nor the party that answers for a resource operates it, however it came to be."""
    town.web.join("both", "operator", "holder")
    with town.house.store.write() as tx:
        from sandbox.catalogue.records import Resource

        held = tx.get(Resource, town.resource)
        assert held is not None
        before = held.holder_party
        tx.change(held, holder_party=town.web.ids["both"])
    refused(town, "POST", "/grants", town.grant() | {"operator": town.web.ids["both"]}, None, "separation_of_duties")
    whole = given(town, operator=town.web.ids["both"], resources=[])
    product = offered(town, whole, "both")
    subscription = subscribed(town, product, operator="both")
    assert asked(town, subscription=subscription).json["policy"] == "separation_of_duties.operator"
    with town.house.store.write() as tx:
        held = tx.get(Resource, town.resource)
        assert held is not None
        tx.change(held, holder_party=before)


def test_A3_one_operator_makes_a_product_and_another_operates_it(town: Estate, cli: Shell) -> None:
    """A3: with processing_use alone nobody is let in; handed over and submitted there, the product works."""
    making = given(town, rights=["processing_use"])
    selling = given(town, rights=["product_operation"], operator=town.web.ids["second"])
    body = {"grant": selling, "kind": "query", "name": "q", "resources": [town.resource]}
    assert "right to process" in refused(town, "POST", "/products", body, "second", "grant_inactive")["detail"]
    product = offered(town, making)
    asking = {"product": product, "purpose": "industry", "commitment": {"accepted": True}}
    waiting = town.ok("POST", "/subscriptions", asking, "firm")["id"]
    said = refused(town, "POST", f"/subscriptions/{waiting}/approve", {}, "operator", "grant_inactive")
    assert said["policy"] == "grant_inactive.right"
    cli.run("product", "hand-over", product, selling, key="operator")
    refused(town, "POST", f"/products/{product}/submit", {}, "operator", "not_found")
    town.ok("POST", f"/products/{product}/submit", {}, "second")
    town.ok("POST", f"/products/{product}/approve", {})
    town.ok("POST", f"/products/{product}/price", {"unit": "call", "price": "1", "trial": True}, "second")
    town.ok("POST", f"/subscriptions/{waiting}/approve", {}, "second")
    assert asked(town, subscription=waiting).status_code == 202
    assert town.ok("GET", f"/products/{product}")["maker"] == town.web.ids["operator"]


def test_A4_exit_stops_what_runs_and_a_successor_takes_over(town: Estate, cli: Shell) -> None:
    """A4: a queued job is void, keys of a bankrupt operator stop, products and subscriptions go on with another."""
    town.web.join("bankrupt", "operator")
    grant = given(town, operator=town.web.ids["bankrupt"])
    product = offered(town, grant, "bankrupt")
    subscription = subscribed(town, product, operator="bankrupt")
    job = asked(town, subscription=subscription).json["id"]
    refused(town, "POST", f"/grants/{grant}/exit", {"cause": "bankruptcy"}, "bankrupt", "role_not_allowed")
    cli.run("grants", "exit", grant, "--cause", "bankruptcy", "--reason", "court")
    refused(town, "GET", "/grants", None, "bankrupt", "key_invalid")
    town.finish()
    assert town.ok("GET", f"/jobs/{job}", key="firm")["status"] == "void"
    assert (
        refused(town, "GET", f"/jobs/{job}/result", None, "firm", "grant_inactive")["policy"] == "grant_inactive.exited"
    )
    assert asked(town, subscription=subscription).json["policy"] == "grant_inactive.exited"
    new = cli.ask("grants", "succeed", grant, town.web.ids["second"], "--reason", "court order")
    assert (new["predecessor"], new["operator"], new["ends"]) == (grant, town.web.ids["second"], "2036-01-01")
    assert town.ok("GET", f"/products/{product}", key="second")["status"] == "paused"
    assert asked(town, subscription=subscription).json["policy"] == "state_conflict.product"
    town.ok("POST", f"/products/{product}/resume", {})
    assert asked(town, subscription=subscription).status_code == 202
    assert leaves(town, "product.moved")[-1]["to"] == town.web.ids["second"]
    again = {"operator": town.web.ids["operator"], "reason": "x"}
    refused(town, "POST", f"/grants/{grant}/succeed", again, None, "state_conflict")
    steps = town.ok("GET", f"/grants/{grant}/history")["items"]
    assert [step["kind"] for step in steps] == ["exited"]


def test_A5_the_equal_treatment_report_shows_refusals_with_reasons_and_names_nobody(town: Estate, cli: Shell) -> None:
    """A5: prices, one queue, who was declined and why, waits in classes – to every user alike."""
    product = offered(town, given(town))
    town.ok("POST", f"/products/{product}/price", {"unit": "call", "price": "2", "trial": True}, "operator")
    subscription = subscribed(town, product)
    job = asked(town, subscription=subscription).json["id"]
    town.finish()
    assert town.ok("GET", f"/jobs/{job}", key="firm")["status"] == "done"
    asking = {"product": product, "purpose": "industry", "commitment": {"accepted": True}}
    waiting = town.ok("POST", "/subscriptions", asking, "stranger")["id"]
    cli.run("decline", waiting, "no security officer", key="operator")
    assert town.ok("GET", f"/subscriptions/{waiting}", key="stranger")["reason"] == "no security officer"
    assert asked(town, "stranger", waiting).json["policy"] == "subscription_inactive.status"
    report = cli.ask("product", "equal-treatment", product, key="stranger")
    assert [price["price"] for price in report["prices"]] == ["1", "2"]
    assert (report["price_lists"], report["queues"]) == (1, 1)
    assert [said["reason"] for said in report["declined"]] == ["no security officer"]
    assert report["subscriptions"] == {"active": 1, "ended": 1}
    assert report["refused_jobs"] == {"subscription_inactive.status": 1}
    assert report["waits"]["decision"]["same day"] == 2
    assert sum(report["waits"]["queue"].values()) == 1
    names = {town.web.ids["firm"], town.web.ids["stranger"]}
    assert not any(name in json.dumps(report) for name in names)
    assert report == town.ok("GET", f"/products/{product}/equal-treatment", key="operator")
    assert "no security officer" in cli.run("product", "equal-treatment", product)


def test_A6_an_agreement_binds_by_its_digest(town: Estate, cli: Shell, tmp_path: Path) -> None:
    """A6: who subscribes names the agreement that was reviewed with the product; another is refused."""
    paper = tmp_path / "agreement.txt"
    paper.write_text("rights and duties")
    digest = hashlib.sha256(paper.read_bytes()).hexdigest()
    product = offered(town, given(town), agreement=digest)
    asking = {"product": product, "purpose": "industry", "commitment": {"accepted": True}}
    for wrong in ({}, {"agreement": "0" * 64}):
        assert digest in refused(town, "POST", "/subscriptions", asking | wrong, "firm", "commitment_missing")["detail"]
    made = cli.ask("subscribe", product, "industry", "--accept", "--agreement", str(paper), key="firm")
    assert made["agreement"] == digest
    assert leaves(town, "subscription.created")[-1]["agreement"] == digest
    plain = {"product": town.product, "purpose": "industry", "commitment": {"accepted": True}, "agreement": digest}
    refused(town, "POST", "/subscriptions", plain, "firm", "commitment_missing")
    bad = {"grant": given(town), "kind": "query", "name": "q", "resources": [town.resource], "spec": {"agreement": "x"}}
    refused(town, "POST", "/products", bad, "operator", "field_invalid")


def test_A6_a_credit_record_suspends_is_appealed_and_repaired(town: Estate, cli: Shell, tmp_path: Path) -> None:
    """A6: a suspension holds while an appeal is open, which another decides; repair needs a document."""
    firm = town.web.ids["firm"]
    today = now().date()
    entry = cli.ask("credit", "enter", firm, "suspension", "--reason", "sold on", "--until", f"{today.year + 1}-01-01")
    assert asked(town).json["policy"] == "party_suspended.credit"
    cli.run("credit", "appeal", entry["id"], "it was not us", key="firm")
    assert asked(town).json["policy"] == "party_suspended.credit"
    refused(
        town, "POST", f"/credit/{entry['id']}/decide", {"accepted": True, "decision": "x"}, None, "separation_of_duties"
    )
    cli.run("credit", "decide", entry["id"], "it was", key="regulator")
    refused(town, "POST", f"/credit/{entry['id']}/appeal", {"plea": "again"}, "firm", "state_conflict")
    paper = tmp_path / "mended.txt"
    paper.write_text("mended")
    cli.run("credit", "repair", entry["id"], "a new officer", str(paper), key="firm")
    cli.run("credit", "decide", entry["id"], "seen", "--accept")
    assert asked(town).status_code == 202
    record = cli.ask("credit", "show", firm, key="firm")
    assert (record["standing"], record["entries"][-1]["status"]) == ("good", "repaired")
    refused(town, "GET", f"/parties/{firm}/credit", None, "stranger", "not_found")
    kinds = ["credit.entered", "credit.appealed", "credit.rejected", "credit.repair_asked", "credit.accepted"]
    with town.house.store.read() as tx:
        logged = tx.find(LogEntry, kind=kinds, order=["at"])
    assert [row.kind for row in logged[-5:]] == kinds
    assert not any(firm.encode() in row.leaf for row in logged)


def test_A6_a_suspension_ends_with_its_day(town: Estate) -> None:
    body = {"kind": "suspension", "reason": "late", "until": now().date().isoformat()}
    made = town.ok("POST", f"/parties/{town.web.ids['charity']}/credit", body)
    assert town.ok("GET", f"/parties/{made['party']}/credit", key="charity")["standing"] == "suspended"
    from sandbox.grants.credit import standing

    with town.house.store.read() as tx:
        assert standing(tx, made["party"], now().date() + timedelta(days=1)) == "good"
    yesterday = (now().date() - timedelta(days=1)).isoformat()
    refused(
        town, "POST", f"/parties/{made['party']}/credit", body | {"until": yesterday}, None, "field_invalid"
    )  # fmt: skip


def test_A7_free_use_shows_its_proof_and_place(town: Estate, cli: Shell, tmp_path: Path) -> None:
    """A7, I5: free use waits for the operator and shows its proof; outside the mainland is refused until assessed."""
    paper = tmp_path / "charter.pdf"
    paper.write_text("charter")
    free = cli.ask("subscribe", town.product, "public_welfare", "--accept", "--proof", str(paper), key="stranger")
    assert (free["status"], free["proof"]["title"]) == ("pending", "charter.pdf")
    sure = ("--security", "sufficient", "--note", "visited")
    assert cli.run("approve", free["id"], *sure, key="operator") == f"Approved subscription {free['id']}\n"
    bare = cli.ask("subscribe", town.product, "public_welfare", "--accept", key="stranger")["id"]
    said = cli.run("approve", bare, key="operator")
    assert "nothing but a declaration shows that this use is free" in said and "not assessed" in said
    charged = {"product": town.product, "purpose": "industry", "commitment": {"accepted": True}, "proof": PROOF}
    refused(town, "POST", "/subscriptions", charged, "firm", "field_invalid")
    abroad = cli.ask("subscribe", town.product, "industry", "--accept", "--place", "HK", key="stranger")["id"]
    said = refused(town, "POST", f"/subscriptions/{abroad}/approve", {}, "operator", "cross_border_refused")
    assert said["policy"] == "cross_border_refused.place"
    assert cli.run("attach", abroad, "export_assessment", str(paper), key="operator", code=1)
    cli.run("attach", abroad, "export_assessment", str(paper))
    town.ok("POST", f"/subscriptions/{abroad}/approve", {}, "operator")
    leaf = leaves(town, "document.attached")[-1]
    assert (leaf["subject"], leaf["kind"]) == (abroad, "export_assessment")


def test_U8_the_approved_specification_is_the_one_that_runs(town: Estate, cli: Shell) -> None:
    """U8, A7: a checklist, somebody else than the author, warnings, and a hash that binds."""
    body = {"grant": given(town), "kind": "query", "name": "q", "resources": [town.resource], "spec": {}}
    product = town.ok("POST", "/products", body, "operator")["id"]
    town.ok("POST", f"/products/{product}/submit", {}, "operator")
    questions = town.ok("GET", "/review/checklist", key="")["checklist"]
    no = {"checklist": dict.fromkeys(questions, True) | {"necessity": False}}
    refused(town, "POST", f"/products/{product}/approve", no, None, "state_conflict")
    refused(town, "POST", f"/products/{product}/approve", {"checklist": {"taste": True}}, None, "field_invalid")
    cli.run("product", "return", product, "--note", "leave ages out", "--no", "necessity")
    assert town.ok("GET", f"/products/{product}", key="operator")["status"] == "draft"
    revised = town.ok("POST", f"/products/{product}/revise", {"spec": {"automated_decisions": True}}, "operator")
    town.ok("POST", f"/products/{product}/submit", {}, "operator")
    said = cli.run("product", "approve", product, "--reviewed")
    assert "no impact assessment" in said and "automated decisions" in said and "checklist was not" not in said
    reviews = cli.ask("product", "reviews", product)
    assert [one["verdict"] for one in reviews] == ["returned", "approved"]
    assert reviews[1]["spec_digest"] == revised["spec_digest"] != reviews[0]["spec_digest"]
    assert leaves(town, "product.reviewed")[-1]["spec"] == revised["spec_digest"]
    town.ok("POST", f"/products/{product}/price", {"unit": "call", "price": "1", "trial": True}, "operator")
    subscription = subscribed(town, product)
    assert asked(town, subscription=subscription).status_code == 202
    with town.house.store.write() as tx:  # whoever can write the database still cannot run what nobody reviewed
        held = tx.get(Product, product)
        assert held is not None
        tx.change(held, spec={"automated_decisions": False})
    assert asked(town, subscription=subscription).json["policy"] == "state_conflict.specification"


def test_I4_assessments_are_warned_of_or_demanded_and_kept_three_years(
    town: Estate, cli: Shell, tmp_path: Path
) -> None:
    """I4: with the stricter policies in force a product on persons waits for its impact assessment."""
    body = {"grant": given(town), "kind": "query", "name": "q", "resources": [town.resource], "spec": {}}
    product = town.ok("POST", "/products", body, "operator")["id"]
    town.ok("POST", f"/products/{product}/submit", {}, "operator")
    assert asked(town).status_code == 202
    before = town.ok("GET", "/policies")
    assert before["version"] is None
    strict = cli.ask("policy", "propose", "--strict", "--note", "documents")
    assert town.ok("GET", "/policies") == before  # proposed is not in force
    tried = cli.ask("policy", "test", "--strict")
    assert tried["tried"] > 0 and tried["changed"] == 0  # past jobs were charged ones
    cli.run("policy", "activate", strict["id"])
    questions = dict.fromkeys(town.ok("GET", "/review/checklist", key="")["checklist"], True)
    paper = tmp_path / "pia.pdf"
    paper.write_text("impact")
    for kind in ("impact_assessment", "risk_assessment"):
        said = refused(
            town, "POST", f"/products/{product}/approve", {"checklist": questions}, None, "assessment_missing"
        )
        assert said["detail"].split("kind ")[1].startswith(kind)
        made = cli.ask("attach", product, kind, str(paper), key="operator")
        assert int(made["kept_until"][:4]) == now().year + 3
    refused(town, "POST", f"/products/{product}/approve", {}, None, "state_conflict")
    approved = town.ok("POST", f"/products/{product}/approve", {"checklist": questions})
    assert approved["review"]["warnings"] == []
    refused(town, "POST", f"/policies/versions/{strict['id']}/activate", {}, None, "state_conflict")
    shipped = town.ok("POST", "/policies", {"text": before["text"], "note": "back"})
    cli.run("policy", "activate", shipped["id"])
    assert town.ok("GET", "/policies")["digest"] == before["digest"]
    assert [one["status"] for one in cli.ask("policy", "list")] == ["retired", "active"]
    assert not town.ok("GET", "/policies")["strict"]
    again = cli.ask("policy", "strict")
    assert again["digest"] == strict["digest"] and again["status"] == "active" and town.ok("GET", "/policies")["strict"]
    assert cli.ask("policy", "strict")["id"] == again["id"], "once is enough"
    cli.run("policy", "activate", shipped["id"])
    kinds = [row["digest"] for row in leaves(town, "policies.activated")]
    assert kinds == [strict["digest"], before["digest"], strict["digest"], before["digest"]]


def test_policies_are_checked_and_tried_before_they_decide(town: Estate, cli: Shell, tmp_path: Path) -> None:
    """A2: a trial names the past requests that would be decided otherwise, and changes nothing."""
    text = town.ok("GET", "/policies")["text"]
    file = tmp_path / "mine.cedar"
    file.write_text(
        text + '\n@id("purpose_not_allowed.industry")\n@en("no industry")\n@zh("不允许")\n'
        'forbid (principal, action == Action::"run_job", resource) when { context.purpose == "industry" };\n'
    )
    assert "fit the facts" in cli.run("policy", "check", str(file))
    job = asked(town).json["id"]
    tried = cli.ask("policy", "test", str(file))
    assert {"request": job, "was": "allowed.job", "would_be": "purpose_not_allowed.industry"}.items() <= next(
        change for change in tried["changes"] if change["request"] == job
    ).items()
    assert tried["by_policy"]["purpose_not_allowed.industry"] <= tried["changed"] <= tried["tried"]
    assert asked(town).status_code == 202
    for wrong, said in (
        (text.replace("unless { context.commitment }", "when { false }"), "is law"),
        (
            text + '\n@id("nonsense.x")\n@en("x")\n@zh("x")\nforbid (principal, action, resource) when { false };',
            "code",
        ),
        ("permit (", "text:"),
    ):
        detail = refused(town, "POST", "/policies", {"text": wrong}, None, "field_invalid")["detail"]
        assert said in detail
    refused(town, "POST", "/policies", {"text": text}, "operator", "role_not_allowed")
    broken = tmp_path / "broken.cedar"
    broken.write_text("permit (")
    cli.run("policy", "check", str(broken), code=1)
    shipped = file.read_text()
    broken.write_text(shipped.replace("context.stopped", "context.stoped"))
    line = shipped.splitlines().index('@id("emergency_stop.in_force")') + 1
    said = cli.run("policy", "check", str(broken), code=1)
    assert f"line {line}: emergency_stop.in_force: attribute `stoped`" in said and "policy4" not in said
    silly = '\n@id("silly.code")\n@en("x")\n@zh("y")\nforbid (principal, action, resource) when { false };\n'
    broken.write_text(shipped + silly)
    assert "silly.code: an @id begins with" in cli.run("policy", "check", str(broken), code=1)
