"""Delivery of work: one worker at a time, and none is lost when a worker dies."""

from __future__ import annotations

import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest

from sandbox.core.clock import now
from sandbox.core.store import Stale, Transaction
from sandbox.errors import Problem
from sandbox.jobs import tasks
from sandbox.jobs.presence import STOP, beat, require_ready
from sandbox.jobs.records import Task
from sandbox.service import vault
from sandbox.stores.sql import SqlStore
from sandbox.transparency.records import Lease


def queue(store: SqlStore, count: int = 1) -> list[Task]:
    with store.write() as tx:
        return [tasks.queue(tx, "job", f"job{n}", {}) for n in range(count)]


def expire(store: SqlStore, task: Task) -> None:
    with store.write() as tx:
        tx.change(task, lease_until=now() - timedelta(seconds=1))


def test_oldest_first_and_each_once(store: SqlStore) -> None:
    queued = queue(store, 3)
    assert [getattr(tasks.claim(store, "w"), "id", None) for _ in range(4)] == [*(t.id for t in queued), None]


def test_many_workers_share_without_overlap(store: SqlStore) -> None:
    queue(store, 20)
    claimed: list[str] = []

    def work(name: str) -> None:
        for _ in range(40):
            if task := tasks.claim(store, name):
                claimed.append(task.id)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(claimed) == len(set(claimed)) == 20


def test_a_dead_workers_task_is_claimed_again_and_its_late_finish_refused(store: SqlStore) -> None:
    queue(store)
    first = tasks.claim(store, "dies")
    assert first is not None and tasks.claim(store, "other") is None
    expire(store, first)
    second = tasks.claim(store, "other")
    assert second is not None and second.fence == first.fence + 1
    with pytest.raises(Stale), store.write() as tx:
        tasks.finish(tx, first)
    with store.write() as tx:
        tasks.finish(tx, second, {"fine": "yes"})
    assert tasks.claim(store, "other") is None


def test_work_is_begun_with_its_claim_or_the_claim_counts_by_itself(store: SqlStore) -> None:
    [queued] = queue(store)

    def begins(tx: Transaction, task: Task) -> str:
        tx.add(Lease("begun", task.id, task.fence, now()))
        return "begun"

    def breaks(tx: Transaction, task: Task) -> str:
        begins(tx, task)
        raise KeyError("a defect")

    assert tasks.claim(store, "dies") is not None
    for fence in (2, 3):
        expire(store, again(store, queued))
        claimed = tasks.claim_and_start(store, "breaks", breaks)
        assert claimed is not None and (claimed[0].fence, claimed[1]) == (fence, None)
        with store.read() as tx:
            assert tx.get(Lease, "begun") is None, "nothing of it was kept"
    expire(store, again(store, queued))
    claimed = tasks.claim_and_start(store, "begins", begins)
    assert claimed is not None and (claimed[0].fence, claimed[1]) == (4, "begun")
    with store.read() as tx:
        assert tx.get(Lease, "begun") is not None


def again(store: SqlStore, task: Task) -> Task:
    with store.read() as tx:
        found = tx.get(Task, task.id)
    assert found is not None
    return found


def test_a_living_worker_keeps_what_it_holds_and_nothing_else(store: SqlStore) -> None:
    queue(store, 2)
    kept, lost = tasks.claim(store, "lives"), tasks.claim(store, "lives")
    assert kept is not None and lost is not None
    expire(store, kept)
    expire(store, lost)
    tasks.renew(store, {kept.id})
    again = tasks.claim(store, "other")
    assert again is not None and again.id == lost.id
    assert tasks.claim(store, "other") is None


def test_a_dropped_task_is_free_at_once(store: SqlStore) -> None:
    queue(store)
    task = tasks.claim(store, "w")
    assert task is not None
    tasks.drop(store, task)
    again = tasks.claim(store, "w")
    assert again is not None and again.fence == 2
    tasks.drop(store, task)  # late, with the old fence: ignored
    assert tasks.claim(store, "w") is None


def test_ready_needs_vault_and_scribe_and_no_integrity_stop(store: SqlStore) -> None:
    def code() -> str | None:
        try:
            with store.read() as tx:
                require_ready(tx)
        except Problem as problem:
            return problem.code
        return None

    assert code() == "not_ready"
    with store.write() as tx:
        beat(tx, "vault-alive", "v")
        beat(tx, "scribe-alive", "s")
    assert code() is None
    with store.write() as tx:
        lease = tx.get(Lease, "vault-alive")
        assert lease is not None
        tx.change(lease, until=now() - timedelta(seconds=1))
    assert code() == "not_ready"
    with store.write() as tx:
        beat(tx, "vault-alive", "v")
        beat(tx, STOP, "s")
    assert code() == "integrity_stop"


def test_no_question_waits_behind_programs(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two programs that take as long as they like, and an ordinary job after them."""
    stop, over, answered, order = threading.Event(), threading.Event(), threading.Event(), list[str]()

    def runs(house: object, task: Task) -> None:
        over.wait(60)
        order.append(task.subject)

    def answers(house: object, task: Task) -> None:
        with store.write() as tx:
            tasks.finish(tx, task)
        answered.set()

    monkeypatch.setattr(vault, "_started", lambda house, tx, task: None)
    monkeypatch.setitem(vault.CARRY_OUT, tasks.PROGRAM, runs)
    monkeypatch.setitem(vault.CARRY_OUT, "job", answers)
    with store.write() as tx:
        for number in range(2):
            tasks.queue(tx, tasks.PROGRAM, f"program{number}", {})
        tasks.queue(tx, "job", "question", {})
    lanes = vault.lanes_of(SimpleNamespace(store=store), "w", stop, threading.Event(), set())  # type: ignore[arg-type]
    for lane in lanes:
        lane.start()
    try:
        assert answered.wait(30), "the question waits behind the programs"
        assert order == []
    finally:
        stop.set()
        over.set()
        for lane in lanes:
            lane.join(30)
