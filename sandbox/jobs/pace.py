"""When a result may become visible: at a time fixed beforehand, not when the data happened to be done."""

from __future__ import annotations

import time

from sandbox.core.clock import now
from sandbox.jobs.records import Job
from sandbox.settings import Settings


def wait_for_quantum(settings: Settings, job: Job) -> None:
    """Sleep until the next rung after the job's start: the quantum, or it doubled as often as needed.

    A repeated question has nothing to hide from its own asker and does not wait. The remaining residual, which rung,
    is stated in the documentation."""
    if job.free or job.started_at is None or settings.quantum_ms == 0:
        return
    elapsed = (now() - job.started_at).total_seconds()
    rung = settings.quantum_ms / 1000
    while rung < elapsed:
        rung *= 2
    time.sleep(rung - elapsed)
