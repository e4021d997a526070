"""Statements (账单) of a month: what a user owes, what an operator earned, line by line from the usage events.

A line is product × purpose × unit × price (and why it is free). Its fees add up exactly and are rounded half-up to
0.01 once; the total is the exact sum of the lines. Months are calendar months in UTC.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.core.ids import id_at
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity.records import Party
from sandbox.metering.records import UsageEvent
from sandbox.products.records import Product

CENT = Decimal("0.01")
MARGIN = timedelta(minutes=1)  # by which the id of an event may be older than its time
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


def lines(events: Iterable[UsageEvent]) -> list[Line]:
    """Group events into lines, in the order of product, purpose, unit, price, charged before free."""
    groups: dict[tuple[str, str, str, Decimal, str], list[UsageEvent]] = defaultdict(list)
    for event in events:
        groups[event.product, event.purpose, event.unit, event.price, event.data["free"] or ""].append(event)
    return [
        Line(
            product, purpose, unit, price, free or None, len(group),
            sum(event.quantity for event in group),
            sum((event.fee for event in group), Decimal(0)).quantize(CENT, ROUND_HALF_UP),
        )
        for (product, purpose, unit, price, free), group in sorted(groups.items())
    ]  # fmt: skip


def _sheet(tx: Transaction, kind: str, party: Party, month: str, whose: dict[str, Any]) -> dict[str, Any]:
    starts, ends = _span(month)
    before = id_at("usage", starts - MARGIN)
    events = tx.find(UsageEvent, after=before, **whose)
    drawn = lines(event for event in events if starts <= event.at < ends)
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


def _span(month: str) -> tuple[datetime, datetime]:
    match = _MONTH.fullmatch(month)
    if not match:
        raise Problem("field_invalid", "month: write year and month, like 2026-01")
    year, number = map(int, match.groups())
    return datetime(year, number, 1, tzinfo=UTC), datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
