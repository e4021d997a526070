"""The desk at which web's threads ask: requests that come while a transaction waits for the disk go into the next one
together, and one look into the database finds the answers of all."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from queue import Empty, SimpleQueue

import structlog

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Duplicate, Stale, Unavailable
from sandbox.errors import Problem
from sandbox.grants.authorise import Refused
from sandbox.grants.refused import record_refusal
from sandbox.jobs.house import House
from sandbox.products.verification import guessing, leaving
from sandbox.products.verification.asking import Asked, Reserved, reserve
from sandbox.products.verification.records import BELL, Verification
from sandbox.products.verification.rungs import leaves

AT_ONCE = 64
PATIENCE = 10.0
"""Seconds an asker waits at most; then it is told where to read the answer."""
SEATED_WITHIN = 0.1
"""Seconds for which a thread waits for a seat; four threads are kept free of claims, for an emergency stop."""
LOOK_EVERY = 0.1
"""Seconds between looks for answers where no bell rings."""
GATHER = 0.02
"""Seconds in which further claims may join a group: a claim in a group of five costs a third of one alone, and all of
them leave at a fixed time anyway."""

log = structlog.get_logger()


Outcome = Verification | str | Problem


@dataclass
class Waiter:
    """One thread that waits: woken by `ready` when its request is refused, or its claim has ended `late`, behind the
    first rung. For those that end before it the thread looks by itself when it is time."""

    asked: Asked
    reserved: Reserved | None = None
    ended: Verification | Problem | None = None
    ended_at: datetime | None = None
    late: bool = False
    ready: threading.Event = field(default_factory=threading.Event)


class Desk:
    """Takes claims of all threads of a process. Its own two threads begin with the first claim."""

    def __init__(self, house: House) -> None:
        self._house, self._lately = house, guessing.Lately()
        self._bell = f"desk-{new_id('web')}"
        self._queue: SimpleQueue[Waiter] = SimpleQueue()
        self._waiting: dict[str, list[Waiter]] = {}
        self._lock, self._begun = threading.Lock(), False
        self._seats = threading.BoundedSemaphore(max(1, house.settings.threads - 4))

    def ask(self, asked: Sequence[Asked]) -> list[Outcome]:
        """Reserve and wait for the answers, all of one thread: give of each the finished claim, its id when it takes
        longer than an asker waits, or its refusal. They leave at a time fixed beforehand. Raises rate_limited when too
        many threads wait."""
        if not self._seats.acquire(timeout=SEATED_WITHIN):
            raise Problem("rate_limited", "too many claims are being answered at this moment; ask again in a second")
        try:
            return self._asked(asked)
        finally:
            self._seats.release()

    def _asked(self, asked: Sequence[Asked]) -> list[Outcome]:
        self._begin()
        waiters, until = [Waiter(one) for one in asked], time.monotonic() + PATIENCE
        for waiter in waiters:
            self._queue.put(waiter)
        first = leaves(asked[0].at, asked[0].at, self._house.settings.quantum_ms)
        for waiter in waiters:
            waiter.ready.wait(min(PATIENCE, max(0.0, (first - now()).total_seconds())))
        for waiter in self._still(waiters):
            waiter.ready.wait(max(0.0, until - time.monotonic()))
        if (leaving_at := self._leaving(waiters)) is not None:
            wait_until(leaving_at)
        return [self._outcome(waiter) for waiter in waiters]

    def _leaving(self, waiters: Sequence[Waiter]) -> datetime | None:
        """Give when the answers leave: on the rung behind the last one's end, however late its thread looks."""
        ended = [waiter.ended_at for waiter in waiters if waiter.ended_at is not None]
        return leaves(waiters[0].asked.at, max(ended), self._house.settings.quantum_ms) if ended else None

    def _still(self, waiters: Sequence[Waiter]) -> list[Waiter]:
        """Give those that are not ready, which are woken from now on."""
        with self._lock:
            still = [one for one in waiters if one.ended is None and not one.ready.is_set()]
            for waiter in still:
                waiter.late = True
        return still

    def _outcome(self, waiter: Waiter) -> Outcome:
        if isinstance(waiter.reserved, Problem):
            return waiter.reserved
        if waiter.reserved is None:
            return Problem("not_ready", "the service is too busy; ask again in a moment, with the same key")
        return self._leave(waiter, id_of(waiter.reserved)) if waiter.ended is None else waiter.ended

    def _leave(self, waiter: Waiter, made: str) -> str:
        """Wait no longer."""
        with self._lock:
            others = [one for one in self._waiting.pop(made, []) if one is not waiter]
            if others:
                self._waiting[made] = others
        return made

    def _begin(self) -> None:
        with self._lock:
            if not self._begun:
                self._begun = True
                for work in (self._reserve, self._collect):
                    threading.Thread(target=work, daemon=True, name="desk").start()

    def _reserve(self) -> None:
        while True:
            group = [self._queue.get()]
            time.sleep(GATHER)
            while len(group) < AT_ONCE:
                try:
                    group.append(self._queue.get_nowait())
                except Empty:
                    break
            self._tell(group, self._reserved([one.asked for one in group]))

    def _reserved(self, group: Sequence[Asked]) -> list[Reserved]:
        """Reserve together, or one by one where together it does not go: each is told what came of its own."""
        try:
            return reserve(self._house, self._lately, self._bell, group)
        except (Duplicate, Stale):
            if len(group) > 1:
                return [outcome for one in group for outcome in self._reserved([one])]
            return [Problem("idempotency_in_progress", "this request is being answered already; send it again")]
        except Unavailable:
            return [Problem("not_ready", "the control database is away; ask again in a moment") for _ in group]
        except Exception as error:  # noqa: BLE001 – one request must not end the desk; its type is all that is said
            log.error("claims broke off", error=type(error).__name__)
            if len(group) > 1:
                return [outcome for one in group for outcome in self._reserved([one])]
            return [Problem("execution_failed", "the claim could not be taken; it cost nothing")]

    def _tell(self, group: Sequence[Waiter], outcomes: Sequence[Reserved]) -> None:
        with self._lock:
            for waiter, outcome in zip(group, outcomes, strict=True):
                waiter.reserved = outcome
                if not isinstance(outcome, Problem):
                    self._waiting.setdefault(id_of(outcome), []).append(waiter)
        if any(isinstance(outcome, Verification) for outcome in outcomes):
            self._house.doorbell.ring(BELL)
        for waiter, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, Refused):
                self._record(waiter.asked, outcome)
            if isinstance(outcome, Problem):
                waiter.ready.set()

    def _record(self, asked: Asked, refused: Refused) -> None:
        try:
            with self._house.store.write() as tx:
                record_refusal(tx, self._house.journal, asked.principal.party.id, asked.subscription, refused)
        except Exception as error:  # noqa: BLE001 – the refusal stands all the same
            log.error("refusal not recorded", error=type(error).__name__)
        self._house.doorbell.ring("scribe")

    def _collect(self) -> None:
        with self._house.doorbell.listen(self._bell) as bell:
            while True:
                with self._lock:
                    ids = list(self._waiting)
                if ids:
                    try:
                        self._look(ids)
                    except Exception as error:  # noqa: BLE001 – it must go on for all who wait
                        log.error("no look at claims", error=type(error).__name__)
                bell.wait(LOOK_EVERY if ids else 0.25)

    def _look(self, ids: Sequence[str]) -> None:
        with self._house.store.read() as tx:
            ended = leaving.finished(tx, ids)
            stopped = leaving.checked(tx, ended, now())
        moment = now()
        with self._lock:
            for one in ended:
                for waiter in self._waiting.pop(one.id, []):
                    waiter.ended, waiter.ended_at = stopped.get(one.id, one), moment
                    if waiter.late:
                        waiter.ready.set()


def id_of(reserved: Verification | str) -> str:
    """Give the id of a claim that is reserved, or was before."""
    return reserved if isinstance(reserved, str) else reserved.id


def wait_until(moment: datetime) -> None:
    """Sleep until then, if it is still to come."""
    time.sleep(max(0.0, (moment - now()).total_seconds()))
