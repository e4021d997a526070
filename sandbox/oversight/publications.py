"""Publications that recipients declare: log events that stand beside the findings of a trace."""

from __future__ import annotations

from datetime import date
from typing import Any

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.jobs.records import Job
from sandbox.oversight.records import Publication
from sandbox.transparency.journal import Journal


def declare(tx: Transaction, journal: Journal, job: Job, place: str, day: date) -> Publication:
    """Record that the recipient of `job` published its answer at `place` on `day`, with a leaf.

    Says nothing about whether that was allowed. Raises `Problem`: job_not_finished, field_invalid (a day to come).
    """
    if job.base is None or job.status != "done":
        raise Problem("job_not_finished", "there is no answer to publish yet; read the job until its status is done")
    if day > now().date():
        raise Problem("field_invalid", f"day: {day} is still to come; declare a publication when it has been made")
    entry = journal.write(
        tx,
        "publication.declared",
        public={},
        committed={"job": job.id, "party": job.party, "place": place, "day": day.isoformat()},
        job=job.id,
        party=job.party,
        resource=job.resource,
        product=job.product,
    )
    made = Publication(new_id("publication"), job.id, job.base, job.party, place, day, entry.id, now())
    tx.add(made)
    return made


def beside(tx: Transaction, base: str) -> list[dict[str, Any]]:
    """Give the publications declared of copies of a base, in the order of declaring."""
    return [
        {"party": one.party, "place": one.place, "day": one.day.isoformat(), "declared_at": one.created_at.isoformat()}
        for one in tx.find(Publication, base=base, order=("created_at", "id"))
    ]
