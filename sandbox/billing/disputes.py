"""Disputes (P9): a user objects to a settlement or to a price; the operator answers, with a credit note or not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sandbox.billing import settlements
from sandbox.billing.records import Dispute, Settlement
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.grants.records import Subscription
from sandbox.identity.keys import Principal
from sandbox.products.records import Product
from sandbox.transparency.journal import Journal

ANSWERED_WITHIN = timedelta(days=15)


def raise_dispute(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    reason: str,
    settlement: str | None = None,
    product: str | None = None,
) -> Dispute:
    """Object to one's own settlement, or to the price of a product that one is subscribed to.

    Raises role_not_allowed, field_invalid, not_found, state_conflict (one is open on it already).
    """
    principal.may("dispute.raise")
    mine = principal.party.id
    if (settlement is None) == (product is None):
        raise Problem("field_invalid", "settlement, product: name one of them")
    if settlement is not None:
        settled = tx.get(Settlement, settlement)
        operator = settled.operator if settled and settled.party == mine else None
    else:
        offered = tx.get(Product, product or "")
        subscribed = tx.find(Subscription, party=mine, product=product, limit=1)
        operator = offered.operator if offered and subscribed else None
    if operator is None:
        raise Problem("not_found", "there is no such settlement or product of yours")
    if tx.find(Dispute, party=mine, settlement=settlement, product=product, status="open", limit=1):
        raise Problem("state_conflict", "you have an open dispute on it; wait for its answer")
    moment = now()
    made = Dispute(
        new_id("dispute"), mine, operator, settlement, product, reason, "open", None, None,
        (moment + ANSWERED_WITHIN).date(), moment, None,
    )  # fmt: skip
    tx.add(made)
    journal.write(tx, "dispute.raised", public={"dispute": made.id}, committed={"reason": reason}, party=mine)
    return made


def answer(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    dispute_id: str,
    accepted: bool,
    said: str,
    amount: Decimal | None = None,
) -> Dispute:
    """Answer a dispute about one's own settlement or product; an accepted one about a settlement may give `amount`
    back by a credit note. Raises role_not_allowed, not_found, state_conflict, field_invalid."""
    principal.may("dispute.answer")
    found = tx.get(Dispute, dispute_id, lock=True)
    if found is None or found.operator != principal.party.id:
        raise Problem("not_found", "there is no such dispute with you")
    if found.status != "open":
        raise Problem("state_conflict", f"this dispute is {found.status} already")
    note = None
    if amount is not None:
        if not accepted or found.settlement is None:
            raise Problem("field_invalid", "amount: only an accepted dispute about a settlement gives money back")
        note = settlements.credit(tx, journal, principal, found.settlement, amount, said)
    status = "accepted" if accepted else "rejected"
    public = {"dispute": found.id, "outcome": status}
    journal.write(tx, "dispute.answered", public=public, committed={"answer": said}, party=found.party)
    return tx.change(found, status=status, answer=said, credit=note.id if note else None, answered_at=now())


def view(found: Dispute) -> dict[str, Any]:
    """Give a dispute as its parties see it."""
    return shown(found)
