"""U2: one approved claim about one subject – answered alike whether it is unknown or nothing may be told, only on
consent or an accepted basis, within limits, with a receipt; on both databases."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from databases import postgres_database
from firms import BASES, CLAIMS, FIRMS, LIMITS, STEP, UNKNOWN, Office, code, identity, specification
from shell import shell

from sandbox.catalogue.entry import parse_entry
from sandbox.client.verify import Verified
from sandbox.core.clock import now, rfc3339
from sandbox.errors import Problem
from sandbox.jobs.records import Job
from sandbox.metering.records import UsageEvent
from sandbox.oversight.records import Alert
from sandbox.oversight.watch import look
from sandbox.persons.records import Consent
from sandbox.persons.retention import KEPT, sweep
from sandbox.products.verification.records import Verification
from sandbox.products.verification.specification import read
from sandbox.stores.tables import METADATA
from sandbox.transparency.records import LogEntry, Opening
from sandbox.web.known import FRESH

ACTIVE, REVOKED, SILENT = FIRMS[1]["code"], FIRMS[2]["code"], FIRMS[4]["code"]
SOON = rfc3339(now() + timedelta(days=30))


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with ExitStack() as stack:
        if request.param == "postgres":
            url = stack.enter_context(postgres_database())
            stack.enter_context(patch.dict("os.environ", {"SANDBOX_DATABASE_URL": url}))
        made = Office(tmp_path_factory.mktemp("office") / "home", stack)
        made.found()
        stack.enter_context(made.open())
        yield made


def consent(office: Office, subject: str, user: str = "bank", **more: Any) -> str:
    person = {"kind": "cn_uscc", "number": subject}
    given = {"person": person, "purpose": "industry", "expires_at": SOON, "form": "a" * 64, "identity_proof": "seal"}
    return str(office.ok("POST", "/consents", given | more, user)["id"])


def traces(office: Office, made: str) -> dict[str, Any]:
    """Everything that a claim left, as somebody with the database or the log sees it: kinds and sizes."""
    with office.house.store.read() as tx:
        row = tx.get(Verification, made)
        assert row is not None and row.entry is not None and row.answer is not None
        leaf, [event] = tx.get(LogEntry, row.entry), tx.find(UsageEvent, job=made)
        assert leaf is not None
        openings = tx.find(Opening, entry=leaf.id)
    public = json.loads(leaf.leaf)["public"]
    return {
        "leaf": (leaf.kind, len(leaf.leaf), public),
        "openings": [(one.name, one.audience, len(one.sealed)) for one in openings],
        "sealed": (len(row.answer), len(row.asked)),
        "event": (event.unit, event.quantity, event.price, event.fee, event.free, event.data, event.product),
        "row": (row.status, row.fee, row.claim, row.units, row.free),
    }


def test_U2_claims_are_answered_by_a_word(office: Office) -> None:
    assert [office.answer(firm) for firm in (ACTIVE, REVOKED)] == ["true", "false"]
    assert [office.answer(FIRMS[n]["code"], "turnover") for n in (3, 6, 16, 18)] == ["s", "m", "m", "large"]
    assert office.answer(ACTIVE, "status_is", value="active") == "true"
    assert office.answer(ACTIVE, "status_is", value="revoked") == "false"
    assert office.answer(FIRMS[3]["code"], "listed", value=True) == "true"
    assert office.answer(f" {ACTIVE.lower()[:8]} {ACTIVE[8:]}") == "true"  # as it is printed on a seal
    assert office.refused(ACTIVE, "status_is")[0] == "field_invalid"
    assert "takes none" in office.refused(ACTIVE, "turnover", value="x")[1]
    assert "write true or false" in office.refused(ACTIVE, "listed", value="yes")[1]
    assert "answers in_business, turnover" in office.refused(ACTIVE, "profit")[1]


def test_U2_P8_unknown_unanswered_and_unpermitted_look_alike(office: Office) -> None:
    told = FIRMS[3]["code"]
    for subject in (UNKNOWN, SILENT, told):
        consent(office, subject)
    said = [office.claim(subject, "turnover", basis="consent") for subject in (UNKNOWN, SILENT, FIRMS[7]["code"])]
    assert [one.json["answer"] for one in said] == ["not_available"] * 3
    assert len({(one.status_code, len(one.data), tuple(one.json)) for one in said}) == 1
    left = [traces(office, one.json["id"]) for one in said]
    assert left[0] == left[1] == left[2]
    answered = office.claim(told, "turnover", basis="consent").json
    assert answered["answer"] == "s" and traces(office, answered["id"]) == left[0]  # not even an answer shows outside


def test_U2_I1_no_answer_without_consent_and_none_after_its_withdrawal(office: Office) -> None:
    firm = FIRMS[11]["code"]
    assert office.answer(firm, basis="consent") == "not_available"
    given = consent(office, firm)
    assert office.answer(firm, basis="consent") == office.answer(firm, consent=given) == "true"
    assert office.answer(firm, user="other", basis="consent") == "not_available"  # it was not given to it
    assert office.refused(firm, user="other", consent=given)[0] == "not_found"
    other = FIRMS[13]["code"]
    assert office.refused(other, consent=given) == (
        "consent_missing", "the consent that you named is somebody else's; name this one's",
    )  # fmt: skip
    office.ok("DELETE", f"/consents/{given}", key="bank")
    for ground in ({"consent": given}, {"basis": "consent"}):
        code_, detail = office.refused(firm, **ground)
        assert code_ == "consent_missing" and "was withdrawn" in detail
    lapsed = consent(office, FIRMS[15]["code"])
    with office.house.store.write() as tx:
        held = tx.get(Consent, lapsed)
        assert held is not None
        tx.change(held, expires_at=now() - timedelta(seconds=1))
    assert "has expired" in office.refused(FIRMS[15]["code"], consent=lapsed)[1]
    assert "accepts consent, statutory_duty" in office.refused(firm, basis="contract")[1]


def test_U2_I3_the_subject_sees_who_asked_and_its_own_withdrawal_is_no_news(office: Office) -> None:
    firm, user = FIRMS[27]["code"], office.web.ids["bank"]
    office.web.join(f"firm {firm}", "subject")
    me, person = f"firm {firm}", {"kind": "cn_uscc", "number": firm}
    office.ok("POST", "/subjects", {"party": office.web.ids[me], "person": person, "method": "seal"})
    given = {"person": person, "purpose": "industry", "recipient": user, "expires_at": SOON}
    made = office.ok("POST", "/consents", given, me)["id"]
    assert office.answer(firm, basis="consent") == "true"
    office.ok("DELETE", f"/consents/{made}", key=me)
    assert office.answer(firm, basis="consent") == office.answer(firm, consent=made) == "not_available"
    assert office.answer(firm) == "true"  # another basis stands, until …
    told = {"kind": "objection", "resource": office.resource, "text": "leave us alone"}
    demand = office.ok("POST", "/subjects/me/demands", told, me)["id"]
    office.ok("POST", f"/subjects/demands/{demand}/answer", {"upheld": True, "answer": "right"})
    assert office.answer(firm) == "not_available"
    lines = office.ok("GET", "/subjects/me/inquiries", key=me)["items"]
    assert [line["basis"] for line in lines] == [made, "consent", made, "statutory_duty", "statutory_duty"]
    assert {(line["recipient"], line["product"], line["purpose"]) for line in lines} == {
        (user, office.product, "industry")
    }


def test_U2_each_claim_is_charged_once_and_never_lost(office: Office) -> None:
    firm = FIRMS[19]["code"]
    said = [office.claim(firm, key="once").json for _ in range(3)]
    assert said[0] == said[1] == said[2]
    assert office.web.call(
        "POST", "/verifications", {"subscription": office.subscriptions["bank"], "subject": firm, "claim": "turnover"},
        "bank", {"Idempotency-Key": "once"},
    ).json["code"] == "idempotency_conflict"  # fmt: skip
    with office.house.store.read() as tx:
        assert len(tx.find(UsageEvent, job=said[0]["id"])) == 1
    again = office.ok("GET", f"/verifications/{said[0]['id']}", key="bank")
    assert again["answer"] == "true"
    assert office.web.call("GET", f"/verifications/{said[0]['id']}", key="other").status_code == 404
    listed = office.ok("GET", "/verifications", key="bank")["items"]
    assert said[0]["id"] in {one["id"] for one in listed} and not any("answer" in one for one in listed)
    missing = {"subscription": office.subscriptions["bank"], "subject": firm, "claim": "in_business"}
    assert office.web.call("POST", "/verifications", missing, "bank").json["code"] == "malformed_request"


def test_U2_T4_the_receipt_proves_question_and_answer_offline(office: Office) -> None:
    said = office.claim(ACTIVE, "status_is", value="active").json
    receipt = office.web.call("GET", said["receipt"].removeprefix("/api/v1"), key="bank").text
    kept = {name: said[name] for name in ("id", "claim", "value", "answer", "fee", "salt")}
    key = office.web.house.log_public_key
    proven = Verified(subject=ACTIVE, receipt=receipt, **kept).verify(key)
    assert (proven["answer"], proven["party"], proven["basis"]) == ("true", office.web.ids["bank"], "statutory_duty")
    for lie in ({"subject": REVOKED}, {"answer": "false"}, {"value": "revoked"}, {"claim": "listed"}):
        with pytest.raises(Problem):
            Verified(**{"subject": ACTIVE, "receipt": receipt, **kept} | lie).verify(key)


def test_U2_no_number_of_a_subject_is_kept(office: Office) -> None:
    """A pseudonym stands for it everywhere; of a question that was answered nobody can try numbers without the key."""
    firm = FIRMS[23]["code"]
    made = office.claim(firm, key=f"secret {STEP}").json["id"]
    with office.house.store.read() as tx:
        row = tx.get(Verification, made)
        assert row is not None and "number" not in json.loads(
            office.house.release_sealer.open(row.asked, f"verification:{made}")
        )
        pseudonym, leaves = row.subject, [one.leaf for one in tx.find(LogEntry)]
    with office.house.store.engine.connect() as connection:  # type: ignore[attr-defined]
        whole = "".join(str(row) for table in METADATA.sorted_tables for row in connection.execute(table.select()))
    assert firm not in whole and firm[8:16] not in whole
    assert not any(pseudonym.encode() in leaf for leaf in leaves)


def test_I6_whom_a_claim_was_about_is_forgotten_in_the_end(office: Office) -> None:
    firm = FIRMS[25]["code"]
    made, kept = (office.claim(firm).json["id"] for _ in range(2))
    with office.house.store.write() as tx:
        old = tx.get(Verification, made)
        assert old is not None and old.entry is not None and tx.find(Opening, entry=old.entry)
        tx.change(old, created_at=now() - KEPT - timedelta(days=1))
        assert sweep(tx, office.house.journal, now())["claims"] == 1
        forgotten = tx.get(Verification, made)
        assert forgotten is not None and (forgotten.subject, forgotten.answer, forgotten.asked) == ("", b"", b"")
        assert tx.find(Opening, entry=old.entry) == [] and len(tx.find(UsageEvent, job=made)) == 1
    assert office.web.call("GET", f"/verifications/{made}", key="bank").status_code == 404
    assert office.ok("GET", f"/verifications/{kept}", key="bank")["answer"] == "true"


def test_U2_many_subjects_at_once_are_answered_one_by_one(office: Office) -> None:
    firms = [FIRMS[n]["code"] for n in (31, 32, 33)]
    consent(office, firms[0])
    body = {"subscription": office.subscriptions["bank"], "subjects": [*firms, "911"], "claim": "in_business"}
    assert office.web.call("POST", "/verifications/batch", body, "bank", {"Idempotency-Key": "b"}).status_code == 422
    body["subjects"] = [*firms, firms[0][:-1] + ("0" if firms[0][-1] != "0" else "1")]
    rows = office.ok("POST", "/verifications/batch", body, "bank", headers={"Idempotency-Key": "b"})["rows"]
    assert [row.get("answer") for row in rows] == ["true", "not_available", "not_available", None]
    assert rows[3]["code"] == "field_invalid" and firms[0] not in json.dumps(rows)
    again = office.ok("POST", "/verifications/batch", body, "bank", headers={"Idempotency-Key": "b"})["rows"]
    assert again == rows


def test_U2_a_batch_is_counted_with_noise_over_all_of_it(office: Office) -> None:
    """The ordinary release: a plan that shows nobody's number, charged to the accounts, with its errors."""
    firms = [FIRMS[n]["code"] for n in range(10, 70)]
    body = {"subscription": office.subscriptions["other"], "subjects": [*firms, UNKNOWN], "claim": "in_business"}
    body |= {"basis": "consent", "epsilon": "3"}
    before = office.ok("GET", "/budgets", key="other")["items"]
    made = office.ok("POST", "/verifications/batch", body, "other", headers={"Idempotency-Key": "count"})
    assert {row["answer"] for row in made["rows"]} == {"not_available"}  # none of them consented to this user
    with office.working():
        job = office.ok("GET", f"/jobs/{made['counts']['job']}", key="other")
        until = now() + timedelta(seconds=300)
        while job["status"] != "done" and now() < until:
            job = office.ok("GET", f"/jobs/{job['id']}", key="other")
    said = office.ok("GET", made["counts"]["result"].removeprefix("/api/v1"), key="other")
    counts = dict(said["rows"])
    assert abs(counts["true"] - 30) < 15 and abs(counts["false"] - 30) < 15, counts
    assert float(said["privacy"]["epsilon"]) == pytest.approx(3, abs=0.01) and said["columns"][1]["error_95"]
    assert office.ok("GET", "/budgets", key="other")["items"] != before
    with office.house.store.read() as tx:
        kept = tx.get(Job, job["id"])
        assert kept is not None and not any(firm in json.dumps(kept.plan) for firm in firms)
    again = office.ok("POST", "/verifications/batch", body, "other", headers={"Idempotency-Key": "count"})
    assert again == made
    body |= {"epsilon": "100"}
    over = office.web.call("POST", "/verifications/batch", body, "other", {"Idempotency-Key": "more"})
    assert over.json["code"] == "privacy_budget_exhausted"
    plain = {"subscription": office.subscriptions["other"], "sql": "SELECT COUNT(*) FROM firms"}
    refused = office.web.call("POST", "/jobs", plain, "other", {"Idempotency-Key": "sql"})
    assert "POST /api/v1/verifications" in refused.json["detail"]


