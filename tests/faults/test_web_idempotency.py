"""The same request twice has one effect – also at the same moment, also after a crash in the middle."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from webhouse import Web, make_web

from sandbox.core.clock import now, run_ahead
from sandbox.core.store import Transaction
from sandbox.identity.records import Party
from sandbox.jobs import run
from sandbox.stores import statements
from sandbox.stores.sql import SqlStore
from sandbox.web import idempotency
from sandbox.web.idempotency import Ticket, forget
from sandbox.web.records import IdempotentReply

PARTY = {"name": "Firm", "roles": ["user"]}
KEY = {"Idempotency-Key": "k-1"}


@pytest.fixture
def web(store: SqlStore, tmp_path: Path) -> Web:
    return make_web(store, tmp_path / "home")


def firms(web: Web) -> int:
    with web.house.store.read() as tx:
        return len(tx.find(Party, name="Firm"))


def test_a_replay_answers_the_same_without_the_secret(web: Web) -> None:
    first, second = (web.call("POST", "/parties", PARTY, headers=KEY) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.headers["Location"] == second.headers["Location"]
    assert first.json["api_key"].startswith("sbx_")
    assert second.json == {**first.json, "api_key": None}
    assert firms(web) == 1


def test_no_secret_is_stored(web: Web) -> None:
    secret = web.call("POST", "/parties", PARTY, headers=KEY).json["api_key"]
    with web.house.store.read() as tx:
        [row] = tx.find(IdempotentReply)
    assert row.reply is not None
    opened = web.house.release_sealer.open(row.reply, f"reply:{row.id}").decode()
    assert secret not in opened
    assert b"Firm" not in row.reply  # sealed


def test_other_content_is_a_conflict_and_order_of_members_is_not(web: Web) -> None:
    web.call("POST", "/parties", PARTY, headers=KEY)
    turned = dict(reversed(PARTY.items()))
    assert web.call("POST", "/parties", turned, headers=KEY).status_code == 201
    other = web.call("POST", "/parties", {**PARTY, "name": "Other"}, headers=KEY)
    assert (other.status_code, other.json["code"]) == (409, "idempotency_conflict")


def test_the_key_is_ones_own_and_of_one_path(web: Web) -> None:
    web.call("POST", "/parties", PARTY, headers=KEY)
    web.join("authority two", "administration")
    emergency = {"scope": "everything", "reason": "drill"}
    assert web.call("POST", "/emergency", emergency, headers=KEY).status_code == 201


def test_a_refusal_is_not_kept(web: Web) -> None:
    assert web.call("POST", "/parties", {**PARTY, "roles": ["operator", "auditor"]}, headers=KEY).status_code == 403
    assert web.call("POST", "/parties", PARTY, headers=KEY).status_code == 201


def test_two_at_once_make_one(web: Web) -> None:
    answers: list[Any] = []

    def send() -> None:
        client = web.client.application.test_client()
        headers = {**KEY, "Authorization": f"Bearer {web.authority}"}
        answers.append(client.post("/api/v1/parties", json=PARTY, headers=headers))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert sum(answer.json["api_key"] is not None for answer in answers) == 1
    assert firms(web) == 1


def test_a_crash_before_commit_leaves_neither_work_nor_key(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(Ticket, "keep", crash)
        assert web.call("POST", "/parties", PARTY, headers=KEY).status_code == 500
    assert firms(web) == 0
    assert web.call("POST", "/parties", PARTY, headers=KEY).json["api_key"]
    assert firms(web) == 1


@pytest.fixture
def later() -> Iterator[Callable[[timedelta], None]]:
    """Moves the clock ahead; it is put right again at the end."""
    yield lambda ahead: run_ahead(lambda: ahead)
    run_ahead()


def test_an_answer_is_remembered_for_its_time_and_then_forgotten(
    web: Web, later: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """More rows than one transaction forgets; the chore may be late or early, the time alone decides."""
    monkeypatch.setattr(idempotency, "BATCH", 2)
    first = web.call("POST", "/parties", PARTY, headers=KEY)
    for number in range(4):
        web.call("POST", "/parties", {**PARTY, "name": f"Firm {number}"}, headers={"Idempotency-Key": f"more {number}"})
    with web.house.store.read() as tx:
        kept = len(tx.find(IdempotentReply))
    assert kept == 5
    later(timedelta(days=29, hours=23))
    assert forget(web.house) == 0
    again = web.call("POST", "/parties", PARTY, headers=KEY)
    assert again.json == {**first.json, "api_key": None}, "within its time the same answer, without the secret"
    later(timedelta(days=30, hours=1))
    second = web.call("POST", "/parties", {**PARTY, "name": "Later"}, headers=KEY)
    assert second.status_code == 201 and second.json["id"] != first.json["id"], "over, whether it was forgotten or not"
    assert forget(web.house) == 4
    with web.house.store.read() as tx:
        [row] = tx.find(IdempotentReply)
    assert web.call("POST", "/parties", {**PARTY, "name": "Later"}, headers=KEY).json["id"] == second.json["id"]
    assert row.created_at > now() - timedelta(hours=1)


def test_the_time_is_a_setting(store: SqlStore, tmp_path: Path, later: Callable[[timedelta], None]) -> None:
    web = make_web(store, tmp_path / "home", idempotency_days=2)
    web.call("POST", "/parties", PARTY, headers=KEY)
    later(timedelta(days=1, hours=23))
    assert forget(web.house) == 0
    later(timedelta(days=2, hours=1))
    assert forget(web.house) == 1


def test_what_made_a_job_is_remembered_as_long_as_the_job(web: Web, later: Callable[[timedelta], None]) -> None:
    ticket = Ticket("scope", "user", "digest", web.house.release_sealer, timedelta(days=30))
    with web.house.store.write() as tx:
        ticket.keep_subject(tx, "job_1")
    later(timedelta(days=400))
    assert forget(web.house) == 0
    with web.house.store.read() as tx:
        earlier = ticket.earlier(tx)
    assert earlier is not None and earlier.value == "job_1"


def test_two_strangers_with_one_key_do_not_meet(web: Web) -> None:
    tokens = [web.call("POST", "/parties", {"name": n, "roles": ["auditor"]}).json["enrolment_token"] for n in "ab"]
    keys = [web.call("POST", "/enrolments", {"token": token}, "", KEY).json["api_key"] for token in tokens]
    assert all(keys)
    assert keys[0] != keys[1]


def test_a_job_needs_a_key(web: Web) -> None:
    web.join("user")
    answer = web.call("POST", "/jobs", {"subscription": "s", "sql": "SELECT 1"}, "user")
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_request")
    assert "Idempotency-Key" in answer.json["detail"]


def test_a_job_is_kept_with_its_reservation_or_not_at_all(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """`submit` calls back inside the reserving transaction; the web process may die right after it."""
    web.join("user")
    made: list[str] = []

    def submit(house: Any, principal: Any, request: Any, on_reserved: Any) -> Any:
        class Reserved:
            id = f"job_{len(made)}"

        with house.store.write() as tx:
            on_reserved(tx, Reserved)
        made.append(Reserved.id)
        if len(made) == 1:
            raise SystemExit("killed after the commit")
        return Reserved

    def own_job(tx: Transaction, principal: Any, job_id: str) -> Any:
        raise run.Problem("not_found", job_id)

    monkeypatch.setattr(run, "submit", submit)
    monkeypatch.setattr(run, "own_job", own_job)
    question = {"subscription": "s", "sql": "SELECT 1"}
    with pytest.raises(SystemExit):
        web.call("POST", "/jobs", question, "user", KEY)
    assert web.call("POST", "/jobs", question, "user", KEY).json["detail"] == "job_0"
    assert made == ["job_0"]
    conflict = web.call("POST", "/jobs", {**question, "sql": "SELECT 2"}, "user", KEY)
    assert conflict.json["code"] == "idempotency_conflict"


def test_what_is_kept_for_jobs_is_not_read_on_the_way_to_what_is_over(web: Web, store: SqlStore) -> None:
    """Hourly, for as many years as the instance has: the index leads to the answers past all that jobs keep."""
    filters = {"status": 200}
    query = statements.select_many(
        IdempotentReply, statements.shape(filters), ("created_at",), limited=True, after=False
    ).params(**statements.compared(filters), **{statements.LIMIT: 500})
    with store.engine.connect() as connection:
        if store.sqlite:
            explain = "EXPLAIN QUERY PLAN "
        else:
            connection.exec_driver_sql("SET enable_seqscan = off; SET enable_bitmapscan = off")
            explain = "EXPLAIN "
        plain = str(query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
        plan = " ".join(str(row) for row in connection.exec_driver_sql(explain + plain))
    assert "ix_idempotent_replies_status_created_at" in plan, plan
    assert ("status=?" in plan or "Index Cond: (status = 200)" in plan) and "SORT" not in plan.upper(), plan
