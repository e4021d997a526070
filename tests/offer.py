"""A product on offer, priced and subscribed to: where tests of authorisation and money begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from authority import World

from sandbox.billing.pricing import set_price
from sandbox.catalogue.records import Resource
from sandbox.core.canonical import digest
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.grants.give import give
from sandbox.grants.records import Grant, Subscription
from sandbox.grants.subscriptions import approve, subscribe
from sandbox.identity.keys import Principal
from sandbox.jobs.records import Job
from sandbox.products.records import Product

ALL_PURPOSES = ["public_governance", "public_welfare", "industry"]


class Offer:
    """`operator` offers `product` over `resource` under `grant`; `user` is subscribed to it."""

    def __init__(
        self,
        world: World,
        purposes: Sequence[str] = ALL_PURPOSES,
        purpose: str = "industry",
        price: Mapping[str, Any] | None = None,
        **asked: Any,
    ) -> None:
        self.world, self.tx, self.journal = world, world.tx, world.journal
        self.resource: Resource = world.resource()
        self.operator = world.party("Operator", "operator")
        self.user = world.party("Firm", "user")
        self.grant: Grant = give(self.tx, self.journal, world.authority, self.asking(purposes=list(purposes)))
        self.product = self.offered()
        if price is None:
            price = {"unit": "call", "price": "1.20", "trial": True}
        if price:
            self.price = set_price(self.tx, self.journal, self.operator, self.product.id, price)
        self.subscription = self.subscribed(self.user, purpose, **asked)

    def asking(self, **other: Any) -> dict[str, Any]:
        """The body of a grant over the resource."""
        return {
            "operator": self.operator.party.id,
            "mode": "whole",
            "purposes": ALL_PURPOSES,
            "starts": "2026-01-01",
            "ends": "2036-01-01",
            "resources": [self.resource.id],
            "conditions": "none",
            "security_contact": "sec@example.org",
        } | other

    def offered(self, spec: dict[str, Any] | None = None, **changed: Any) -> Product:
        values: dict[str, Any] = {
            "id": new_id("product"), "grant": self.grant.id, "operator": self.operator.party.id, "kind": "query",
            "name": "visits", "resources": [self.resource.id], "spec": spec or {},
            "spec_digest": digest(spec or {}),
            "status": "approved", "approved_by": self.world.authority.party.id, "created_at": now(),
        }  # fmt: skip
        product = Product(**values | changed)
        self.tx.add(product)
        return product

    def subscribed(self, user: Principal, purpose: str = "industry", **asked: Any) -> Subscription:
        body = {"product": self.product.id, "purpose": purpose, "commitment": {"accepted": True}} | asked
        pending = subscribe(self.tx, self.journal, user, body)
        return approve(self.tx, self.journal, self.operator, pending.id)

    def job(self, **changed: Any) -> Job:
        """A finished job of the subscription, stored."""
        values: dict[str, Any] = {
            "id": new_id("job"), "party": self.user.party.id, "subscription": self.subscription.id,
            "product": self.product.id, "grant": self.grant.id, "operator": self.operator.party.id,
            "resource": self.resource.id, "population": "clinic", "version": "v1", "kind": "query",
            "purpose": self.subscription.purpose, "request": b"", "plan": {}, "base_key": "k", "status": "done",
            "rho": Decimal(0), "delta": Decimal(0), "free": False, "fee": Decimal(0), "price": None, "decision": {},
            "fence": 0, "base": None, "entry": None, "created_at": now(), "started_at": None, "finished_at": None,
        }  # fmt: skip
        job = Job(**values | changed)
        self.tx.add(job)
        return job


def day(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T12:00:00+00:00")