def test_S1_a_revoked_key_asks_no_claim_within_a_second(office: Office) -> None:
    user = office.web.ids["bank"]
    made = office.ok("POST", f"/parties/{user}/keys", {"scopes": ["read", "write"]}, "bank")
    office.web.keys["spare"] = made["api_key"]
    office.subscriptions["spare"] = office.subscriptions["bank"]
    assert office.answer(ACTIVE, user="spare") == "true"
    office.ok("DELETE", f"/keys/{made['id']}", key="bank")
    time.sleep(FRESH)
    assert FRESH < 1 and office.claim(ACTIVE, user="spare").json["code"] == "key_invalid"


def test_U2_commands_ask_and_prove(office: Office, tmp_path: Path) -> None:
    number, proof, key = tmp_path / "subject", tmp_path / "proof.json", tmp_path / "log.pub"
    number.write_text(ACTIVE + "\n")
    key.write_text(office.web.house.log_public_key)
    with shell(office.web) as cli:
        office.beat()
        asked = ("verify", office.subscriptions["bank"], "in_business", str(number), "--basis", "statutory_duty")
        said = cli.run(*asked, "--log-key", str(key), "--proof", str(proof), key="bank")
        assert "in_business: true" in said and "0.50" in said
        assert f"about {ACTIVE} was answered true" in cli.run("verify-proof", str(proof), "--log-key", str(key))
        assert "in_business" in cli.run("verifications", key="bank")
        number.write_text(f"{ACTIVE}\n{REVOKED}\n")
        table = cli.run("verify-batch", *asked[1:], key="bank")
        assert "true" in table and "false" in table and ACTIVE not in table
        forged = json.loads(proof.read_text()) | {"answer": "false"}
        proof.write_text(json.dumps(forged))
        with pytest.raises(AssertionError, match="another answer"):
            cli.run("verify-proof", str(proof), "--log-key", str(key))


