"""Reviewers' pages: what they show and never show, to whom; forms with their tokens and two persons; what webhooks are
told on the way; reviews that nobody makes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from programs import needs_isolation
from workspace_site import CODE, TABLE, Site, site

from sandbox.core.clock import now
from sandbox.core.store import Transaction
from sandbox.identity.records import Seconding
from sandbox.jobs.records import Job
from sandbox.oversight import watch
from sandbox.products.records import Product
from sandbox.products.workspace.records import Admission, ExitReview, ExitWait
from sandbox.service.scribe import let_go
from sandbox.transparency.records import LogEntry
from sandbox.web.reviewing import visible
from sandbox.webhooks.records import Message

pytestmark = needs_isolation
TOLD = [
    "admission.submitted", "admission.admitted", "admission.rejected", "admission.ended", "exit.waiting",
    "exit.reviewed",
]  # fmt: skip


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("doors") / "home") as made:
        yield made


@pytest.fixture(autouse=True)
def nobody_signed_in(doors: Site) -> Iterator[None]:
    yield
    with doors.web.client.session_transaction() as session:
        session.clear()


def status(doors: Site, admission: str) -> str:
    with doors.house.store.read() as tx:
        found = tx.get(Admission, admission)
    assert found is not None
    return found.status


def test_a_reviewer_sees_the_code_escaped_and_of_tables_everything_but_their_content(doors: Site) -> None:
    code = CODE + "# \u202e<script>alert(1)</script>\n"
    admission = doors.bring(code=code)
    for key, lang in (("operator", "en"), (doors.web.authority, "zh")):
        listed = doors.page("/reviews", key, lang=lang)
        assert listed.status_code == 200 and f'href="/reviews/admissions/{admission}?lang={lang}"' in listed.text
        shown = doors.page(f"/reviews/admissions/{admission}", key, lang=lang)
        assert shown.status_code == 200 and shown.headers["Cache-Control"] == "no-store"
        assert "form-action 'self'" in shown.headers["Content-Security-Policy"]
        for said in (
            {"en": "<code>person</code> identifier", "zh": "<code>person</code> 标识"}[lang],
            {"en": "code gets, block by block, those of its units", "zh": "代码逐块只得到本块单位的行"}[lang],
            "<code>premium</code> integer",
            "insured",
            "contract 2026-7 &lt;i&gt;",
            "# &lt;b&gt;&amp;",
            "⟨U+202E⟩",
            ">100<",
        ):
            assert said in shown.text, said
        for never in ("77881", "<script", "<i>", "\u202e"):
            assert never not in shown.text, never
    assert "准予入域" in shown.text and "admit" not in shown.text.replace("admission", "").replace("admitted", "")
    assert visible("a\tb\nc\0\u200b\u2028é码") == "a\tb\nc⟨U+0000⟩⟨U+200B⟩⟨U+2028⟩é码"


def test_nobody_else_opens_or_decides(doors: Site) -> None:
    admission, job = doors.bring(), doors.ran()
    forms = {f"/reviews/admissions/{admission}": "admitted", f"/reviews/exits/{job}": "passed"}
    refusals = {"": 401, "firm": 403, "regulator": 403, "stranger": 404}
    for key, code in refusals.items():
        if key != "stranger":
            assert doors.page("/reviews", key or None).status_code == code
        for path, verdict in forms.items():
            assert doors.page(path, key or None).status_code == code, (key, path)
            assert doors.page(path, key or None, {"verdict": verdict, "reason": "fine"}).status_code == code
    form = {"verdict": "admitted", "reason": "fine"}
    other = doors.page("/reviews", "stranger").text
    assert admission not in other and job not in other
    for path in ("/reviews/admissions/admission_none", "/reviews/exits/job_none", f"/reviews/exits/{admission}"):
        assert doors.page(path, "operator").status_code == 404
        assert doors.page(path, "operator", form).status_code in (404, 422)
    assert status(doors, admission) == "submitted"
    reading = doors.ok("POST", f"/parties/{doors.web.ids['operator']}/keys", {"scopes": ["read"]}, "operator")
    assert doors.page(f"/reviews/admissions/{admission}", reading["api_key"]).status_code == 200
    assert doors.page(f"/reviews/admissions/{admission}", reading["api_key"], form).status_code == 403


def test_an_author_that_is_an_operator_too_does_not_review_its_own(doors: Site) -> None:
    brought = doors.bring()
    with doors.house.store.write() as tx:
        made = tx.get(Admission, brought)
        assert made is not None
        own = tx.change(made, party=doors.web.ids["operator"])
    assert "<textarea" not in doors.page(f"/reviews/admissions/{own.id}", "operator").text
    refused = doors.page(f"/reviews/admissions/{own.id}", "operator", {"verdict": "admitted", "reason": "mine"})
    assert refused.status_code == 403 and "separation_of_duties" in refused.text
    assert status(doors, own.id) == "submitted"


def test_an_author_is_not_the_first_of_two_reviewers(doors: Site) -> None:
    """A7, S5: neither on the API nor on the page; nor is a foreign operator, nor who asks when all is decided."""
    brought, job = doors.bring(), doors.ran()
    with doors.house.store.write() as tx:
        made, run = tx.get(Admission, brought), tx.get(Job, job)
        assert made is not None and run is not None
        tx.change(made, party=doors.web.ids["operator"])
        tx.change(run, party=doors.web.ids["operator"])
    doors.ok("POST", "/two-persons", {"actions": ["admission.decide", "exit.decide"]})
    entry, leaving = {"verdict": "admitted", "reason": "mine"}, {"verdict": "passed", "reason": "mine"}
    paths = ((f"/workspace/admissions/{brought}/decide", entry), (f"/jobs/{job}/exit", leaving))
    pages = ((f"/reviews/admissions/{brought}", entry), (f"/reviews/exits/{job}", leaving))
    for key, code in (("operator", "separation_of_duties"), ("stranger", "not_found")):
        for path, body in paths:
            assert doors.web.call("POST", path, body, key).json["code"] == code, (key, path)
        for path, form in pages:
            assert code in doors.page(path, key, form).text, (key, path)
    with doors.house.store.read() as tx:
        assert not [one for one in tx.find(Seconding, status="waiting") if brought in one.path or job in one.path]
    assert status(doors, brought) == "submitted"
    assert doors.web.call("POST", paths[0][0], entry).status_code == 202
    doors.web.join("other authority", "authoriser")
    assert doors.web.call("POST", paths[0][0], entry, "other authority").status_code == 200
    again = doors.web.call("POST", paths[0][0], entry, "other authority")
    assert (again.status_code, again.json["code"]) == (409, "state_conflict")
    assert doors.web.call("POST", "/two-persons", {"actions": []}).status_code == 202
    doors.ok("POST", "/two-persons", {"actions": []}, "other authority")


def test_who_signed_in_decides_with_the_token_of_the_form_and_a_reason(doors: Site) -> None:
    admission = doors.bring()
    path = f"/reviews/admissions/{admission}"
    doors.sign_in("operator", "reviewer")
    assert 'href="/reviews?lang=en"' in doors.page("/", None).text
    found = re.search(r'name="csrf_token" value="([^"]+)"', doors.page(path, None).text)
    assert found is not None
    form = {"verdict": "rejected", "reason": "names persons"}
    for token in ({}, {"csrf_token": "x"}, {"csrf_token": found[1][:-1]}):
        assert doors.page(path, None, form | token).status_code == 403
    for wrong in ({"reason": " "}, {"verdict": "passed"}, {"reason": "x" * 2001}):
        assert doors.page(path, None, form | wrong | {"csrf_token": found[1]}).status_code == 422
    assert status(doors, admission) == "submitted"
    done = doors.page(path, None, form | {"csrf_token": found[1]})
    assert (done.status_code, done.headers["Location"]) == (303, f"{path}?lang=en")
    assert status(doors, admission) == "rejected"
    after = doors.page(path, None).text
    assert "names persons" in after and "<textarea" not in after
    assert doors.page(path, None, form | {"csrf_token": found[1]}).status_code == 409


def test_an_exit_shows_what_ran_and_what_it_cost_and_lets_it_leave(doors: Site) -> None:
    passed, held = doors.ran(), doors.ran()
    assert all(f"/reviews/exits/{job}?" in doors.page("/reviews", "operator").text for job in (passed, held))
    shown = doors.page(f"/reviews/exits/{passed}", "operator").text
    for said in ("9.00", "&#39;n&#39;: len(rows)", "20", "let it leave"):
        assert said in shown, said
    done = doors.page(f"/reviews/exits/{passed}", "operator", {"verdict": "passed", "reason": "as admitted"})
    assert done.status_code == 303
    answer = doors.ok("GET", f"/jobs/{passed}/result", key="firm")
    assert str(answer["rows"][0][0]) not in shown, "the answer was on the page"
    doors.page(f"/reviews/exits/{held}", doors.web.authority, {"verdict": "held", "reason": "not what was admitted"})
    refused = doors.web.call("GET", f"/jobs/{held}/result", key="firm")
    assert refused.status_code == 409 and "not what was admitted" in refused.json["detail"]
    assert "held back" in doors.page(f"/reviews/exits/{held}", "operator").text
    assert held not in doors.page("/reviews", "operator").text


def test_where_two_persons_are_asked_for_page_and_endpoint_count_together(doors: Site) -> None:
    admission = doors.bring()
    path, form = f"/reviews/admissions/{admission}", {"verdict": "admitted", "reason": "fine"}
    doors.ok("POST", "/two-persons", {"actions": ["admission.decide", "exit.decide"]})
    doors.page(path, "operator", form)
    assert status(doors, admission) == "submitted"
    assert "asked first" in doors.page(path, doors.web.authority).text
    assert doors.page(path, "operator", form).status_code == 403, "one person is not two"
    doors.page(path, doors.web.authority, form | {"reason": "another reason"})
    assert status(doors, admission) == "submitted"
    done = doors.web.call("POST", f"/workspace/admissions/{admission}/decide", form)
    assert (done.status_code, done.json["status"]) == (200, "admitted")
    doors.web.join("second", "authoriser")
    assert doors.web.call("POST", "/two-persons", {"actions": []}).status_code == 202
    doors.ok("POST", "/two-persons", {"actions": []}, "second")


def test_webhooks_tell_those_concerned_and_nobody_else(doors: Site) -> None:
    hooks = {}
    for who in ("operator", "firm", "other", "stranger"):
        made = doors.ok("POST", "/webhooks", {"url": "https://example.org/hook", "events": TOLD}, who)
        hooks[made["id"]] = who
    job, rejected = doors.ran(), doors.bring()
    doors.page(f"/reviews/admissions/{rejected}", "operator", {"verdict": "rejected", "reason": "secret words"})
    doors.page(f"/reviews/exits/{job}", "operator", {"verdict": "passed", "reason": "secret words"})
    doors.ok("POST", f"/workspace/admissions/{doors.bring()}/end", {}, "firm")
    with doors.house.store.read() as tx:
        sent = [one for one in tx.find(Message, webhook=list(hooks)) if one.event in TOLD]
    told = {(hooks[one.webhook], one.event) for one in sent}
    assert told == {
        ("operator", "admission.submitted"), ("operator", "exit.waiting"), ("firm", "admission.admitted"),
        ("firm", "admission.rejected"), ("firm", "admission.ended"), ("firm", "exit.reviewed"),
    }  # fmt: skip
    assert sum(one.event == "exit.waiting" for one in sent) == 1
    reviewed = next(one for one in sent if one.event == "exit.reviewed")
    assert json.loads(reviewed.body)["data"] == {"job": job, "verdict": "passed"}
    assert not any("secret words" in one.body or TABLE["basis"] in one.body for one in sent)


def test_a_review_that_nobody_makes_becomes_an_alert_once(doors: Site) -> None:
    admission, job = doors.bring(), doors.ran()

    def raised(days: int) -> dict[str, str]:
        """The alerts of reviews that were new, by what waits; nothing of it is kept."""
        with doors.house.store.write() as tx:
            found = watch.look(tx, doors.house.journal, now() + timedelta(days=days))
        return {one.facts["subject"]: one.about for one in found if one.kind == "review_waiting"}

    assert raised(4) == {}
    late = raised(6)
    assert late[admission] == late[job] == doors.web.ids["operator"]
    assert raised(6) == {}
    with doors.house.store.read() as tx:
        reviewed = {one.job for one in tx.find(ExitReview)}
        assert not reviewed & set(late) and tx.find(LogEntry, kind="alert.raised")


def test_what_was_reviewed_before_costs_the_watch_nothing(doors: Site) -> None:
    """It reads what waits, whatever the number of jobs and reviews; the same copy asked for again does not wait."""
    reviewed, waits = doors.ran(), doors.ran()
    doors.ok("POST", f"/jobs/{reviewed}/exit", {"verdict": "passed"}, "operator")
    with doors.house.store.write() as tx:
        job = tx.get(Job, reviewed)
        assert job is not None and job.entry is not None
        tx.change(job, status="sealing")  # as the second job of the same copy, which is done after the review
        let_go(tx, 0, [job.entry])
        assert not [
            one for one in tx.find(Message, status="pending") if reviewed in one.body and "waiting" in one.event
        ]
        kept = {one.id for one in tx.find(ExitWait)}
        assert waits in kept and reviewed not in kept
        seen = Watched(tx)
        late = {one.facts["subject"] for one in watch.review_waiting(seen, now() + timedelta(days=6))}  # type: ignore[arg-type]
    assert waits in late and reviewed not in late
    assert seen.kinds == {Admission, Product, ExitWait}


class Watched:
    """A transaction that remembers of what it was asked."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.kinds: set[type] = set()

    def __getattr__(self, name: str) -> Callable[..., object]:
        def call(kind: type, /, *given: object, **named: object) -> object:
            self.kinds.add(kind)
            return getattr(self._tx, name)(kind, *given, **named)

        return call
