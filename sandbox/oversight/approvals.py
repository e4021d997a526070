"""Who is let in before others that asked earlier (S5): read from when requests were made and when they were decided."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.core.store import Transaction
from sandbox.grants.records import Subscription
from sandbox.products.records import Product, Review

LOOKED_AT = timedelta(days=30)


@dataclass(frozen=True)
class Request:
    """A request of `party` that waits, or was decided by whoever the queue belongs to."""

    party: str
    asked: datetime
    decided: datetime | None


def overtaken(tx: Transaction, moment: datetime) -> Counter[tuple[str, str]]:
    """Give by approver and party how many of the party's requests were approved in the last thirty days while older
    ones of others waited. Operators decide on subscriptions to their products, authorisers on products."""
    times: Counter[tuple[str, str]] = Counter()
    for approver, queue in (_subscriptions(tx) | _products(tx)).items():
        recent = [one for one in queue if one.decided is not None and one.decided > moment - LOOKED_AT]
        for one in recent:
            if any(_passed(one, other) for other in queue):
                times[approver, one.party] += 1
    return times


def _passed(one: Request, other: Request) -> bool:
    assert one.decided is not None
    older = other.party != one.party and other.asked < one.asked
    return older and (other.decided is None or other.decided > one.decided)


def _subscriptions(tx: Transaction) -> dict[str, list[Request]]:
    """The queue of each operator. A subscription that its product approves by itself was decided by nobody."""
    operators = {product.id: product.operator for product in tx.find(Product)}
    queues: defaultdict[str, list[Request]] = defaultdict(list)
    for one in tx.find(Subscription, status=["pending", "active"]):
        if one.status == "pending" or (one.approved_by is not None and one.decided_at is not None):
            decided = None if one.status == "pending" else one.decided_at
            queues[operators[one.product]].append(Request(one.party, one.created_at, decided))
    return dict(queues)


def _products(tx: Transaction) -> dict[str, list[Request]]:
    """The queue of the authorisers, who share one: who approved decides whose alert it is."""
    waiting = [Request(one.operator, one.created_at, None) for one in tx.find(Product, status="submitted")]
    reviews = tx.find(Review, verdict="approved")
    made = {one.id: one for one in tx.find(Product, id=[review.product for review in reviews])} if reviews else {}
    queues: defaultdict[str, list[Request]] = defaultdict(list)
    for review in reviews:
        product = made[review.product]
        queues[review.reviewer].append(Request(product.operator, product.created_at, review.created_at))
    return {reviewer: queue + waiting for reviewer, queue in queues.items()}
