"""When a result may become visible: at a time fixed beforehand, not when the data happened to be done."""

from __future__ import annotations

import time

from sandbox.core.clock import now
from sandbox.jobs.records import Job
from sandbox.settings import Settings


def wait_for_quantum(settings: Settings, job: Job, drawn_by: Job | None = None) -> None:
    """Sleep until the next rung after the job's start: the quantum, or it doubled as often as needed.

    `drawn_by` is the job that drew the base this one joined: who joins waits as long as it did, so that nobody can
    tell from the time that somebody else asked before. A repeated question has nothing to hide from its own asker and
    does not wait. The remaining residual, which rung, is stated in the documentation."""
    if job.free or job.started_at is None or settings.quantum_ms == 0:
        return
    elapsed = (now() - job.started_at).total_seconds()
    rung = settings.quantum_ms / 1000
    if drawn_by is not None:
        while 2 * rung <= _took(drawn_by):
            rung *= 2
    while rung < elapsed:
        rung *= 2
    time.sleep(rung - elapsed)


def _took(job: Job) -> float:
    """Seconds from the start of a job to its end, which lies a little behind its rung."""
    if job.started_at is None or job.finished_at is None:
        return 0.0
    return (job.finished_at - job.started_at).total_seconds()
