"""A7 from the outside: free use by declaration is approved with `{}`, looked into, stopped, and resumed; recipients are
assessed; operator, user and public see on what it rests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from estate import Estate, estate
from shell import Shell, shell

from policies.authorise import SHIPPED, STRICT
from policies.recipient import QUESTIONS
from sandbox.core.clock import run_ahead
from sandbox.core.ids import new_id

COUNT = "SELECT COUNT(*) AS n FROM people"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Estate]:
    with estate(tmp_path / "home") as made:
        made.publish(("firm", "charity"), purpose="public_welfare")
        yield made


@pytest.fixture
def cli(town: Estate) -> Iterator[Shell]:
    with shell(town.web) as made:
        yield made


@pytest.fixture
def clock() -> Iterator[Callable[[timedelta], None]]:
    """Move the clock ahead."""
    yield lambda ahead: run_ahead(lambda: ahead)
    run_ahead()


def refused(town: Estate, method: str, path: str, body: Any, key: str) -> dict[str, Any]:
    answer = town.web.call(method, path, body, key, headers={"Idempotency-Key": new_id("k")})
    assert answer.status_code >= 400, answer.text
    return dict(answer.json)


def test_A7_free_use_by_declaration_runs_is_looked_into_and_stops(
    town: Estate, cli: Shell, clock: Callable[[timedelta], None], tmp_path: Path
) -> None:
    """The outside contract's bodies let a charity in; the day after the term nothing runs and no answer leaves."""
    subscription = town.subscriptions["charity"]
    assert town.ok("GET", f"/subscriptions/{subscription}", key="charity")["free_by"] == "declaration"
    job = town.ask(COUNT, "charity")
    town.finish()
    assert town.ok("GET", f"/jobs/{job}/result", key="charity")
    said = cli.run("subscriptions", "demand-proof", subscription, "--reason", "audit", "--days", "5", key="operator")
    assert "are due by 20" in said
    shown = cli.run("subscriptions", "show", subscription, key="charity")
    assert all(word in shown for word in ("Free by: declaration", "Looked into: demanded, due 20", "not assessed"))
    clock(timedelta(days=6))
    town.beat()
    asked = {"subscription": subscription, "sql": COUNT, "epsilon": "0.4"}
    for method, path, body in (("POST", "/jobs", asked), ("GET", f"/jobs/{job}/result", None)):
        told = refused(town, method, path, body, "charity")
        assert (told["code"], told["policy"]) == ("subscription_inactive", "subscription_inactive.proof")
        assert told["reason"]["zh"].startswith("无偿使用的证明材料逾期未提交")
    assert town.ok("GET", "/disclosure", key="")["free_use"]["overdue"] == 1
    charter = tmp_path / "charter.pdf"
    charter.write_text("we are a charity")
    assert "Free by document" in cli.run("subscriptions", "prove", subscription, str(charter), key="charity")
    assert "charter.pdf" in cli.run("subscriptions", "show", subscription, key="operator")
    assert town.ask(COUNT, "charity") and town.ok("GET", f"/jobs/{job}/result", key="charity")


def test_A7_a_job_on_its_way_is_not_carried_out_once_the_term_is_over(
    town: Estate, clock: Callable[[timedelta], None]
) -> None:
    """Before a row is read it is asked again; nothing is spent on what may not be handed out."""
    subscription = town.subscriptions["charity"]
    job = town.ask(COUNT, "charity")
    town.ok("POST", f"/subscriptions/{subscription}/demand-proof", {"reason": "audit", "days": 1})
    clock(timedelta(days=2))
    town.beat()
    town.finish()
    assert town.ok("GET", f"/jobs/{job}", key="charity")["status"] == "void"
    [account] = [one for one in town.ok("GET", "/budgets", key="charity")["items"] if one["party"]]
    assert account["spent"]["epsilon"] == "0"


