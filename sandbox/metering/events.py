"""Usage events: one per job, or month subscribed, of public quantities only, written with what they bill (P8).

The table keeps jobs unique, so a retry, a crash or a replay can neither lose nor double one.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from policies.purposes import FREE
from sandbox.billing.prices import quantity, waiver
from sandbox.billing.records import Price
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.core.walker import Walker
from sandbox.grants.records import Subscription
from sandbox.identity.keys import Principal
from sandbox.metering.records import UsageEvent
from sandbox.products.records import Product


def usage_event(
    job: Walker,
    price: Price | None,
    fee: Decimal,
    cells: int,
    *,
    paid: bool = False,
    fact: str | None = None,
    at: datetime | None = None,
) -> UsageEvent:
    """Build the event of a finished job: `fee` is what it costs, `cells` how many values it released.

    `job.free` says that its party held the answer already, `paid` that the subscription has paid for the product;
    `free` says why nothing is charged: own, purpose, repeat, included or None. A verification's miss and hit would look
    alike: no fact about data enters.
    """
    moment = at or now()
    free = "own" if job.party == job.operator else waiver(price, job.purpose, job.free, paid)
    by_job = price is None or price.unit in ("call", "cell") or fact is not None
    return UsageEvent(
        id=new_id("usage"),
        job=job.id,
        party=job.party,
        operator=job.operator,
        product=job.product,
        resource=job.resource,
        subscription=job.subscription,
        purpose=job.purpose,
        unit=price.unit if price and by_job else "call",
        quantity=quantity(price, cells),
        price=price.price if price and by_job else Decimal(0),
        fee=fee,
        free=free,
        month=f"{moment:%Y-%m}",
        data={},
        at=moment,
        fact=fact,
        price_number=price.number if price else None,
        day=f"{moment:%Y-%m-%d}",
    )


def month_event(subscription: Subscription, product: Product, price: Price, fact: str, moment: datetime) -> UsageEvent:
    """Build the event of a month subscribed. `fact` names subscription and month; it belongs to no job."""
    free = "purpose" if subscription.purpose in FREE else None
    return UsageEvent(
        id=new_id("usage"),
        job=None,
        party=subscription.party,
        operator=product.operator,
        product=product.id,
        resource=product.resources[0],
        subscription=subscription.id,
        purpose=subscription.purpose,
        unit="month",
        quantity=1,
        price=price.price,
        fee=Decimal(0) if free else price.price,
        free=free,
        month=f"{moment:%Y-%m}",
        data={},
        at=moment,
        fact=fact,
        price_number=price.number,
        day=f"{moment:%Y-%m-%d}",
    )


def usage(
    tx: Transaction, principal: Principal, *, limit: int = 50, after: str | None = None, **equal: Any
) -> list[UsageEvent]:
    """Give usage events by role: overseers all, a user its own, an operator those of its products. `equal` may name the
    `month`."""
    principal.may("usage.read")
    if principal.oversees:
        return tx.find(UsageEvent, limit=limit, after=after, **equal)
    mine = principal.party.id
    rows = {row.id: row for row in tx.find(UsageEvent, party=mine, limit=limit, after=after, **equal)}
    rows |= {row.id: row for row in tx.find(UsageEvent, operator=mine, limit=limit, after=after, **equal)}
    return [rows[key] for key in sorted(rows)][:limit]


def view(event: UsageEvent) -> dict[str, Any]:
    """Give an event as the outside sees it."""
    return shown(event, "data", "month", "day", "fact")
