"""Delivery of work to the vault: task rows, claimed by lease and fenced.

The queue is the control database itself: the claim must be a durable compare-and-set before any private byte is read,
so a second queue could only disagree with it. A worker that dies stops renewing; its tasks are claimed again with a
higher fence, and whatever it still does with the old fence is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Stale, Store, Transaction
from sandbox.jobs.records import Task

T = TypeVar("T")
LEASE = timedelta(seconds=5)
PROGRAM = "program"
"""The kind of a job that takes seconds or minutes whatever it does, and waits for others of its kind: it has a lane of
its own, so that no question waits behind it."""
KINDS = ("job", "ingest", "profile", "trace")
"""All other kinds."""
SPENDS_NOTHING = "spends_nothing"
"""In the payload of a job that is free to its asker: a power cut may take back that it was claimed."""
ATTEMPTS = 3
"""How often a task is begun before it counts as failed: one that kills its worker each time must end. Beginning a job
again spends nothing more, for a run that died before its base was stored has released nothing."""


def queue(tx: Transaction, kind: str, subject: str, payload: Mapping[str, Any]) -> Task:
    """Add a task of `kind` (one of KINDS, or PROGRAM) about `subject`, to be seen when the transaction commits."""
    task = Task(new_id("task"), kind, subject, dict(payload), "queued", 0, None, None, None, now())
    tx.add(task)
    return task


def claim(store: Store, worker: str, kinds: Sequence[str] = (*KINDS, PROGRAM)) -> Task | None:
    """Take the oldest task of `kinds` that waits or whose worker is gone, and give it with its new fence; None when
    there is nothing to do."""
    found = claim_and_start(store, worker, lambda tx, task: None, kinds)
    return None if found is None else found[0]


def claim_and_start(
    store: Store,
    worker: str,
    start: Callable[[Transaction, Task], T],
    kinds: Sequence[str] = (*KINDS, PROGRAM),
) -> tuple[Task, T | None] | None:
    """The same, and begin the work in the transaction that claims it: one wait for the disk less. Gives what `start`
    gave too; None where it could not: then the task is claimed by itself, so that each attempt counts, and whoever
    carries it out begins it."""
    with store.read() as tx:
        candidate = _candidate(tx, list(kinds))
    if candidate is None:
        return None
    with suppress(Exception):  # nothing of it is kept; the attempt that follows tells what is wrong
        return _taken(store, candidate, worker, start)
    try:
        return _taken(store, candidate, worker, lambda tx, task: None)
    except Stale:
        return None  # another worker was faster


def _taken(store: Store, candidate: Task, worker: str, start: Callable[[Transaction, Task], T]) -> tuple[Task, T]:
    with store.write(durable=not candidate.payload.get(SPENDS_NOTHING)) as tx:
        lease = now() + LEASE
        task = tx.change(candidate, status="running", worker=worker, fence=candidate.fence + 1, lease_until=lease)
        return task, start(tx, task)


def _candidate(tx: Transaction, kinds: list[str]) -> Task | None:
    for task in tx.find(Task, status="queued", kind=kinds, order=("created_at", "id"), limit=1):
        return task
    moment = now()
    running = tx.find(Task, status="running", kind=kinds, order=("created_at", "id"))
    return next((task for task in running if task.lease_until is None or task.lease_until < moment), None)


def renew(store: Store, held: Collection[str]) -> None:
    """Extend the lease of the tasks that are still held. Whatever a worker let go of – also a claim of which it never
    heard, because the database went away – runs out and is claimed again."""
    with store.read() as tx:
        tasks = tx.find(Task, id=list(held), status="running")
    for task in tasks:
        try:
            with store.write() as tx:
                tx.change(task, fence=task.fence, status="running", lease_until=now() + LEASE)
        except Stale:
            continue  # finished or taken over meanwhile


def finish(tx: Transaction, task: Task, outcome: Mapping[str, Any] | None = None) -> None:
    """End a task; raises `Stale` when another worker took it over."""
    current = tx.get(Task, task.id, lock=True)
    if current is None or current.fence != task.fence or current.status != "running":
        raise Stale("tasks")
    tx.change(current, status="done", outcome=None if outcome is None else dict(outcome))


def drop(store: Store, task: Task) -> None:
    """Give a task back whose attempt broke off, to be claimed again at once."""
    with store.write() as tx:
        current = tx.get(Task, task.id, lock=True)
        if current is not None and current.fence == task.fence and current.status == "running":
            tx.change(current, worker=None, lease_until=now() - LEASE)