def test_A7_what_is_found_untrue_ends_with_its_reason_for_all_to_count(town: Estate, cli: Shell) -> None:
    subscription, charity = town.subscriptions["charity"], town.web.ids["charity"]
    assert "not_found" in cli.run("subscriptions", "find-untrue", "none", "--reason", "x", key="operator", code=1)
    said = cli.run("subscriptions", "find-untrue", subscription, "--reason", "it sells answers on")
    assert "is ended: it sells answers on" in said
    assert "it sells answers on" in cli.run("credit", "show", charity, key="charity")
    assert "subscription_inactive" in cli.run("query", subscription, COUNT, key="charity", code=1)
    data = town.ok("GET", "/disclosure", key="")
    assert (data["free_use"]["declaration"], data["free_use"]["untrue"]) == (1, 1)
    for lang, words in (("en", ("by declaration: 1", "found untrue: 1")), ("zh", ("凭告知承诺：1", "经核查不实：1"))):
        page = town.web.client.get(f"/disclosure?lang={lang}").text
        assert all(word in page for word in words) and charity not in page


def test_A7_the_operator_sees_the_answers_and_assesses_them(town: Estate, cli: Shell, tmp_path: Path) -> None:
    asked = cli.ask("commitment")
    assert set(asked["recipient"]) == set(QUESTIONS) and asked["declaration"]["zh"] in cli.run(
        "commitment", "--language", "zh"
    )
    file = tmp_path / "answers.json"
    file.write_text(json.dumps(dict.fromkeys(QUESTIONS, "see plan 7")))
    more = ("--accept", "--recipient", str(file))
    made = cli.ask("subscribe", town.product, "public_welfare", *more, key="firm")["id"]
    seen = cli.run("subscriptions", "show", made, key="operator")
    assert seen.count("see plan 7") == len(QUESTIONS) and QUESTIONS["leaks"].en in seen
    said = cli.run("approve", made, "--security", "insufficient", "--note", "no access control", key="operator", code=1)
    assert "state_conflict" in said and "insufficient" in said
    assert town.ok("GET", f"/subscriptions/{made}", key="firm")["status"] == "pending"
    assert "not assessed" not in cli.run("approve", made, "--security", "sufficient", key="operator")
    cli.run("subscriptions", "assess", made, "insufficient", "--note", "a leak", key="operator")
    told = refused(town, "POST", "/jobs", {"subscription": made, "sql": COUNT, "epsilon": "0.5"}, "firm")
    assert told["policy"] == "state_conflict.recipient"
    recipients = {"sufficient": 0, "insufficient": 1, "not_assessed": 2}
    assert town.ok("GET", "/disclosure", key="")["recipients"] == recipients
    assert "recipients: insufficient 1, not_assessed 2" in cli.run("product", "equal-treatment", town.product)


def test_A7_strict_asks_for_document_and_assessment_up_front(town: Estate, cli: Shell, tmp_path: Path) -> None:
    before = "\n\n".join(part for part in STRICT.split("\n\n") if "assessment_missing.recipient" not in part)
    older = town.ok("POST", "/policies", {"text": SHIPPED + before, "note": "strict of an earlier release"})["id"]
    cli.run("policy", "activate", older)
    assert not town.ok("GET", "/policies")["strict"]
    cli.run("policy", "strict")
    assert town.ok("GET", "/policies")["strict"]
    body = {"product": town.product, "purpose": "public_welfare", "commitment": {"accepted": True}}
    made = town.ok("POST", "/subscriptions", body, "charity")["id"]
    approve = f"/subscriptions/{made}/approve"
    assert refused(town, "POST", approve, {}, "operator")["policy"] == "purpose_not_allowed.proof"
    charter = tmp_path / "charter.pdf"
    charter.write_text("we are a charity")
    cli.run("subscriptions", "prove", made, str(charter), key="charity")
    assert refused(town, "POST", approve, {}, "operator")["policy"] == "assessment_missing.recipient"
    sure = {"security": {"level": "sufficient", "note": "visited"}}
    assert town.ok("POST", approve, sure, "operator")["status"] == "active"
    town.subscriptions["charity"] = made
    assert town.ask(COUNT, "charity")
    page = town.web.client.get("/disclosure?lang=en").text
    assert "the security of recipients are conditions of approval" in page
