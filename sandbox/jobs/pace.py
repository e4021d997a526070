"""When a result may become visible: at a time fixed beforehand, not when the data happened to be done.

Time runs from the question, in ticks of one quantum, so that the asker sees whole quanta. A job begins with the tick in
which the vault began it – on an idle machine that of the question – and may show one, two, four, eight … ticks later.
How long a job queued depends on other jobs, never on its own data, and costs it no more than the ticks it queued: a
ladder from the question itself would double them, too."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from sandbox.core.clock import now
from sandbox.jobs.records import Job
from sandbox.settings import Settings


def wait_for_quantum(settings: Settings, job: Job, drawn_by: Job | None = None) -> None:
    """Sleep until the next rung after the job's beginning: the quantum, or it doubled as often as needed.

    `drawn_by` is the job that drew the base this one joined: who joins waits as long as it did, so that nobody can
    tell from the time that somebody else asked before. A repeated question has nothing to hide from its own asker and
    does not wait. The remaining residual, which rung, is stated in the documentation."""
    if job.free or job.started_at is None or settings.quantum_ms == 0:
        return
    rung = quantum = timedelta(milliseconds=settings.quantum_ms)
    elapsed = now() - began(job.created_at, job.started_at, quantum)
    if drawn_by is not None:
        while 2 * rung <= _took(drawn_by, quantum):
            rung *= 2
    while rung < elapsed:
        rung *= 2
    time.sleep((rung - elapsed).total_seconds())


def began(asked: datetime, started: datetime, quantum: timedelta) -> datetime:
    """Give the beginning of the tick, counted from `asked`, in which a job started.

    Two machines' clocks may differ: a job that seems to start before it was asked began when it started."""
    return started - (started - asked) % quantum if started > asked else started


def _took(job: Job, quantum: timedelta) -> timedelta:
    """How long a job took from its beginning to its end, which lies a little behind its rung."""
    if job.started_at is None or job.finished_at is None:
        return timedelta(0)
    return job.finished_at - began(job.created_at, job.started_at, quantum)
