"""The vault process: claims tasks and carries them out – jobs, ingests, traces –, answers claims about subjects, and
nothing else reaches it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from sandbox.bootstrap import vault_house
from sandbox.core.ids import new_id
from sandbox.core.store import Stale, Transaction, Unavailable
from sandbox.jobs import ingest, profile, run, trace, working
from sandbox.jobs.house import House
from sandbox.jobs.presence import beat
from sandbox.jobs.records import Task
from sandbox.jobs.tasks import KINDS, PROGRAM, claim_and_start, drop, renew
from sandbox.service import lookout, verifier
from sandbox.service.process import begin
from sandbox.settings import load

CARRY_OUT: dict[str, Callable[[House, Task], None]] = {
    "job": run.carry_out,
    PROGRAM: run.carry_out,
    "ingest": ingest.carry_out,
    "profile": profile.carry_out,
    "trace": trace.carry_out,
}
LANES: tuple[Sequence[str], ...] = (KINDS, KINDS, (PROGRAM,))
"""What each lane carries out. Programs follow each other (`sandbox.isolation`), each for its declared time: one lane is
enough for them, and no question waits behind them."""
LOOK_EVERY = 0.25
BEAT_EVERY = 1.5
TURN = threading.Lock()
"""A ring wakes all lanes; whose turn it is claims, and the others look after it instead of losing a race."""

log = structlog.get_logger()


def work(
    house: House,
    worker: str,
    stop: threading.Event,
    wake: threading.Event,
    held: set[str],
    kinds: Sequence[str] = (*KINDS, PROGRAM),
) -> None:
    """Carry out tasks of `kinds` until `stop`; an error ends the task's attempt, not the lane, and the task is claimed
    again.

    `held` are the tasks of all lanes whose leases the heartbeat extends."""
    while not stop.is_set():
        wake.clear()
        try:
            with TURN:
                found = claim_and_start(house.store, worker, partial(_started, house), kinds)
            if found is not None:
                task, begun = found
                held.add(task.id)
                try:
                    attempt(house, task, begun)
                finally:
                    held.discard(task.id)
            else:
                wake.wait(LOOK_EVERY)
        except Unavailable:
            stop.wait(LOOK_EVERY)  # the database is away; what was claimed is claimed again when its lease is over


def _started(house: House, tx: Transaction, task: Task) -> run.Begun | None:
    """Begin a job with its claim; all else is begun by whoever carries it out."""
    return run.Begun(working.begin_in(house, tx, task)) if task.kind in ("job", PROGRAM) else None


def attempt(house: House, task: Task, begun: run.Begun | None = None) -> None:
    """Carry out one task, or give it back."""
    try:
        if begun is not None:
            run.carry_out(house, task, begun)
        else:
            CARRY_OUT[task.kind](house, task)
    except Stale:
        log.info("task taken over", task=task.id)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 – whatever it was, it may hold row values: only its type is written
        log.error("task broke off", task=task.id, kind=task.kind, error=type(error).__name__)
        drop(house.store, task)


def lanes_of(
    house: House, worker: str, stop: threading.Event, wake: threading.Event, held: set[str]
) -> list[threading.Thread]:
    """Give a thread for each lane. That of programs is not woken by rings: it looks, and costs questions nothing."""
    wakes = [wake if "job" in kinds else threading.Event() for kinds in LANES]
    return [
        threading.Thread(target=work, args=(house, worker, stop, its, held, kinds))
        for its, kinds in zip(wakes, LANES, strict=True)
    ]


def main() -> None:
    stop = begin("vault")
    with vault_house(load()) as house:
        worker, wake, held = new_id("vault"), threading.Event(), set[str]()
        lanes = lanes_of(house, worker, stop, wake, held)
        lookout.start(house.store, "vault", stop)
        claims = verifier.start(house, stop)
        ears = threading.Thread(target=_listen, args=(house, stop, wake), daemon=True)
        for thread in (*lanes, ears):
            thread.start()
        while not stop.is_set() and all(lane.is_alive() for lane in (*lanes, claims)):
            _beat(house, worker, held)
            stop.wait(BEAT_EVERY)
        stop.set()
        wake.set()
        for lane in (*lanes, claims):
            lane.join(timeout=house.settings.job_timeout_s)


def _beat(house: House, worker: str, held: set[str]) -> None:
    try:
        renew(house.store, tuple(held))
        with house.store.write() as tx:
            beat(tx, "vault-alive", worker)
    except Exception as error:  # noqa: BLE001 – a database that is away for a moment must not end the vault
        log.error("no heartbeat", error=type(error).__name__)


def _listen(house: House, stop: threading.Event, wake: threading.Event) -> None:
    listener = house.doorbell.listen("vault")
    while not stop.is_set():
        listener.wait(1.0)
        wake.set()


if __name__ == "__main__":
    main()
