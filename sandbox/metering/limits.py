"""Spending limits: the most that a party wants to spend in a calendar month (UTC), in all or under one subscription.

What counts is derived from the events and from the jobs that are on their way, so a failed job gives back what was held
for it, and nothing can drift. A limit never ends a subscription by month; it refuses questions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sandbox.billing.rates import highest, marginal
from sandbox.billing.records import Price, SpendingLimit
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.grants.records import Subscription
from sandbox.identity.keys import Principal
from sandbox.metering import counts
from sandbox.metering.records import UsageEvent
from sandbox.transparency.journal import Journal

NOTHING = Decimal(0)
Row = tuple[Any, ...]
_ALL = "*"


def set_limit(
    tx: Transaction, journal: Journal, principal: Principal, yuan: Decimal, subscription: str | None = None
) -> SpendingLimit:
    """Set the limit of one's own party, or of one of its subscriptions, in place of the one before.

    Raises role_not_allowed, not_found.
    """
    principal.may("spending_limit.set")
    mine, moment = principal.party.id, now()
    if subscription is not None:
        own = tx.get(Subscription, subscription)
        if own is None or own.party != mine:
            raise Problem("not_found", "there is no such subscription of yours")
    key = f"{mine}:{subscription or _ALL}"
    found = tx.find(SpendingLimit, key=key, limit=1)
    held = tx.get(SpendingLimit, found[0].id, lock=True) if found else None
    if held is not None:
        limit = tx.change(held, yuan=yuan, changed_at=moment)
    else:
        limit = SpendingLimit(new_id("limit"), mine, subscription, key, yuan, moment)
        tx.add(limit)
    said = {"party": mine, "yuan": format(yuan, "f"), "subscription": subscription or "all"}
    journal.write(tx, "spending_limit.set", public={"limit": limit.id}, committed=said, party=mine)
    return limit


def remove(tx: Transaction, journal: Journal, principal: Principal, limit_id: str) -> SpendingLimit:
    """Take a limit of one's own away. Raises role_not_allowed, not_found."""
    principal.may("spending_limit.set")
    limit = tx.get(SpendingLimit, limit_id, lock=True)
    if limit is None or limit.party != principal.party.id:
        raise Problem("not_found", "there is no such spending limit of yours")
    tx.remove(limit)
    public: dict[str, str | int | None] = {"limit": limit.id}
    journal.write(tx, "spending_limit.removed", public=public, committed={"party": limit.party}, party=limit.party)
    return limit


def hold(tx: Transaction, subscription: Subscription, price: Price | None, fee: Decimal, units: int) -> None:
    """Refuse a job that may cost `fee`, or take that many counted `units`, when a limit would not be kept, whatever the
    jobs on their way come to and in whatever order they end.

    In the transaction that adds the job: the limits stay locked until it ends, so that two jobs at once cannot both
    take the rest. Raises spending_limit_reached with `left`.
    """
    if price is None or not (fee or units):
        return
    party, asked = subscription.party, (price.id, subscription.purpose, subscription.id, fee, 1, units)
    for one in tx.find(SpendingLimit, key=[f"{party}:{subscription.id}", f"{party}:{_ALL}"]):
        limit = tx.get(SpendingLimit, one.id, lock=True)
        if limit is not None:
            for month in counts.months(now()):
                _check(tx, limit, month, asked)


def view(tx: Transaction, limit: SpendingLimit) -> dict[str, Any]:
    """Give a limit with what counts against it this month: `spent`, `held` for jobs on their way, `left`."""
    month = f"{now():%Y-%m}"
    held = _held(tx, limit, month, _on_their_way(tx, limit))
    spent = _spent(tx, limit, month)
    sums = {"spent": spent, "held": held, "left": max(limit.yuan - spent - held, NOTHING)}
    said = {name: format(value, "f") for name, value in sums.items()}
    return shown(limit, "key") | {"month": month} | said


def _check(tx: Transaction, limit: SpendingLimit, month: str, asked: Row) -> None:
    """Refuse what a limit leaves no room for. The jobs are read first, what was metered last: one that is metered
    meanwhile counts twice for a moment, never not at all."""
    rows = _on_their_way(tx, limit)
    held = _held(tx, limit, month, rows)
    more = _held(tx, limit, month, [*rows, asked]) - held
    left = limit.yuan - held - _spent(tx, limit, month)
    if more and more > left:
        raise Problem(
            "spending_limit_reached",
            f"it may cost {more:f} yuan, and {max(left, NOTHING):f} yuan are left of the limit of {limit.yuan:f} that "
            "you set for this month: raise it, or ask again next month",
            left=format(max(left, NOTHING), "f"),
            limit=limit.id,
        )


def _on_their_way(tx: Transaction, limit: SpendingLimit) -> list[Row]:
    """Price, purpose, subscription, fee, number and counted units of jobs and claims on their way."""
    by, whose = ["price", "purpose", "subscription", "fee"], _whose(limit) | {"status": counts.ON_THEIR_WAY}
    return [row for kind in counts.WALKERS for row in tx.totals(kind, by=by, sums=["units"], **whose)]


def _held(tx: Transaction, limit: SpendingLimit, month: str, rows: Sequence[Row]) -> Decimal:
    """Give the most that jobs cost if they all end well: a product is paid once, counted units take step after step.
    Where another subscription has a part in the count, this one's units may come to stand on the dearest step."""
    total, once, units = NOTHING, dict[str, Decimal](), Counter[tuple[str, str]]()
    for price_id, purpose, subscription, fee, jobs, counted in rows:
        price = tx.get(Price, price_id) if price_id else None
        if price is not None and price.unit == "product":
            once[subscription] = max(fee, once.get(subscription, NOTHING))
        elif price is not None and counted:
            units[price.id, purpose] += counted
        else:
            total += fee * jobs
    for (price_id, purpose), counted in units.items():
        price = tx.get(Price, price_id)
        assert price is not None, "prices are never taken away"
        if limit.subscription and _others(tx, limit, price, purpose):
            total += highest(price) * counted
        else:
            total += marginal(price, counts.used(tx, limit.party, price, purpose, month), counted)
    return total + sum(once.values(), NOTHING)


def _others(tx: Transaction, limit: SpendingLimit, price: Price, purpose: str) -> bool:
    found = tx.find(Subscription, party=limit.party, product=price.product, purpose=purpose)
    return any(one.id != limit.subscription and one.status != "ended" for one in found)


def _spent(tx: Transaction, limit: SpendingLimit, month: str) -> Decimal:
    found = tx.totals(UsageEvent, by=["fee"], month=month, **_whose(limit))
    return sum((fee * jobs for fee, jobs in found), NOTHING)


def _whose(limit: SpendingLimit) -> dict[str, str]:
    return {"party": limit.party} | ({"subscription": limit.subscription} if limit.subscription else {})
