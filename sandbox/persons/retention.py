"""What is kept of persons is forgotten when its time is over: rows go, and so do the salts behind their leaves (I6)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.core.store import Record, Transaction
from sandbox.persons.records import Consent, Inquiry, PersonRequest
from sandbox.products.verification.records import Verification
from sandbox.transparency.journal import Journal
from sandbox.transparency.records import Opening

KEPT = timedelta(days=3 * 366)
"""Three years behind the end of a consent, an answer, or a question."""


def sweep(tx: Transaction, journal: Journal, at: datetime) -> dict[str, int]:
    """Forget all that ended longer ago than `KEPT`; give how much of each. The leaves stay in the tree, and nobody can
    tell any more what they committed to."""
    before = at - KEPT
    consents = [one for one in tx.find(Consent) if min(one.expires_at, one.withdrawn_at or one.expires_at) < before]
    inquiries = [one for one in tx.find(Inquiry) if one.at < before]
    requests = [one for one in tx.find(PersonRequest) if one.answered_at is not None and one.answered_at < before]
    claims = [one for one in tx.find(Verification) if one.subject and one.created_at < before]
    entries = [one.entry for one in consents] + [one.entry for one in requests]
    entries += [one.entry for one in claims if one.entry is not None]
    openings = [opening for entry in entries for opening in tx.find(Opening, entry=entry)]
    ended: list[Record] = [*openings, *consents, *inquiries, *requests]
    for record in ended:
        tx.remove(record)
    for claim in claims:  # the row stays, for what was billed; whom it was about, and what was told, goes
        tx.change(claim, subject="", basis="", asked=b"", answer=b"")
    forgotten = {"consents": len(consents), "inquiries": len(inquiries), "demands": len(requests)}
    forgotten["claims"] = len(claims)
    if any(forgotten.values()):
        journal.write(tx, "persons.forgotten", public={**forgotten})
    return forgotten