def test_S5_who_walks_through_numbers_is_stopped_and_reported(office: Office) -> None:
    """By its own numbers alone: half of these firms exist."""
    office.web.join("walker", "user")
    office.subscriptions["walker"] = office.subscribe("walker", office.product)
    said = [office.claim(code(STEP * 40 + n), user="walker") for n in range(14)]
    assert [one.status_code for one in said] == [200] * 11 + [429] * 3
    assert office.answer(ACTIVE) == "true"  # nobody else is stopped
    with office.house.store.write() as tx:
        look(tx, office.house.journal, now())
        alerts = [one for one in tx.find(Alert, kind="enumeration") if one.about == office.web.ids["walker"]]
    assert len(alerts) == 1 and alerts[0].facts["claims"] > 10
    office.web.join("guesser", "user")
    office.subscriptions["guesser"] = office.subscribe("guesser", office.product)
    wrong = ["91110000MA0000001" + letter for letter in "0123456789ABCDEF" if not ACTIVE.endswith(letter)]
    assert {office.refused(number, user="guesser")[0] for number in wrong} == {"field_invalid"}
    assert office.answer(ACTIVE, user="guesser") == "true"
    assert office.refused(code(1 + STEP), user="guesser")[0] == "rate_limited"


def test_U2_limits_of_users_subjects_and_products(office: Office) -> None:
    strict = {"user_per_day": 3, "product_per_day": 5, "subject_per_month": 2}
    product, subscriptions = office.offer(specification(limits=strict)), dict(office.subscriptions)
    try:
        for user in ("bank", "other"):
            office.subscriptions[user] = office.subscribe(user, product)
        firm = FIRMS[41]["code"]
        assert [office.answer(firm) for _ in range(2)] == ["true", "true"]
        over = office.claim(firm, user="other").json
        assert (over["answer"], over["fee"]) == ("not_available", "0.50")  # nobody learns that others asked
        assert office.answer(UNKNOWN) == "not_available"
        assert office.refused(firm)[0] == "quota_exhausted" and "by one user" in office.refused(firm)[1]
        assert office.answer(FIRMS[43]["code"], user="other") == "true"
        assert "of this product" in office.refused(FIRMS[45]["code"], user="other")[1]
        office.subscriptions["bank"] = office.subscribe("bank", office.product, quota=2)
        assert [office.answer(FIRMS[n]["code"]) for n in (47, 49)] == ["true", "true"]
        assert office.refused(FIRMS[51]["code"])[0] == "quota_exhausted"
    finally:
        office.subscriptions = subscriptions


