"""What its holder sees of the use of a resource: grants, products, and jobs by month – never who asked, nor what."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sandbox.catalogue.consents import consents
from sandbox.catalogue.records import Resource
from sandbox.core.store import Transaction
from sandbox.grants.records import Subscription
from sandbox.metering.records import UsageEvent
from sandbox.products.records import Product

OFFERED = ("submitted", "approved", "paused", "retired")


def use_of(tx: Transaction, resource: Resource) -> dict[str, Any]:
    """Give the grants that reach the resource, its products with their subscribers counted, and the numbers of jobs and
    of different askers by month, product, operator and purpose."""
    products = [one for one in tx.find(Product, status=OFFERED) if resource.id in one.resources]
    jobs: dict[tuple[str, str, str, str], int] = defaultdict(int)
    askers: dict[tuple[str, str, str, str], int] = defaultdict(int)
    for *key, _, number in tx.totals(
        UsageEvent, by=["month", "product", "operator", "purpose", "party"], resource=resource.id
    ):
        month, product, operator, purpose = key
        jobs[month, product, operator, purpose] += number
        askers[month, product, operator, purpose] += 1
    return {
        "resource": resource.id,
        "grants": consents(tx, resource),
        "products": [
            {
                "id": one.id,
                "name": one.name,
                "kind": one.kind,
                "operator": one.operator,
                "status": one.status,
                "subscriptions": len(tx.keys(Subscription, product=one.id, status="active")),
            }
            for one in products
        ],
        "months": [
            {
                "month": month,
                "product": product,
                "operator": operator,
                "purpose": purpose,
                "jobs": number,
                "users": askers[month, product, operator, purpose],
            }
            for (month, product, operator, purpose), number in sorted(jobs.items())
        ],
    }
