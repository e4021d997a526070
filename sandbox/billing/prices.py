"""Which price is in force, and what a job costs by it: purpose, price and public quantities decide (P1, P8)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from policies.purposes import FREE
from sandbox.billing.records import Price
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem

Waiver = Literal["purpose", "repeat"]


def price_at(tx: Transaction, product_id: str, moment: datetime) -> Price | None:
    """Give the price in force at `moment`, or None when there was none."""
    prices = tx.find(Price, product=product_id, order=["-number"])
    return next((price for price in prices if price.starts <= moment), None)


def history(tx: Transaction, product_id: str) -> list[Price]:
    """Give all prices of a product, oldest first: they are public."""
    return tx.find(Price, product=product_id, order=["number"])


def waiver(price: Price | None, purpose: str, repeat: bool) -> Waiver | None:
    """Say why a job costs nothing whatever its size: its purpose is free, or it repeats an answer already held and the
    price list says that repeats are free. None when it is charged."""
    if purpose in FREE:
        return "purpose"
    return "repeat" if repeat and price is not None and price.repeat_free else None


def quantity(price: Price | None, cells: int) -> int:
    """Give how many units of the price one job takes: its released cells, or one call."""
    return cells if price is not None and price.unit == "cell" else 1


def fee(price: Price | None, purpose: str, repeat: bool, cells: int) -> Decimal:
    """Give the exact fee of one job in yuan, unrounded. `cells` are the values that leave.

    Raises state_conflict when a charged purpose meets a product without price.
    """
    if waiver(price, purpose, repeat):
        return Decimal(0)
    if price is None:
        raise Problem("state_conflict", "this product has no price yet; the operator must set one first")
    return price.price * quantity(price, cells)


def most(price: Price | None, purpose: str, repeat: bool, cells: int | None) -> Decimal:
    """Give the most a job may cost when at most `cells` values can leave (None: open): what is estimated and reserved.

    Raises bound_missing when the charge is per cell and their number is open, state_conflict like `fee`.
    """
    if cells is None and price is not None and price.unit == "cell" and not waiver(price, purpose, repeat):
        raise Problem("bound_missing", "this product is charged per cell: add LIMIT, so that the charge is bounded")
    return fee(price, purpose, repeat, cells or 0)


def etag(price: Price | None) -> str:
    """Give the entity tag of a product's price, quoted as HTTP wants it."""
    return f'"price-{price.number if price else 0}"'


def view(price: Price) -> dict[str, Any]:
    """Give a price as the outside sees it."""
    return shown(price)