def test_I2_of_a_child_nothing_without_its_guardian_and_sensitive_data_need_a_consent_of_their_own(
    office: Office,
) -> None:
    child, grown = identity(f"{now().year - 9}0115"), identity("19800501")
    columns = [
        {"name": "id_number", "type": "string", "role": "identifier"},
        {"name": "insured", "type": "boolean", "role": "personal"},
        {"name": "ill", "type": "boolean", "role": "sensitive"},
    ]
    rows = [{"id_number": one, "insured": "true", "ill": "false"} for one in (child, grown)]
    kept = office.resource, office.granted, dict(office.subscriptions)
    try:
        office.resource = office.register("persons", columns, rows, personal=True)
        office.granted = office.ok("POST", "/grants", office.grant())["id"]
        claims = [{"name": name, "kind": "equality", "column": name} for name in ("insured", "ill")]
        subject = {"table": "persons", "column": "id_number", "kind": "cn_id"}
        made = office.offer({"subject": subject, "claims": claims, "bases": BASES})
        office.subscriptions["bank"] = office.subscribe("bank", made)
        assert "guardian" in office.refused(child, "insured", value=True)[1]
        form = {"purpose": "industry", "expires_at": SOON, "form": "a" * 64, "identity_proof": "counter"}
        for number, more in ((grown, {}), (child, {"guardian": {
            "person": {"kind": "cn_id", "number": grown}, "relation": "parent", "form": "b" * 64,
        }})):  # fmt: skip
            office.ok("POST", "/consents", form | {"person": {"kind": "cn_id", "number": number}} | more, "bank")
        assert office.answer(grown, "insured", value=True, basis="consent") == "true"
        assert "asked separately" in office.refused(grown, "ill", value=True, basis="consent")[1]
        assert office.answer(child, "insured", value=True, basis="consent") == "true"  # a guardian's is separate
    finally:
        office.resource, office.granted, office.subscriptions = kept


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"claims": [CLAIMS[0] | {"values": None}]}, "claims.0"),
        ({"claims": [CLAIMS[0] | {"values": ["liquidated", 3]}]}, "claims.0.values"),
        ({"claims": [CLAIMS[1] | {"cuts": [5000, 1000]}]}, "claims.0.cuts"),
        ({"claims": [CLAIMS[1] | {"bands": ["a", "b"]}]}, "claims.0.bands"),
        ({"claims": [CLAIMS[1] | {"bands": ["a", "b", "not_available"]}]}, "claims.0.bands"),
        ({"claims": [CLAIMS[1] | {"column": "status"}]}, "claims.0.column"),
        ({"claims": [CLAIMS[2] | {"column": "code"}]}, "claims.0.column"),
        ({"claims": [CLAIMS[2], CLAIMS[2]]}, "claims"),
        ({"bases": ["because"]}, "bases"),
        ({"subject": {"table": "firms", "column": "status", "kind": "cn_uscc"}}, "subject.column"),
        ({"subject": {"table": "firms", "column": "code", "kind": "name"}}, "subject.kind"),
        ({"limits": LIMITS | {"user_per_day": 0}}, "limits.user_per_day"),
        ({"open": True}, "open"),
    ],
)
def test_U2_what_is_not_fixed_in_every_claim_is_refused(changed: dict[str, Any], where: str) -> None:
    from firms import FIRM_COLUMNS, registration

    spec = specification(**changed)
    spec["claims"] = [{name: said for name, said in one.items() if said is not None} for one in spec["claims"]]
    with pytest.raises(Problem) as refused:
        read(spec, parse_entry(registration("firms", FIRM_COLUMNS, personal=False)))
    assert refused.value.code == "field_invalid" and f"spec.{where}" in refused.value.detail
