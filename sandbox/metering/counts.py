"""Units that allowance and tiers count: how many a party has used under a price this month, and how many its questions
on their way may still take. They say beforehand what the next question can cost – from the party's own bills only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from sandbox.billing.prices import waiver
from sandbox.billing.rates import stepped
from sandbox.billing.records import Price
from sandbox.core.store import Duplicate, Transaction
from sandbox.core.walker import Walker
from sandbox.jobs.records import Job
from sandbox.metering.records import Meter
from sandbox.products.verification.records import Verification

ON_THEIR_WAY = ["queued", "running"]
WALKERS = (Job, Verification)
"""What takes units and money on its way."""
TURN = timedelta(hours=1)
"""What is asked so shortly before a month ends may be charged in the next, where the count begins anew."""


def months(moment: datetime) -> Iterator[str]:
    """Give the months in which a question asked at `moment` may be charged: this one, at its very end the next too."""
    yield f"{moment:%Y-%m}"
    if (moment + TURN).month != moment.month:
        yield f"{moment + TURN:%Y-%m}"


def used(tx: Transaction, party: str, price: Price, purpose: str, month: str) -> int:
    """Give how many units were counted in a month."""
    held = tx.get(Meter, _key(party, price, purpose, month))
    return held.quantity if held else 0


def on_their_way(tx: Transaction, party: str, price: Price, purpose: str) -> int:
    """Give how many units the questions on their way may take at most."""
    whose = {"party": party, "price": price.id, "purpose": purpose, "status": ON_THEIR_WAY}
    totals = [total for kind in WALKERS for total in tx.totals(kind, by=["status"], sums=["units"], **whose)]
    return sum(units for _, _, units in totals)


def count(tx: Transaction, job: Walker, price: Price | None, units: int, moment: datetime) -> int:
    """Count the units of a job where its price asks for that, and give how many there were before. The row stays locked
    until the transaction ends: two jobs at once cannot both be the last within the allowance."""
    if price is None or not stepped(price) or waiver(price, job.purpose, job.free):
        return 0
    key = _key(job.party, price, job.purpose, f"{moment:%Y-%m}")
    held = tx.get(Meter, key, lock=True)
    if held is None:
        with suppress(Duplicate):  # another job began the count at this moment
            tx.add(Meter(key, 0))
        held = tx.get(Meter, key, lock=True)
    assert held is not None, "counts are never taken away"
    tx.change(held, quantity=held.quantity + units)
    return held.quantity


def _key(party: str, price: Price, purpose: str, month: str) -> str:
    return f"{party}:{price.id}:{purpose}:{month}"
