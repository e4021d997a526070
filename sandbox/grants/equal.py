"""The equal-treatment report of a product (A5): one price list, one queue, what was refused and why, how long it took.

Parties are not named, and times are told in classes: the report may be read by every user of the product."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sandbox.billing.records import Price
from sandbox.core.clock import now, rfc3339
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.grants.free import UNTRUE, counts
from sandbox.grants.records import Refusal, Subscription
from sandbox.identity.keys import Principal
from sandbox.jobs.records import Job
from sandbox.products.records import Product

LATEST = 1000
"""Jobs whose waits are told, the newest."""
DECISION = (("same day", timedelta(days=1)), ("within a week", timedelta(days=7)), ("within a month", timedelta(30)))
QUEUE = (
    ("at once", timedelta(seconds=2)),
    ("within 10 seconds", timedelta(seconds=10)),
    ("within a minute", timedelta(minutes=1)),
)
LONGER = "longer"


def equal_treatment(tx: Transaction, principal: Principal, product_id: str) -> dict[str, Any]:
    """Give the report, to everybody who may see the product or subscribed to it. Raises not_found."""
    product = tx.get(Product, product_id)
    subscriptions = tx.find(Subscription, product=product_id)
    if product is not None:  # an operator that runs its own product waits for nobody
        subscriptions = [one for one in subscriptions if one.party != product.operator]
    mine = principal.party.id
    parties = {subscription.party for subscription in subscriptions}
    shown = product is not None and (product.status == "approved" or mine in parties | {product.operator})
    if product is None or not (shown or principal.oversees):
        raise Problem("not_found", "there is no such product")
    waits = [one.decided_at - one.created_at for one in subscriptions if one.decided_at is not None]
    jobs = tx.find(Job, product=product_id, order=["-id"], limit=LATEST)
    refusals = tx.totals(Refusal, by=("policy",), product=product_id)
    told = counts(subscriptions, now().date())
    return {
        "product": product_id,
        "prices": [
            {
                "number": price.number,
                "unit": price.unit,
                "price": format(price.price, "f"),
                "starts": rfc3339(price.starts),
            }
            for price in tx.find(Price, product=product_id, order=["number"])
        ],
        "price_lists": 1,
        "queues": 1,
        "subscriptions": dict(Counter(one.status for one in subscriptions)),
        "declined": [
            {"reason": one.reason, "at": rfc3339(one.decided_at or one.created_at)}
            for one in subscriptions
            if one.reason is not None and (one.inspection or {}).get("state") != UNTRUE
        ],
        **told,
        "free_without_proof": told["free_use"]["declaration"] + told["free_use"]["neither"],
        "refused_jobs": {str(policy): int(count) for policy, count in refusals},
        "waits": {
            "decision": _classes(waits, DECISION),
            "queue": _classes((job.started_at - job.created_at for job in jobs if job.started_at), QUEUE),
        },
    }


def _classes(waits: Iterable[timedelta], classes: Sequence[tuple[str, timedelta]]) -> dict[str, int]:
    """How many waits are of each class; a class without any is there, too."""
    counts = dict.fromkeys([name for name, _ in classes] + [LONGER], 0)
    for wait in waits:
        counts[next((name for name, most in classes if wait <= most), LONGER)] += 1
    return counts
