"""What a finished job is charged, in the transaction of its log entry; months of subscriptions, charged once each.

Units that allowance or tiers count (`counts`) are counted in the order in which jobs end, so events add up to what
their sum costs.
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
from sandbox.core.walker import Walker
from sandbox.grants.authorise import serves
from sandbox.grants.records import Subscription
from sandbox.metering import counts, limits
from sandbox.metering.cloudevents import announce
from sandbox.metering.events import month_event, usage_event
from sandbox.metering.records import UsageEvent
from sandbox.products.records import Product


def charge(tx: Transaction, job: Walker, price: Price | None, cells: int) -> UsageEvent:
    """Write the usage event of a job that is finished, and give it: `fee` is what the job costs. `cells`: how many
    values it released."""
    moment, fact, done = now(), None, False
    if price is not None and price.unit == "product":
        held = tx.get(Subscription, job.subscription, lock=True)
        done = held is not None and paid(tx, held, price)
        fact = None if waiver(price, job.purpose, job.free, done) else f"{job.subscription}:product"
    elif price is not None and price.unit == "month" and (held := tx.get(Subscription, job.subscription)):
        charge_month(tx, held, moment)
    before = counts.count(tx, job, price, quantity(price, cells), moment)
    own = job.party == job.operator
    amount = Decimal(0) if own else fee(price, job.purpose, job.free, cells, before=before, paid=done)
    event = usage_event(job, price, amount, cells, paid=done, fact=fact, at=moment)
    tx.add(event)
    announce(tx, event)
    return event


def estimate(
    tx: Transaction, subscription: Subscription, price: Price | None, *, repeat: bool, cells: int | None
) -> Decimal:
    """Give the most a job under this subscription may cost after those before it, counted or on their way. Raises
    bound_missing, state_conflict (no price)."""
    if _own(tx, subscription):
        return Decimal(0)
    done, party, purpose = paid(tx, subscription, price), subscription.party, subscription.purpose
    if not _counts(price, subscription, repeat):
        return most(price, purpose, repeat, cells, paid=done)
    assert price is not None
    between = counts.on_their_way(tx, party, price, purpose)
    return max(
        most(price, purpose, repeat, cells, before=counts.used(tx, party, price, purpose, month), between=between)
        for month in counts.months(now())
    )


def reserve(
    tx: Transaction, subscription: Subscription, price: Price | None, *, repeat: bool, cells: int | None
) -> tuple[Decimal, int]:
    """Give the same, with the units that allowance and tiers may count, and hold it against the limits that the user
    set for itself, in the transaction that adds the job. Raises spending_limit_reached too."""
    found = estimate(tx, subscription, price, repeat=repeat, cells=cells)
    units = quantity(price, cells or 0) if _counts(price, subscription, repeat) else 0
    limits.hold(tx, subscription, price, found, units)
    return found, units


def paid(tx: Transaction, subscription: Subscription, price: Price | None) -> bool:
    """Say whether the subscription has paid for its product, where that is charged once."""
    once = price is not None and price.unit == "product"
    return once and bool(tx.find(UsageEvent, fact=f"{subscription.id}:product", limit=1))


def charge_month(tx: Transaction, subscription: Subscription, moment: datetime) -> UsageEvent | None:
    """Charge a subscription's month, in which `moment` lies, at the price in force then; None when it is charged
    already, or the price is not by month."""
    fact = f"{subscription.id}:{moment:%Y-%m}"
    price, product = price_at(tx, subscription.product, moment), tx.get(Product, subscription.product)
    if price is None or product is None or price.unit != "month" or subscription.party == product.operator:
        return None
    if tx.find(UsageEvent, fact=fact, limit=1):
        return None
    event = month_event(subscription, product, price, fact, moment)
    with suppress(Duplicate):  # the first question of the month and the sweep, at the same moment
        tx.add(event)
        announce(tx, event)
        return event
    return None


def sweep(store: Store) -> int:
    """Charge this month to each active subscription whose price is by month, as soon as it can be served in it; give
    how many were charged now. Doing it twice charges nothing more, and a month that nobody could be served in – paused,
    stopped, not running – is charged to nobody, not afterwards either."""
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
            if held is not None and serves(tx, held, now()):
                made += charge_month(tx, held, now()) is not None
    return made


def _own(tx: Transaction, subscription: Subscription) -> bool:
    """Say whether the operator runs its own product: nobody owes itself money."""
    product = tx.get(Product, subscription.product)
    return product is not None and product.operator == subscription.party


def _monthly(tx: Transaction, product: str) -> bool:
    price = price_at(tx, product, now())
    return price is not None and price.unit == "month"


def _counts(price: Price | None, subscription: Subscription, repeat: bool) -> bool:
    """Whether a question moves what allowance and tiers count."""
    return stepped(price) and waiver(price, subscription.purpose, repeat) is None
