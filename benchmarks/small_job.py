"""Where the time of a small job goes over HTTP, from the client's clock and the times that the job row tells."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.timing import ms
from sandbox.client import Client

SQL = "SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept"
ROUNDS = 25
WARM = 5
SYNCS = 101
STRETCHES = (
    "1–4 authenticate, authorise, compile, reserve",
    "the vault claims the job, its privacy is spent",
    "5–9 execute, release, fingerprint, record, meter",
    "sealed under a checkpoint, 10 answer",
    "**all ten steps**",
)


@dataclass(frozen=True)
class Walked:
    """Seconds of each of STRETCHES, the median over the jobs of one kind."""

    seconds: tuple[float, ...]


def walk(user: Client, subscription: str, *, repeated: bool) -> Walked:
    """Ask the same question again and again, with another ε each time unless `repeated`."""
    epsilons = ["1" if repeated else f"{2 + asked / 1000:.3f}" for asked in range(WARM + ROUNDS)]
    jobs = [_one(user, subscription, epsilon) for epsilon in epsilons]
    return Walked(tuple(median(one) for one in zip(*jobs[WARM:], strict=True)))


def synced(folder: Path) -> float:
    """Give the seconds of writing 500 bytes to a file and waiting for the disk, the median of many."""
    taken = []
    with (folder / "synced").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            start = time.perf_counter()
            file.write(bytes(500))
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - start)
    return median(taken)


def lines(columns: Sequence[Walked]) -> str:
    """Give the rows of the table, a column for each kind of job."""
    rows = zip(STRETCHES, *(column.seconds for column in columns), strict=True)
    return "\n".join(f"| {name} | {' | '.join(ms(one) for one in seconds)} |" for name, *seconds in rows)


def _one(user: Client, subscription: str, epsilon: str) -> tuple[float, ...]:
    sent = datetime.now(UTC)
    job = user.submit(subscription, SQL, epsilon=epsilon)
    came = datetime.now(UTC)
    if job["status"] != "done":
        raise RuntimeError(f"the job ended as {job['status']}")
    created, started, finished = (_moment(job, name) for name in ("created_at", "started_at", "finished_at"))
    times = (sent, created, started, finished, came)
    parts = tuple((after - before).total_seconds() for before, after in pairwise(times))
    return (*parts, (came - sent).total_seconds())


def _moment(job: dict[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(str(job[name]))
