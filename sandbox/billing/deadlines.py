"""The calendar of prices: what is due of whom, and how late it is."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sandbox.billing import cycles, reviews, yearly
from sandbox.billing.records import CeilingSet, Dispute, YearlyReview
from sandbox.core.store import Transaction
from sandbox.grants.records import Grant

SOON = timedelta(days=31)


def calendar(tx: Transaction, today: date, operator: str | None = None) -> list[dict[str, Any]]:
    """Give what is due, soonest first, for one operator or all that hold a grant: {what, who, operator, due, state,
    about}; `state` is open, due (soon), overdue or done."""
    whose = [operator] if operator else sorted({grant.operator for grant in tx.find(Grant)})
    found = [one for each in whose for one in _of(tx, each, today)]
    return sorted(found, key=lambda one: (one["due"], one["what"], one["operator"]))


def _of(tx: Transaction, operator: str, today: date) -> list[dict[str, Any]]:
    year, due, state = yearly.state(tx, operator, today)
    found = []
    if state == "done" or operator in yearly.owed(tx, year):
        found.append(_item("yearly report", "authoriser", operator, due, state, str(year)))
    last = today.replace(day=1) - timedelta(days=1)
    for month in reviews.unsettled(tx, operator, last.year):
        if month <= f"{last:%Y-%m}":
            ends = date(last.year, int(month[5:]), 1)
            found.append(_item("settlement", "operator", operator, ends + SOON + SOON, None, month, today))
    if tx.find(CeilingSet, operator=operator, year=year, limit=1):
        done = tx.find(YearlyReview, operator=operator, year=year, limit=1)
        found += [] if done else [_item("yearly review", "authoriser", operator, due, None, str(year), today)]
    for review in tx.find(YearlyReview, operator=operator, status="open"):
        ends = date(review.created_at.year, 12, 31)
        found.append(_item("review task", review.who, operator, ends, None, review.id, today))
    for cycle in cycles.found(tx, operator):
        if cycle.closed_at is None:
            ends = date(cycle.last + 1, due.month, due.day)
            found.append(_item("end of cycle", "authoriser", operator, ends, None, cycle.id, today))
    for dispute in tx.find(Dispute, operator=operator, status="open"):
        found.append(_item("dispute", "operator", operator, dispute.due, None, dispute.id, today))
    return found


def _item(
    what: str, who: str, operator: str, due: date, state: str | None, about: str, today: date | None = None
) -> dict[str, Any]:
    if state is None and today is not None:
        state = "overdue" if today > due else "due" if today > due - SOON else "open"
    return {"what": what, "who": who, "operator": operator, "due": due.isoformat(), "state": state, "about": about}
