"""Counts of what happens too often: in the database, so that they hold over all workers and restarts."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from sandbox.core.store import Duplicate, Transaction
from sandbox.identity.records import Tally

WINDOW = timedelta(minutes=10)
LOOKS_IN = timedelta(minutes=30)
KEPT = timedelta(days=2)


def count(
    tx: Transaction, kind: str, subject: str, moment: datetime, *, window: timedelta = WINDOW, number: int = 1
) -> int:
    """Add to the tally of the present window and give it."""
    since = begins(moment, window)
    tally_id = f"{kind}:{since:%Y%m%d%H%M}:{subject}"
    for _ in range(2):
        if (found := tx.get(Tally, tally_id, lock=True)) is not None:
            return tx.change(found, number=found.number + number).number
        with suppress(Duplicate):
            tx.add(Tally(tally_id, kind, subject, number, since, moment + KEPT))
            return number
    return number


def recent(tx: Transaction, kind: str, moment: datetime, *, window: timedelta = WINDOW) -> Counter[str]:
    """Give the tallies by subject of the present window and the one before."""
    since = begins(moment, window)
    found: Counter[str] = Counter()
    for tally in tx.find(Tally, kind=kind, since=[since, since - window]):
        found[tally.subject] += tally.number
    return found


def recent_of(tx: Transaction, kind: str, subject: str, moment: datetime, *, window: timedelta = WINDOW) -> int:
    """Give the tally of one subject in the present window and the one before, by their primary keys."""
    since = begins(moment, window)
    both = (tx.get(Tally, f"{kind}:{start:%Y%m%d%H%M}:{subject}") for start in (since, since - window))
    return sum(tally.number for tally in both if tally is not None)


def begins(moment: datetime, window: timedelta) -> datetime:
    """Give when the window began that `moment` lies in."""
    seconds = int(window.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)


def forget(tx: Transaction, moment: datetime) -> None:
    """Remove what is older than it may be: sources are addresses of persons' machines."""
    for tally in tx.find(Tally, order=("until",), limit=200):
        if tally.until < moment:
            tx.remove(tally)
