"""Reconciliation: a month's events, lines, settlements and shares, each added up and held against the others."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from sandbox.billing.lines import ZERO, Prices, total
from sandbox.billing.rates import cost, stepped
from sandbox.billing.records import Settlement
from sandbox.billing.settlements import due_in, end
from sandbox.billing.shares import shared
from sandbox.core.store import Transaction
from sandbox.metering.records import UsageEvent

KINDS = {"settlement": "settled", "debit_note": "debited", "credit_note": "credited"}
_BY = ["party", "product", "purpose", "price_number", "price", "free", "fee", "quantity"]


def reconcile(tx: Transaction, month: str, operator: str | None = None) -> dict[str, Any]:
    """Hold a month's events, lines and settlements against each other, in yuan, and name every difference.

    `rounding` is by how much lines, each rounded once, are above their events; `settled` has the debit notes in it;
    `unsettled` what no settlement has yet; `wrong` how many events do not cost what their price says. What was settled,
    net of credit notes, is `shared`, `data_cost` or, without an agreement, `unshared`; `undivided` is the rest: 0.00.
    Raises field_invalid.
    """
    end(month)
    whose: dict[str, Any] = {"month": month} | ({"operator": operator} if operator else {})
    events, wrong = _events(tx, whose)
    lines = sum((total(drawn) for _, _, drawn in due_in(tx, month, operator)), ZERO)
    said = {"events": events, "lines": lines} | dict.fromkeys(KINDS.values(), ZERO)
    for one in tx.find(Settlement, **whose):
        said[KINDS[one.kind]] += one.total
    said["settled"] += said["debited"]
    said |= {"rounding": lines - events, "unsettled": lines - said["settled"]}
    divided = shared(tx, month, operator)
    said |= _divided(divided)
    whole = said["shared"] + said["data_cost"] + said["unshared"]
    said |= {"undivided": said["settled"] + said["credited"] - whole}
    holds = not wrong and lines == said["settled"] and not said["undivided"]
    return {"month": month, "holds": holds, "wrong": wrong} | {name: format(sum_, "f") for name, sum_ in said.items()}


def _divided(products: list[dict[str, Any]]) -> dict[str, Decimal]:
    """Add up the shares of a month, the cost of obtaining data, and what nobody agreed on yet."""
    sums = {"shared": ZERO, "data_cost": ZERO, "unshared": ZERO}
    for one in products:
        if one["parts"] is None:
            sums["unshared"] += Decimal(one["earned"])
            continue
        sums["data_cost"] += Decimal(one["data_cost"])
        sums["shared"] += sum((Decimal(part["amount"]) for part in one["parts"]), ZERO)
    return sums


def _events(tx: Transaction, whose: dict[str, Any]) -> tuple[Decimal, int]:
    """Give the sum of the events' fees, and how many events are wrong. Where allowance or tiers count units, the events
    of a user, price and purpose are right together or wrong together."""
    prices, events, wrong = Prices(tx), Decimal(0), 0
    fees: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    units: dict[tuple[Any, ...], int] = defaultdict(int)
    numbers: dict[tuple[Any, ...], int] = defaultdict(int)
    for party, product, purpose, number, price, free, fee, quantity, count in tx.totals(UsageEvent, by=_BY, **whose):
        events += fee * count
        listed = prices(product, number)
        if free or not stepped(listed):
            wrong += count * (fee != (0 if free else price * quantity))
            continue
        key = (party, product, purpose, number)
        fees[key], units[key], numbers[key] = (
            fees[key] + fee * count,
            units[key] + quantity * count,
            numbers[key] + count,
        )
    for (party, product, purpose, number), paid in fees.items():
        key, listed = (party, product, purpose, number), prices(product, number)
        wrong += numbers[key] * (listed is None or paid != cost(listed, units[key]))
    return events, wrong
