"""Which processes of the instance are alive, told by leases in the database, and whether the log stopped them all."""

from __future__ import annotations

from datetime import timedelta

from sandbox.core.clock import now
from sandbox.core.store import Duplicate, Transaction
from sandbox.errors import Problem
from sandbox.transparency.records import Lease

FRESH = timedelta(seconds=10)
STOP = "integrity-stop"
ALIVE = ("vault-alive", "scribe-alive")


def beat(tx: Transaction, name: str, holder: str) -> None:
    """Say that process `holder` does duty `name` right now."""
    until = now() + FRESH
    lease = tx.get(Lease, name, lock=True)
    if lease is None:
        try:
            tx.add(Lease(name, holder, 1, until))
        except Duplicate:
            return
    else:
        tx.change(lease, holder=holder, until=until)


def require_ready(tx: Transaction) -> None:
    """Raise `Problem(integrity_stop)` when the log is ahead of the database, `Problem(not_ready)` when vault or scribe
    is not there."""
    held = {lease.name: lease for lease in tx.find(Lease, name=[STOP, *ALIVE])}
    if STOP in held:
        raise Problem(
            "integrity_stop",
            "log and database contradict each other, as after restoring an old backup; whoever runs this instance must "
            "restore the newest database, then start again",
        )
    for name in ALIVE:
        if name not in held or held[name].until < now():
            raise Problem("not_ready", f"the {name.removesuffix('-alive')} process is not ready; try again in a moment")


def require_still(tx: Transaction) -> None:
    """Raise `Problem(state_conflict)` while vault or scribe is alive, or was within seconds."""
    for name in ("vault-alive", "scribe-alive"):
        lease = tx.get(Lease, name)
        if lease is not None and lease.until > now():
            raise Problem("state_conflict", "the service runs, or did seconds ago: stop it and wait ten seconds")


def clear_stop(tx: Transaction) -> None:
    """Lift the integrity stop, once log and database agree again."""
    if lease := tx.get(Lease, STOP):
        tx.remove(lease)
