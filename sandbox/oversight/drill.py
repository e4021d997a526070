"""Drills (应急演练): a stop of nothing, and how long each process of the instance took to see it.

Every process looks for drills four times a second, as it would have to if stops were not read with each request; so
what is measured is the longest that a stop takes to be known everywhere. A drill is logged like a stop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sandbox.core.clock import now
from sandbox.core.ids import id_at, new_id
from sandbox.core.store import Duplicate, Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.oversight.records import Drill, Echo
from sandbox.transparency.journal import Journal
from sandbox.transparency.records import Lease

FRESH = timedelta(seconds=10)
OVER = timedelta(minutes=1)
GOAL = 1.0
"""Seconds in which a stop has to be known to every process."""
_PRESENT = "present:"


def order(tx: Transaction, journal: Journal, principal: Principal, reason: str) -> Drill:
    """Begin a drill: nothing is stopped. Raises role_not_allowed, field_invalid."""
    principal.may("emergency.drill")
    if not 1 <= len(reason.strip()) <= 1000:
        raise Problem("field_invalid", "reason: say in 1 to 1000 characters what the drill is for")
    drill_id = new_id("drill")
    public = {"drill": drill_id, "by": principal.party.id}
    entry = journal.write(tx, "emergency.drilled", public=public, committed={"reason": reason.strip()})
    made = Drill(drill_id, reason.strip(), principal.party.id, now(), entry.id, _there(tx))
    tx.add(made)
    return made


def unseen(tx: Transaction, process: str) -> list[Drill]:
    """Give the drills of the last seconds that this process has not seen."""
    drills = tx.find(Drill, after=id_at("drill", now() - FRESH))
    return [drill for drill in drills if tx.get(Echo, f"{drill.id}:{process}") is None]


def see(tx: Transaction, drill: Drill, kind: str, process: str) -> None:
    """Say that this process saw the drill just now."""
    tx.add(Echo(f"{drill.id}:{process}", drill.id, kind, process, now()))


def present(tx: Transaction, kind: str, process: str) -> None:
    """Say that this process is there, so that a drill knows whom to wait for; forget those long gone."""
    moment, name = now(), f"{_PRESENT}{kind}:{process}"
    lease = tx.get(Lease, name, lock=True)
    if lease is not None:
        tx.change(lease, until=moment + FRESH)
        return
    for gone in tx.find(Lease, after=_PRESENT, limit=1000):
        if gone.name.startswith(_PRESENT) and gone.until < moment - OVER:
            tx.remove(gone)
    try:
        tx.add(Lease(name, process, 1, moment + FRESH))
    except Duplicate:
        return


def report(tx: Transaction, drill_id: str) -> dict[str, Any]:
    """Give a drill with the seconds that each process took. `missing`: processes that were there and did not see it.

    `status`: running, passed, failed (some process took longer than a second, or never saw it). Raises not_found."""
    drill = tx.get(Drill, drill_id)
    if drill is None:
        raise Problem("not_found", "there is no such drill")
    echoes = tx.find(Echo, drill=drill.id, order=("at",))
    took = {f"{echo.kind}:{echo.process}": (echo.at - drill.started_at).total_seconds() for echo in echoes}
    missing = [process for process in drill.expected if process not in took]
    slowest = max(took.values(), default=0.0)
    late = bool(missing) and now() - drill.started_at > FRESH
    if missing and not late and slowest <= GOAL:
        status = "running"
    else:
        status = "passed" if took and not missing and slowest <= GOAL else "failed"
    return shown(drill, "entry", "expected") | {
        "status": status,
        "seconds": {process: f"{seconds:.3f}" for process, seconds in took.items()},
        "missing": missing,
        "slowest": f"{slowest:.3f}" if took else None,
        "goal": f"{GOAL:.3f}",
    }


def _there(tx: Transaction) -> list[str]:
    moment = now()
    found = [lease for lease in tx.find(Lease, after=_PRESENT, limit=1000) if lease.name.startswith(_PRESENT)]
    return [lease.name.removeprefix(_PRESENT) for lease in found if lease.until > moment]
