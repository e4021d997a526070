"""Disclosure (披露): what everybody may read without a key – grants, products and prices, use, privacy spent (S2).

Numbers of jobs are public facts: they count what was asked, never what the data say. Who asked is not shown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from sandbox.billing import ceilings
from sandbox.billing.prices import history
from sandbox.billing.records import CeilingSet, Dispute, Settlement
from sandbox.catalogue import matters
from sandbox.catalogue.exact import protection_of
from sandbox.catalogue.records import Resource
from sandbox.core.clock import now, rfc3339
from sandbox.core.store import Transaction
from sandbox.core.view import plain, shown
from sandbox.grants import credit, free
from sandbox.grants.give import standing
from sandbox.grants.policy import is_strict
from sandbox.grants.records import Grant, Subscription
from sandbox.identity.records import Party
from sandbox.metering.records import UsageEvent
from sandbox.oversight.records import Emergency, Incident
from sandbox.persons import requests
from sandbox.privacy.budgets import budget, promise_to_each
from sandbox.privacy.grains import text
from sandbox.privacy.records import Account
from sandbox.products.records import Product, Review

_OFFERED = ("approved", "paused", "retired")


def disclosure(tx: Transaction, test_instance: bool = False) -> dict[str, Any]:
    """Give the public page as data. A test instance says that it is one: its privacy budgets do not bind."""
    use = used(tx)
    year = now().year - 1
    return {
        "at": rfc3339(now()),
        "test_instance": test_instance,
        "grants": [_grant(tx, grant) for grant in tx.find(Grant)],
        "ceilings": _ceilings(tx),
        "documents": "demanded" if is_strict(tx) else "warned of",
        "products": [_product(tx, product, use) for product in tx.find(Product, status=_OFFERED)],
        "resources": [_resource(resource, use) for resource in tx.find(Resource)],
        "matters": matters.counts(tx),
        "persons": requests.counts(tx),
        "complaints": dict(tx.totals(Dispute, by=["status"])),
        "credit": credit.counts(tx),
        **_recipients(tx),
        "incidents": dict(tx.totals(Incident, by=["status"])),
        "last_year": {"year": year, **figures(tx, year)},
        "privacy": [_account(tx, budget(tx, account)) for account in tx.find(Account, party=None)],
        "stops": [
            shown(stop, "reason", "raised_by", "lift_requested_by") for stop in tx.find(Emergency, lifted_at=None)
        ],
    }


@dataclass(frozen=True)
class Use:
    """Finished jobs of one month: counted in the database, by what they asked."""

    resource: str
    product: str
    month: str
    number: int


def used(tx: Transaction) -> list[Use]:
    """Give what was used, a row for each resource, product and month: however many jobs, so few rows are read.

    A month that is charged to a subscription is an event without a job, and not counted."""
    groups = tx.totals(UsageEvent, by=["resource", "product", "month", "fact"])
    return [
        Use(resource, product, month, number)
        for resource, product, month, fact, number in groups
        if fact is None or not fact.endswith(f":{month}")
    ]


def figures(tx: Transaction, year: int) -> dict[str, Any]:
    """Give a year in figures: jobs by purpose, those asked free of charge, what operators were owed by settlements."""
    months = [f"{year}-{month:02d}" for month in range(1, 13)]
    jobs: Counter[str] = Counter()
    free = 0
    for purpose, why, month, fact, number in tx.totals(
        UsageEvent, by=["purpose", "free", "month", "fact"], month=months
    ):
        if fact is None or not fact.endswith(f":{month}"):
            jobs[purpose] += number
            free += number if why is not None else 0
    owed: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in tx.find(Settlement, month=months):
        owed[one.operator] += one.total
    settled = {operator: plain(total) for operator, total in sorted(owed.items())}
    return {"jobs": dict(sorted(jobs.items())), "free": free, "settled": settled}


def _grant(tx: Transaction, grant: Grant) -> dict[str, Any]:
    operator = tx.get(Party, grant.operator)
    assert operator is not None, "a grant names a party"
    said = {"operator_name": operator.name, "status": standing(grant)}
    return shown(grant, "conditions", "security_contact", "authoriser") | said


def _recipients(tx: Transaction) -> dict[str, Any]:
    """What free use rests on and how recipients were assessed, in numbers; who runs its own product is no recipient."""
    operators = {product.id: product.operator for product in tx.find(Product)}
    return free.counts((one for one in tx.find(Subscription) if one.party != operators.get(one.product)), now().date())


def _ceilings(tx: Transaction) -> list[dict[str, Any]]:
    """The sets in force, with what they were held against."""
    newest = {found.operator: found for found in tx.find(CeilingSet, order=["number"])}
    return [ceilings.view(tx, found) for _, found in sorted(newest.items())]


def _product(tx: Transaction, product: Product, use: list[Use]) -> dict[str, Any]:
    prices = [shown(price, "id", "product", "set_by") for price in history(tx, product.id)]
    said = shown(product, "spec", "approved_by")
    resource = tx.get(Resource, product.resources[0])
    protection = protection_of(resource) if resource is not None else "private"
    warned = {"protection": protection, "warnings": warnings_of(tx, product)}
    return said | warned | {"prices": prices, "jobs": _years(use, product=product.id)}


def warnings_of(tx: Transaction, product: Product) -> list[str]:
    """Give what its specification was approved in spite of; nothing for one that nobody approved."""
    found = tx.find(Review, product=product.id, spec_digest=product.spec_digest, order=["-id"], limit=1)
    return list(found[0].warnings) if found and found[0].verdict == "approved" else []


def _resource(resource: Resource, use: list[Use]) -> dict[str, Any]:
    said = shown(resource, "entry", "version", "registrar")
    return said | {"protection": protection_of(resource), "jobs": _years(use, resource=resource.id)}


def _years(use: list[Use], **named: str) -> dict[str, int]:
    """Finished jobs by calendar year (UTC)."""
    years: Counter[str] = Counter()
    for one in use:
        if all(getattr(one, name) == value for name, value in named.items()):
            years[one.month[:4]] += one.number
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
