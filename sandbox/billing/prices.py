"""Which price is in force, and what a job costs by it: purpose, price and public quantities decide (P1, P8)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from itertools import takewhile
from typing import Any, Literal

from policies.purposes import FREE
from sandbox.billing.rates import dearest, highest, marginal
from sandbox.billing.records import Price
from sandbox.core.clock import now, rfc3339
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem

Waiver = Literal["own", "purpose", "repeat", "included", "allowance"]
"""Why nothing is charged: the operator itself runs its product, the purpose is free, the answer is held already, the
subscription is paid by month or once, or (on lines only) the units are within the allowance."""


def price_at(tx: Transaction, product_id: str, moment: datetime) -> Price | None:
    """Give the price in force at `moment`, or None when there was none."""
    prices = tx.find(Price, product=product_id, order=["-number"])
    return next((price for price in prices if price.starts <= moment), None)


def history(tx: Transaction, product_id: str) -> list[Price]:
    """Give all prices of a product, oldest first: they are public."""
    return tx.find(Price, product=product_id, order=["number"])


def announced(tx: Transaction, product_id: str, moment: datetime) -> list[Price]:
    """Give the prices that are set and begin after `moment`, unless a newer one has begun by then."""
    prices = tx.find(Price, product=product_id, order=["-number"])
    return list(takewhile(lambda price: price.starts > moment, prices))[::-1]


def waiver(price: Price | None, purpose: str, repeat: bool, paid: bool = False) -> Waiver | None:
    """Say why a job costs nothing whatever its size, or None when it is charged. `paid`: its subscription has paid for
    the product, or pays by month."""
    if purpose in FREE:
        return "purpose"
    if repeat and price is not None and price.repeat_free:
        return "repeat"
    return "included" if price is not None and (price.unit == "month" or (paid and price.unit == "product")) else None


def quantity(price: Price | None, cells: int) -> int:
    """Give how many units of the price one job takes: its released cells, or one."""
    return cells if price is not None and price.unit == "cell" else 1


def fee(price: Price | None, purpose: str, repeat: bool, cells: int, *, before: int = 0, paid: bool = False) -> Decimal:
    """Give the exact fee of one job in yuan, unrounded. `cells` are the values that leave, `before` the charged units
    of the same user, price and month before it.

    Raises state_conflict when a charged purpose meets a product without price.
    """
    if waiver(price, purpose, repeat, paid):
        return Decimal(0)
    if price is None:
        raise Problem("state_conflict", "this product has no price yet; the operator must set one first")
    return marginal(price, before, quantity(price, cells))


def most(
    price: Price | None,
    purpose: str,
    repeat: bool,
    cells: int | None,
    *,
    before: int = 0,
    between: int = 0,
    paid: bool = False,
) -> Decimal:
    """Give the most a job may cost when at most `cells` values can leave (None: open): what is estimated and reserved.
    `before` are the charged units of the same user, price and month so far, `between` those that questions on their way
    may take first.

    Raises bound_missing when the charge is per cell and their number is open, state_conflict like `fee`.
    """
    if waiver(price, purpose, repeat, paid):
        return Decimal(0)
    if price is None:
        raise Problem("state_conflict", "this product has no price yet; the operator must set one first")
    if cells is None and price.unit == "cell" and highest(price):
        raise Problem("bound_missing", "this product is charged per cell: add LIMIT, so that the charge is bounded")
    return dearest(price, before, between, quantity(price, cells or 0))


def also(price: Price) -> dict[str, str | int | None]:
    """Give what a leaf says of a price beyond its yuan: only what it has."""
    said: dict[str, str | int | None] = {}
    if price.allowance:
        said["allowance"] = price.allowance
    if price.tiers:
        said["tiers"] = ", ".join(f"above {one['above']}: {one['price']}" for one in price.tiers)
    if price.starts > now():
        said["starts"] = rfc3339(price.starts)
    return said


def etag(price: Price | None) -> str:
    """Give the entity tag of a product's price, quoted as HTTP wants it."""
    return f'"price-{price.number if price else 0}"'


def view(price: Price) -> dict[str, Any]:
    """Give a price as the outside sees it."""
    return shown(price)
