"""Statements (账单) of a month: what a user owes, what an operator earned, line by line from the usage events.

The total is the exact sum of the lines; an operator's lines are sums of its users'. Months are calendar months in UTC.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

from sandbox.billing import invoices
from sandbox.billing.lines import BY, Line, Prices, drawn, merged, total
from sandbox.billing.records import TaxInvoice
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity.records import Party
from sandbox.metering.records import UsageEvent
from sandbox.products.records import Product

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


def statement(tx: Transaction, party: Party, month: str) -> dict[str, Any]:
    """Give what a party used in `month` ('2026-01') and owes, and the tax invoices that were issued for it; free use
    stands there with zero.

    Raises field_invalid when the month is not written so.
    """
    sheet = _sheet(tx, "statement", party, month, {"party": party.id})
    issued = tx.find(TaxInvoice, month=month, party=party.id, withdrawn_at=None)
    return sheet | {"tax_invoices": [invoices.view(one) for one in issued]}


def revenue(tx: Transaction, operator: Party, month: str) -> dict[str, Any]:
    """Give what an operator's products earned in `month`, over all users. Raises like `statement`."""
    return _sheet(tx, "revenue", operator, month, {"operator": operator.id})


def lines(tx: Transaction, **whose: Any) -> list[Line]:
    """Give the lines of matching usage events, each user's and operator's drawn by themselves and then added up."""
    counted = tx.totals(UsageEvent, by=["operator", "party", *BY], sums=["quantity"], **whose)
    prices = Prices(tx)
    users = [drawn([row[2:] for row in rows], prices) for _, rows in groupby(counted, key=lambda row: row[:2])]
    return merged(line for one in users for line in one)


def _sheet(tx: Transaction, kind: str, party: Party, month: str, whose: dict[str, Any]) -> dict[str, Any]:
    if not _MONTH.fullmatch(month):
        raise Problem("field_invalid", "month: write year and month, like 2026-01")
    drawn_up = lines(tx, month=month, **whose)
    return {
        "id": f"{kind}_{party.id}_{month}",
        "kind": kind,
        "party": party.id,
        "month": month,
        "currency": "CNY",
        "lines": [_shown(tx, line) for line in drawn_up],
        "total": format(total(drawn_up), "f"),
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
