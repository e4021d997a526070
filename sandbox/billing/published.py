"""The public price list (收费标准公示, N5): what each product costs in each scenario of use."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from policies.purposes import PURPOSES
from sandbox.billing import ceilings, prices
from sandbox.billing.records import Price
from sandbox.core.clock import now, rfc3339
from sandbox.core.store import Transaction
from sandbox.grants.records import Grant
from sandbox.identity.records import Party
from sandbox.products.records import Product


def price_list(tx: Transaction) -> list[dict[str, Any]]:
    """Give the products on offer with their prices by purpose (scenario), ceilings, and the changes announced."""
    return [_listed(tx, product, now()) for product in tx.find(Product, status=["approved", "paused"])]


def _listed(tx: Transaction, product: Product, moment: datetime) -> dict[str, Any]:
    price, operator = prices.price_at(tx, product.id, moment), tx.get(Party, product.operator)
    grant = tx.get(Grant, product.grant)
    purposes = [PURPOSES[name] for name in (grant.purposes if grant else ()) if name in PURPOSES]
    said = None if price is None else _card(tx, product, price)
    return {
        "product": product.id,
        "name": product.name,
        "operator": product.operator,
        "operator_name": operator.name if operator else product.operator,
        "status": product.status,
        "scenario": grant.scenario if grant else None,
        "scenarios": [
            {"purpose": one.name, "zh": one.zh, "en": one.en, "free": one.free, "price": None if one.free else said}
            for one in purposes
        ],
        "announced": [_card(tx, product, one) for one in prices.announced(tx, product.id, moment)],
    }


def _card(tx: Transaction, product: Product, price: Price) -> dict[str, Any]:
    highest = ceilings.ceiling(tx, product, price.unit)
    return {
        "number": price.number,
        "unit": price.unit,
        "price": format(price.price, "f"),
        "allowance": price.allowance,
        "tiers": price.tiers,
        "repeats": "free" if price.repeat_free else "charged",
        "kind": "trial" if price.trial else "formal",
        "ceiling": None if highest is None else format(highest, "f"),
        "starts": rfc3339(price.starts),
    }
