"""Documents about a grant, product or subscription, by their SHA-256: assessments, proofs, agreements (A6, A7, I4, S1).

The log commits to each, so that nobody can put another paper in its place; the paper itself stays with its owner."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.grants.records import Attachment, Grant, Subscription
from sandbox.identity.keys import Principal
from sandbox.products.records import Product
from sandbox.transparency.journal import Journal

KINDS = {
    "impact_assessment": ("operator", "authoriser", "administration"),
    "risk_assessment": ("operator", "authoriser", "administration", "regulator"),
    "linkage_assessment": ("operator", "authoriser", "administration"),
    "security_assessment": ("user", "operator", "authoriser", "administration", "regulator"),
    "export_assessment": ("authoriser", "administration"),
    "agreement": ("user", "operator", "holder", "authoriser"),
    "decision": ("authoriser",),
}
"""Kinds of document, and the roles that may attach one."""
KEPT_YEARS = 3
_DIGEST = re.compile(r"[0-9a-f]{64}")


def attach(
    tx: Transaction, journal: Journal, principal: Principal, subject: str, kind: str, title: str, digest: str, note: str
) -> Attachment:
    """Attach a document to something one has to do with; it is kept at least three years.

    Raises role_not_allowed (for this kind), not_found, field_invalid."""
    principal.may("document.attach")
    if kind not in KINDS:
        raise Problem("field_invalid", f"kind: write one of {', '.join(KINDS)}")
    principal.require(*KINDS[kind])
    check_digest(digest, "digest")
    _see(tx, principal, subject)
    moment = now()
    public: dict[str, str | int | None] = {"subject": subject, "kind": kind, "digest": digest, "by": principal.party.id}
    entry = journal.write(
        tx, "document.attached", public=public, committed={"title": title, "note": note}, party=principal.party.id
    )
    kept = _years_later(moment.date(), KEPT_YEARS)
    made = Attachment(
        new_id("document"), subject, kind, title, digest, note, principal.party.id, kept, entry.id, moment
    )
    tx.add(made)
    return made


def attached(tx: Transaction, subject: str, kind: str) -> bool:
    """Say whether a document of this kind is attached to `subject`."""
    return bool(tx.find(Attachment, subject=subject, kind=kind, limit=1))


def listed(tx: Transaction, principal: Principal, subject: str) -> list[dict[str, Any]]:
    """Give the documents of something that the principal may see. Raises not_found."""
    _see(tx, principal, subject)
    return [shown(one) for one in tx.find(Attachment, subject=subject)]


def check_digest(digest: str, field: str) -> None:
    """Raise field_invalid unless this is a SHA-256 in lower-case hexadecimal."""
    if not _DIGEST.fullmatch(digest):
        raise Problem("field_invalid", f"{field}: write the SHA-256 of the document, 64 hexadecimal digits")


def _see(tx: Transaction, principal: Principal, subject: str) -> None:
    """Raise not_found unless there is such a grant, product or subscription and the principal has to do with it."""
    mine = principal.party.id
    parties: tuple[str | None, ...] = ()
    if (grant := tx.get(Grant, subject)) is not None:
        parties = (grant.operator,)
    elif (product := tx.get(Product, subject)) is not None:
        parties = (product.operator, product.maker)
    elif (subscription := tx.get(Subscription, subject)) is not None:
        sold = tx.get(Product, subscription.product)
        parties = (subscription.party, sold.operator if sold else None)
    if not parties or not (principal.oversees or mine in parties):
        raise Problem("not_found", "subject: there is no such grant, product or subscription that you have to do with")


def _years_later(day: date, years: int) -> date:
    """29 February is followed by 1 March: never a day too early."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
