"""The scribe process: seals the log as soon as entries wait, and lets answers go that a checkpoint covers."""

from __future__ import annotations

import time
from collections.abc import Sequence

import structlog

from sandbox.bootstrap import scribe_house
from sandbox.core.ids import new_id
from sandbox.core.store import Store, Transaction
from sandbox.errors import Problem
from sandbox.jobs.doorbell import of_job
from sandbox.jobs.house import House
from sandbox.jobs.presence import STOP, beat, clear_stop
from sandbox.jobs.records import Job
from sandbox.oversight.doors import arrived
from sandbox.products.verification.records import Verification
from sandbox.service import lookout
from sandbox.service.process import begin, settle
from sandbox.settings import load
from sandbox.webhooks.tell import tell

LOOK_EVERY = 0.25
BEAT_EVERY = 1.5
INTEGRITY = 3
"""Exit code that tells the supervisor not to start the scribe again."""

log = structlog.get_logger()


def let_go(tx: Transaction, size: int, entries: Sequence[str]) -> list[str]:
    """The jobs and claims whose leaves are public now are done; give the bells of who waits for them. Idempotent."""
    jobs = tx.find(Job, entry=list(entries), status="sealing")
    for job in jobs:
        done = tx.change(job, status="done")
        tell(tx, [job.party], "job.ended", {"job": job.id, "status": "done"})
        if job.kind == "workspace" and arrived(tx, done):
            tell(tx, [job.operator], "exit.waiting", {"job": job.id, "product": job.product})
    claims = tx.find(Verification, entry=list(entries), status="sealing")
    if claims:
        tx.change_each(claims, "status", ["done"] * len(claims))
    return [of_job(job.id) for job in jobs] + sorted({claim.desk for claim in claims})


def main() -> int:
    stop, done = begin("scribe"), list[str]()
    house, scribe = scribe_house(load(), lambda *sealed: done.extend(let_go(*sealed)))
    lookout.start(house.store, "scribe", stop)
    name, bell, beaten = new_id("scribe"), house.doorbell.listen("scribe"), 0.0
    settle()
    while not stop.is_set():
        try:
            sealed = scribe.step()
            _tell(house, done)
            if time.monotonic() - beaten > BEAT_EVERY:
                with house.store.write() as tx:
                    clear_stop(tx)
                    beat(tx, "scribe-alive", name)
                beaten = time.monotonic()
        except Problem as problem:
            if problem.code != "integrity_stop":
                raise
            log.error("integrity stop", reason=problem.detail)
            _stop(house.store, name)
            return INTEGRITY
        except Exception as error:  # noqa: BLE001 – a database that is away for a moment must not end the scribe
            log.error("step broke off", error=type(error).__name__)
            stop.wait(LOOK_EVERY)
            continue
        if not sealed:
            bell.wait(LOOK_EVERY)
    scribe.close()
    return 0


def _tell(house: House, done: list[str]) -> None:
    """Wake who waits at these bells. If the transaction broke off meanwhile, they look in vain and wait on."""
    while done:
        house.doorbell.ring(done.pop())


def _stop(store: Store, name: str) -> None:
    """Write the stop where every process sees it; it ends when a scribe finds log and database in agreement."""
    with store.write() as tx:
        beat(tx, STOP, name)


if __name__ == "__main__":
    raise SystemExit(main())
