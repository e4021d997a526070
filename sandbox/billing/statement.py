"""Statements (账单) of a month: what a user owes, what an operator earned, line by line from the usage events.

A line is product × purpose × unit × price (and why it is free). Price times quantity is rounded half-up to 0.01 once;
the total is the exact sum of the lines. Months are calendar months in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sandbox.billing.regulated import CENT, cents
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity.records import Party
from sandbox.metering.records import UsageEvent
from sandbox.products.records import Product

BY = ("product", "purpose", "unit", "price", "free")
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Line:
    """`free` says why nothing is charged (purpose, repeat) or is None; then `amount` = price × quantity, rounded."""

    product: str
    purpose: str
    unit: str
    price: Decimal
    free: str | None
    jobs: int
    quantity: int
    amount: Decimal


def statement(tx: Transaction, party: Party, month: str) -> dict[str, Any]:
    """Give what a party used in `month` ('2026-01') and owes; free use stands there with zero.

    Raises field_invalid when the month is not written so.
    """
    return _sheet(tx, "statement", party, month, {"party": party.id})


def revenue(tx: Transaction, operator: Party, month: str) -> dict[str, Any]:
    """Give what an operator's products earned in `month`, over all users. Raises like `statement`."""
    return _sheet(tx, "revenue", operator, month, {"operator": operator.id})


def lines(tx: Transaction, **whose: Any) -> list[Line]:
    """Give the lines of matching usage events, in the order of product, purpose, unit, price, charged before free."""
    counted = tx.totals(UsageEvent, by=BY, sums=["quantity"], **whose)
    return sorted(map(line_of, counted), key=lambda line: (*astuple(line)[:4], line.free or ""))


def line_of(counted: Sequence[Any]) -> Line:
    """Give a line from what was counted: the columns `BY`, number of jobs, sum of quantities."""
    product, purpose, unit, price, free, jobs, quantity = counted
    amount = CENT * 0 if free else cents(Fraction(price) * quantity)
    return Line(product, purpose, unit, price, free, jobs, quantity, amount)


def _sheet(tx: Transaction, kind: str, party: Party, month: str, whose: dict[str, Any]) -> dict[str, Any]:
    if not _MONTH.fullmatch(month):
        raise Problem("field_invalid", "month: write year and month, like 2026-01")
    drawn = lines(tx, month=month, **whose)
    return {
        "id": f"{kind}_{party.id}_{month}",
        "kind": kind,
        "party": party.id,
        "month": month,
        "currency": "CNY",
        "lines": [_shown(tx, line) for line in drawn],
        "total": format(sum((line.amount for line in drawn), Decimal("0.00")), "f"),
    }


def _shown(tx: Transaction, line: Line) -> dict[str, Any]:
    product = tx.get(Product, line.product)
    return {
        "product": line.product,
        "name": product.name if product else line.product,
        "purpose": line.purpose,
        "unit": line.unit,
        "price": format(line.price, "f"),
        "free": line.free,
        "jobs": line.jobs,
        "quantity": line.quantity,
        "amount": format(line.amount, "f"),
    }
