"""Consent (单独同意) of persons, one by one: given with evidence, seen, withdrawn with immediate effect (I1, I2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from policies.purposes import PURPOSES
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.grants.documents import check_digest
from sandbox.identity.keys import Principal
from sandbox.identity.records import Party
from sandbox.persons.identified import subjects
from sandbox.persons.pseudonym import Person, Pseudonyms
from sandbox.persons.records import Consent
from sandbox.persons.requests import objected
from sandbox.products.records import Product
from sandbox.transparency.journal import Journal

CHILD = 14
ADULT = 18
LONGEST_YEARS = 5


@dataclass(frozen=True)
class Asked:
    """A consent as it is asked to be recorded; `form` is the SHA-256 of the signed form, `guardian` {person, relation,
    form} where the person is under 14."""

    purpose: str
    recipient: str | None
    product: str | None
    sensitive: bool
    form: str | None
    identity_proof: str | None
    expires_at: datetime
    guardian: Mapping[str, Any] | None


def give(
    tx: Transaction, journal: Journal, pseudonyms: Pseudonyms, principal: Principal, person: Person, asked: Asked
) -> Consent:
    """Record one consent: by the person itself (or a child's guardian), or by the user that collected it, for itself
    alone and with evidence. The same one, handed in again, is the one there is.

    Raises role_not_allowed, not_found, field_invalid, consent_missing (a child without its guardian)."""
    principal.may("consent.give")
    moment = now()
    guardian = _guardian(pseudonyms, person, asked, moment)
    known = subjects(tx, principal)
    child = person.under(CHILD, moment.date())
    by_itself = person.subject in known and not child
    by_guardian = guardian is not None and guardian["subject"] in known
    form, proof = asked.form, asked.identity_proof or ""
    if by_itself or by_guardian:
        recipient, proof = asked.recipient or "", "proved to the data administration"
    else:
        principal.require("user")
        recipient = asked.recipient or principal.party.id
        if recipient != principal.party.id:
            raise Problem("field_invalid", "recipient: a user hands in consent to itself alone; leave it out")
        if form is None or not proof:
            raise Problem(
                "field_invalid", "form and identity_proof: hand in the form's SHA-256 and how you knew who signed"
            )
    if form is not None:
        check_digest(form, "form")
    _check(tx, asked, recipient, moment)
    same: dict[str, Any] = {
        "subject": person.subject,
        "recipient": recipient,
        "purpose": asked.purpose,
        "product": asked.product,
    }
    sensitive = asked.sensitive or child  # what is known of a child under 14 is sensitive
    for earlier in tx.find(Consent, **same, withdrawn_at=None, form=form, sensitive=sensitive):
        if earlier.expires_at == asked.expires_at:
            return earlier
    said = {"recipient": recipient} | ({"form": form} if form else {})
    entry = journal.write(
        tx,
        "consent.given",
        public={"purpose": asked.purpose, "by": "person" if by_itself else "guardian" if by_guardian else "user"},
        committed=said,
    )
    made = Consent(
        id=new_id("consent"),
        **same,
        sensitive=sensitive,
        form=form,
        identity_proof=proof,
        guardian=guardian,
        by=principal.party.id,
        expires_at=asked.expires_at,
        withdrawn_at=None,
        withdrawn_by=None,
        entry=entry.id,
        created_at=moment,
    )
    tx.add(made)
    return made


def withdraw(tx: Transaction, journal: Journal, principal: Principal, consent_id: str) -> Consent:
    """Withdraw a consent, from this moment on: the person, its guardian, or the recipient. What was answered before
    stays answered. Raises role_not_allowed, not_found, state_conflict."""
    principal.may("consent.withdraw")
    consent = tx.get(Consent, consent_id, lock=True)
    if consent is None or not _concerns(consent, principal, subjects(tx, principal)):
        raise Problem("not_found", "there is no such consent of yours")
    if consent.withdrawn_at is not None:
        raise Problem("state_conflict", "this consent was withdrawn already")
    done = tx.change(consent, withdrawn_at=now(), withdrawn_by=principal.party.id)
    journal.write(tx, "consent.withdrawn", public={"given": consent.entry}, committed={"recipient": consent.recipient})
    return done


def consented(
    tx: Transaction,
    subject: str,
    purpose: str,
    recipient: str,
    at: datetime,
    *,
    product: str | None = None,
    sensitive: bool = False,
    resource: str | None = None,
) -> Consent | None:
    """Give the consent by which `recipient` may ask about `subject` (a pseudonym) for `purpose` at this moment, of
    `product` and – if `sensitive` – of sensitive data. None without one, or when an objection concerning `resource` was
    upheld."""
    if resource is not None and objected(tx, subject, resource):
        return None
    given = tx.find(Consent, subject=subject, recipient=recipient, purpose=purpose)
    return next((consent for consent in given if holds(consent, at, product=product, sensitive=sensitive)), None)


def holds(consent: Consent, at: datetime, *, product: str | None, sensitive: bool) -> bool:
    """Say whether a consent is in force at this moment and reaches `product` and – if `sensitive` – sensitive data."""
    in_time = consent.created_at <= at < min(consent.expires_at, consent.withdrawn_at or consent.expires_at)
    return in_time and consent.product in (None, product) and (consent.sensitive or not sensitive)


def standing(tx: Transaction, subject: str, purpose: str, recipient: str, at: datetime) -> str:
    """Give what a recipient may be told of the consents that it itself handed in: given, withdrawn, expired or none."""
    if consented(tx, subject, purpose, recipient, at) is not None:
        return "given"
    own = tx.find(Consent, subject=subject, recipient=recipient, purpose=purpose, by=recipient)
    if any(consent.withdrawn_at is not None for consent in own):
        return "withdrawn"
    return "expired" if own else "none"


def mine(tx: Transaction, principal: Principal, *, limit: int = 50, after: str | None = None) -> list[Consent]:
    """Give the consents of the person that the party stands for – also as a guardian – and those to the party."""
    known = subjects(tx, principal)
    rows = {row.id: row for row in tx.find(Consent, recipient=principal.party.id, limit=limit, after=after)}
    rows |= {row.id: row for row in tx.find(Consent, subject=known, limit=limit, after=after)}
    rows |= {row.id: row for row in tx.find(Consent, by=principal.party.id, limit=limit, after=after)}
    return [rows[key] for key in sorted(rows)][:limit]


def view(consent: Consent) -> dict[str, Any]:
    """Give a consent as the outside sees it: without the pseudonyms."""
    guardian = {name: said for name, said in (consent.guardian or {}).items() if name != "subject"}
    at = now()
    status = "withdrawn" if consent.withdrawn_at else "expired" if consent.expires_at <= at else "given"
    return shown(consent, "subject", "guardian", "entry") | {"guardian": guardian or None, "status": status}


def _guardian(pseudonyms: Pseudonyms, person: Person, asked: Asked, moment: datetime) -> dict[str, Any] | None:
    if not person.under(CHILD, moment.date()):
        if asked.guardian is not None:
            raise Problem("field_invalid", f"guardian: a person of {CHILD} or more consents itself; leave it out")
        return None
    if asked.guardian is None:
        raise Problem("consent_missing", f"under {CHILD} a guardian consents: name it, with the form that it signed")
    guardian = pseudonyms.read(asked.guardian["person"], "guardian.person")
    if guardian.subject == person.subject or guardian.born is None or guardian.under(ADULT, moment.date()):
        raise Problem("field_invalid", "guardian.person: name an adult, not the child itself")
    check_digest(str(asked.guardian.get("form", "")), "guardian.form")
    kept = {"subject": guardian.subject, "relation": asked.guardian["relation"], "form": asked.guardian["form"]}
    return dict(kept)


def _check(tx: Transaction, asked: Asked, recipient: str, moment: datetime) -> None:
    if asked.purpose not in PURPOSES:
        raise Problem("field_invalid", f"purpose: write one of {', '.join(PURPOSES)}; one consent is for one purpose")
    party = tx.get(Party, recipient)
    if party is None or "user" not in party.roles:
        raise Problem("not_found", "recipient: there is no such party with the role user")
    if asked.product is not None and tx.get(Product, asked.product) is None:
        raise Problem("not_found", "product: there is no such product")
    if not moment < asked.expires_at or asked.expires_at.year > moment.year + LONGEST_YEARS:
        raise Problem("field_invalid", f"expires_at: a time to come, within {LONGEST_YEARS} years")


def _concerns(consent: Consent, principal: Principal, known: list[str]) -> bool:
    guardian = (consent.guardian or {}).get("subject")
    return principal.party.id == consent.recipient or consent.subject in known or guardian in known
