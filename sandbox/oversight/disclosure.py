"""Disclosure (披露): what everybody may read without a key – grants, products and prices, use, privacy spent (S2).

Numbers of jobs are public facts: they count what was asked, never what the data say. Who asked is not shown.
"""

from __future__ import annotations

from collections import Counter
from decimal import ROUND_CEILING, Decimal
from typing import Any

from sandbox.billing import ceilings
from sandbox.billing.prices import history
from sandbox.billing.records import CeilingSet
from sandbox.catalogue import matters
from sandbox.catalogue.records import Resource
from sandbox.core.clock import now, rfc3339
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.grants.records import Grant
from sandbox.identity.records import Party
from sandbox.metering.records import UsageEvent
from sandbox.oversight.records import Emergency
from sandbox.privacy.budgets import budgets, promise_to_each
from sandbox.privacy.grains import text
from sandbox.products.records import Product

_OFFERED = ("approved", "paused", "retired")


def disclosure(tx: Transaction, test_instance: bool = False) -> dict[str, Any]:
    """Give the public page as data. A test instance says that it is one: its privacy budgets do not bind."""
    jobs = Counter((event.resource, event.product, str(event.at.year)) for event in tx.find(UsageEvent))
    return {
        "at": rfc3339(now()),
        "test_instance": test_instance,
        "grants": [_grant(tx, grant) for grant in tx.find(Grant)],
        "ceilings": _ceilings(tx),
        "products": [_product(tx, product, jobs) for product in tx.find(Product, status=_OFFERED)],
        "resources": [_resource(resource, jobs) for resource in tx.find(Resource)],
        "matters": matters.counts(tx),
        "privacy": [_account(tx, account) for account in budgets(tx) if account["party"] is None],
        "stops": [
            shown(stop, "reason", "raised_by", "lift_requested_by") for stop in tx.find(Emergency, lifted_at=None)
        ],
    }


def _grant(tx: Transaction, grant: Grant) -> dict[str, Any]:
    operator = tx.get(Party, grant.operator)
    assert operator is not None, "a grant names a party"
    return shown(grant, "conditions", "security_contact", "authoriser") | {"operator_name": operator.name}


def _ceilings(tx: Transaction) -> list[dict[str, Any]]:
    """The sets in force, with what they were held against."""
    newest = {found.operator: found for found in tx.find(CeilingSet, order=["number"])}
    return [ceilings.view(tx, found) for _, found in sorted(newest.items())]


def _product(tx: Transaction, product: Product, jobs: Counter[tuple[str, str, str]]) -> dict[str, Any]:
    prices = [shown(price, "id", "product", "set_by") for price in history(tx, product.id)]
    said = shown(product, "spec", "approved_by")
    return said | {"prices": prices, "jobs": _years(jobs, 1, product.id)}


def _resource(resource: Resource, jobs: Counter[tuple[str, str, str]]) -> dict[str, Any]:
    said = shown(resource, "entry", "version", "registrar")
    return said | {"jobs": _years(jobs, 0, resource.id)}


def _years(jobs: Counter[tuple[str, str, str]], position: int, name: str) -> dict[str, int]:
    """Finished jobs by calendar year (UTC)."""
    years: Counter[str] = Counter()
    for key, number in jobs.items():
        if key[position] == name:
            years[key[2]] += number
    return dict(sorted(years.items()))


def _account(tx: Transaction, account: dict[str, Any]) -> dict[str, Any]:
    """What is promised to a population, for life, and how often that was changed; what each user may see of it; what
    was spent over life. Spent is rounded up to tenths of the total. Exact, it would tell whoever asks a question
    whether somebody asked it before: the population pays for a base only once."""
    tenth = Decimal(account["total"]["epsilon"]) / 10
    tenths = (Decimal(account["life"]["epsilon"]) / tenth).to_integral_value(ROUND_CEILING)
    said = {name: account[name] for name in ("population", "pure", "total", "raised")}
    each = promise_to_each(tx, account["population"])
    return said | {"per_user": each, "spent_at_most": {"epsilon": text(tenths * tenth)}}
