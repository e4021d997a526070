"""Numbers without gaps: of an operator's settlements and notes, of a year's letters."""

from __future__ import annotations

from contextlib import suppress

from sandbox.billing.records import Numbering
from sandbox.core.store import Duplicate, Transaction


def hold(tx: Transaction, series: str) -> Numbering:
    """Hold a series until the transaction ends: no two take one number, and none is lost."""
    held = tx.get(Numbering, series, lock=True)
    if held is None:
        with suppress(Duplicate):  # somebody else began the series at this moment
            tx.add(Numbering(series, 0))
        held = tx.get(Numbering, series, lock=True)
    assert held is not None, "numbers are never taken away"
    return held


def take(tx: Transaction, series: str) -> int:
    """Give the next number of a series, which stays held until the transaction ends."""
    held = hold(tx, series)
    return tx.change(held, last=held.last + 1).last
