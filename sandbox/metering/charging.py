"""What a finished job is charged, in the transaction of its log entry; months of subscriptions, charged once each.

Units that allowance or tiers count are held by a row that is locked until the transaction ends: two jobs at once cannot
both be the last within the allowance, and events add up to what their sum costs.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from decimal import Decimal

from sandbox.billing.prices import fee, most, price_at, quantity, waiver
from sandbox.billing.rates import stepped
from sandbox.billing.records import Price
from sandbox.core.clock import now
from sandbox.core.store import Duplicate, Store, Transaction
from sandbox.grants.records import Subscription
from sandbox.jobs.records import Job
from sandbox.metering import limits
from sandbox.metering.cloudevents import announce
from sandbox.metering.events import month_event, usage_event
from sandbox.metering.records import Meter, UsageEvent
from sandbox.products.records import Product


def charge(tx: Transaction, job: Job, price: Price | None, cells: int) -> UsageEvent:
    """Write the usage event of a job that is finished, and give it: `fee` is what the job costs. `cells`: how many
    values it released."""
    moment, fact, done = now(), None, False
    if price is not None and price.unit == "product":
        held = tx.get(Subscription, job.subscription, lock=True)
        done = held is not None and paid(tx, held, price)
        fact = None if waiver(price, job.purpose, job.free, done) else f"{job.subscription}:product"
    elif price is not None and price.unit == "month" and (held := tx.get(Subscription, job.subscription)):
        charge_month(tx, held, moment)
    before = _counted(tx, job, price, cells, moment)
    amount = fee(price, job.purpose, job.free, cells, before=before, paid=done)
    event = usage_event(job, price, amount, cells, paid=done, fact=fact, at=moment)
    tx.add(event)
    announce(tx, event)
    return event


def estimate(
    tx: Transaction, subscription: Subscription, price: Price | None, *, repeat: bool, cells: int | None
) -> Decimal:
    """Give the most a job under this subscription may cost. Raises bound_missing, state_conflict (no price)."""
    return most(price, subscription.purpose, repeat, cells, paid=paid(tx, subscription, price))


def reserve(
    tx: Transaction, subscription: Subscription, price: Price | None, *, repeat: bool, cells: int | None
) -> Decimal:
    """Give the same and hold it against the limits that the user set for itself, in the transaction that adds the job.
    Raises spending_limit_reached too."""
    found = estimate(tx, subscription, price, repeat=repeat, cells=cells)
    limits.hold(tx, subscription.party, subscription.id, found)
    return found


def paid(tx: Transaction, subscription: Subscription, price: Price | None) -> bool:
    """Say whether the subscription has paid for its product, where that is charged once."""
    once = price is not None and price.unit == "product"
    return once and bool(tx.find(UsageEvent, fact=f"{subscription.id}:product", limit=1))


def charge_month(tx: Transaction, subscription: Subscription, moment: datetime) -> UsageEvent | None:
    """Charge a subscription's month, in which `moment` lies, at the price in force then; None when it is charged
    already, or the price is not by month."""
    fact = f"{subscription.id}:{moment:%Y-%m}"
    price, product = price_at(tx, subscription.product, moment), tx.get(Product, subscription.product)
    if price is None or product is None or price.unit != "month" or tx.find(UsageEvent, fact=fact, limit=1):
        return None
    event = month_event(subscription, product, price, fact, moment)
    with suppress(Duplicate):  # the first question of the month and the sweep, at the same moment
        tx.add(event)
        announce(tx, event)
        return event
    return None


def sweep(store: Store) -> int:
    """Charge this month to each active subscription to a product on offer whose price is by month; give how many were
    charged now. Doing it twice charges nothing more."""
    with store.read() as tx:
        products = [found.id for found in tx.find(Product, status="approved") if _monthly(tx, found.id)]
        due = tx.find(Subscription, product=products, status="active") if products else []
        charged = {event.fact for event in tx.find(UsageEvent, fact=[f"{one.id}:{now():%Y-%m}" for one in due])}
    made = 0
    for subscription in due:
        if f"{subscription.id}:{now():%Y-%m}" in charged:
            continue
        with store.write() as tx:
            held = tx.get(Subscription, subscription.id, lock=True)
            if held is not None and held.status == "active":
                made += charge_month(tx, held, now()) is not None
    return made


def _monthly(tx: Transaction, product: str) -> bool:
    price = price_at(tx, product, now())
    return price is not None and price.unit == "month"


def _counted(tx: Transaction, job: Job, price: Price | None, cells: int, moment: datetime) -> int:
    """Count the job's units where its price asks for that, and give how many there were before."""
    if price is None or not stepped(price) or waiver(price, job.purpose, job.free):
        return 0
    key = f"{job.party}:{price.id}:{job.purpose}:{moment:%Y-%m}"
    held = tx.get(Meter, key, lock=True)
    if held is None:
        with suppress(Duplicate):  # another job began the count at this moment
            tx.add(Meter(key, 0))
        held = tx.get(Meter, key, lock=True)
    assert held is not None, "counts are never taken away"
    tx.change(held, quantity=held.quantity + quantity(price, cells))
    return held.quantity
