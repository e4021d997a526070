"""Who asked about me (I3): each question about one person leaves a line that the person can read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.identity.keys import Principal
from sandbox.identity.records import Party
from sandbox.persons.identified import own
from sandbox.persons.records import Inquiry


def asked(
    tx: Transaction, subject: str, recipient: str, product: str, purpose: str, basis: str, at: datetime
) -> Inquiry:
    """Record that `recipient` asked about `subject` (a pseudonym) on a `basis`: a consent's id, or the legal basis by
    its name. Unknown subjects get a line like known ones, so that nothing is told by its lack."""
    made = Inquiry(new_id("inquiry"), subject, recipient, product, purpose, basis, at)
    tx.add(made)
    return made


def about_me(tx: Transaction, principal: Principal, *, limit: int = 50, after: str | None = None) -> list[Inquiry]:
    """Give the questions about the person that the party stands for. Raises role_not_allowed, state_conflict."""
    principal.may("inquiry.read")
    return tx.find(Inquiry, subject=own(tx, principal).subject, limit=limit, after=after)


def view(tx: Transaction, inquiry: Inquiry) -> dict[str, Any]:
    """Give a line as its person sees it, with the recipient's name."""
    party = tx.get(Party, inquiry.recipient)
    return shown(inquiry, "subject") | {"recipient_name": party.name if party else None}
