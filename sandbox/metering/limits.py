"""Spending limits: the most that a party wants to spend in a calendar month (UTC), in all or under one subscription.

What counts is derived from the events and from the jobs that are on their way, so a failed job gives back what was held
for it, and nothing can drift. A limit never ends a subscription by month; it refuses questions.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.billing.records import SpendingLimit
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.grants.records import Subscription
from sandbox.identity.keys import Principal
from sandbox.jobs.records import Job
from sandbox.metering.records import UsageEvent
from sandbox.transparency.journal import Journal

ON_THEIR_WAY = ["queued", "running"]
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


def hold(tx: Transaction, party: str, subscription: str, fee: Decimal) -> None:
    """Refuse a job that may cost `fee` when a limit would not be kept, whatever the jobs on their way come to.

    In the transaction that adds the job: the limits stay locked until it ends, so that two jobs at once cannot both
    take the rest. Raises spending_limit_reached with `left`.
    """
    if not fee:
        return
    for one in tx.find(SpendingLimit, key=[f"{party}:{subscription}", f"{party}:{_ALL}"]):
        limit = tx.get(SpendingLimit, one.id, lock=True)
        if limit is None:
            continue
        spent, held = _used(tx, limit)
        left = limit.yuan - spent - held
        if fee > left:
            raise Problem(
                "spending_limit_reached",
                f"it may cost {fee:f} yuan, and {max(left, Decimal(0)):f} yuan are left of the limit of {limit.yuan:f} "
                "that you set for this month: raise it, or ask again next month",
                left=format(max(left, Decimal(0)), "f"),
                limit=limit.id,
            )


def view(tx: Transaction, limit: SpendingLimit) -> dict[str, Any]:
    """Give a limit with what counts against it this month: `spent`, `held` for jobs on their way, `left`."""
    spent, held = _used(tx, limit)
    sums = {"spent": spent, "held": held, "left": max(limit.yuan - spent - held, Decimal(0))}
    said = {name: format(value, "f") for name, value in sums.items()}
    return shown(limit, "key") | {"month": f"{now():%Y-%m}"} | said


def _used(tx: Transaction, limit: SpendingLimit) -> tuple[Decimal, Decimal]:
    """What was metered this month and what is held. The jobs are read first: one that is metered meanwhile counts
    twice for a moment, never not at all."""
    whose = {"party": limit.party} | ({"subscription": limit.subscription} if limit.subscription else {})
    held = sum((fee * jobs for fee, jobs in tx.totals(Job, by=["fee"], status=ON_THEIR_WAY, **whose)), Decimal(0))
    month = f"{now():%Y-%m}"
    spent = sum((fee * jobs for fee, jobs in tx.totals(UsageEvent, by=["fee"], month=month, **whose)), Decimal(0))
    return spent, held
