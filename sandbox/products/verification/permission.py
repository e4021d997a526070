"""May this be answered about this person, to this user, for this purpose (I1–I3)? Consent or an accepted legal basis,
no upheld objection; read in the transaction that asks, so a withdrawal holds from its moment on.

What the user handed in itself is told plainly when it no longer holds. All else that is missing – a consent that the
person never gave, or took back itself, an objection – is answered like an unknown subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.grants.authorise import Permit
from sandbox.jobs.house import House
from sandbox.persons.consent import CHILD, holds
from sandbox.persons.pseudonym import Person
from sandbox.persons.records import Consent
from sandbox.persons.requests import objected
from sandbox.products.verification.claims import Claim
from sandbox.products.verification.specification import Specification

KIND, CONSENT = "verification", "consent"


@dataclass(frozen=True)
class Ground:
    """On what a request says it rests: the id of a consent, or a legal basis; neither looks for a consent."""

    consent: str | None = None
    basis: str | None = None


@dataclass(frozen=True)
class Permission:
    """Whether there may be an answer, and the basis that the person reads: a consent's id, or the name of a basis."""

    permitted: bool
    basis: str


def permission(
    tx: Transaction, permit: Permit, spec: Specification, claim: Claim, person: Person, ground: Ground, at: datetime
) -> Permission:
    """Decide. Raises field_invalid (a basis that the product does not accept), not_found (somebody else's consent),
    consent_missing (a child without its guardian, or an own consent that holds no more)."""
    child = person.under(CHILD, at.date())
    if ground.consent is not None and ground.basis is not None:
        raise Problem("field_invalid", "Field basis: name a consent or a basis, not both.")
    if ground.basis is not None and ground.basis != CONSENT:
        if ground.basis not in spec.bases:
            raise _bases(spec)
        if child:
            raise Problem("consent_missing", f"under {CHILD} a guardian consents, whatever the basis; name the consent")
        return Permission(not objected(tx, person.subject, permit.resource.id), ground.basis)
    if CONSENT not in spec.bases:
        raise _bases(spec)
    given = _given(tx, permit, person, ground.consent)
    sensitive = claim.sensitive or child  # what is known of a child is sensitive
    for consent in given:
        mine = (consent.subject, consent.purpose) == (person.subject, permit.subscription.purpose)
        if mine and holds(consent, at, product=permit.product.id, sensitive=sensitive):
            return Permission(not objected(tx, person.subject, permit.resource.id), consent.id)
    own = [consent for consent in given if consent.by == permit.subscription.party]
    if own:
        raise Problem("consent_missing", _why(own[-1], person, at))
    return Permission(False, ground.consent or CONSENT)


def _given(tx: Transaction, permit: Permit, person: Person, named: str | None) -> Sequence[Consent]:
    recipient = permit.subscription.party
    if named is None:
        return tx.find(Consent, subject=person.subject, recipient=recipient, purpose=permit.subscription.purpose)
    found = tx.get(Consent, named)
    if found is None or found.recipient != recipient:
        raise Problem("not_found", "consent: there is no such consent to you; list them with GET /api/v1/consents")
    return [found]


def _why(consent: Consent, person: Person, at: datetime) -> str:
    """Say why a consent that the user itself handed in does not hold: nothing that it could not know."""
    if consent.subject != person.subject:
        return "the consent that you named is somebody else's; name this one's"
    if consent.withdrawn_at is not None:
        return f"the consent that you handed in was withdrawn ({consent.id}); ask for a new one"
    if consent.expires_at <= at:
        return f"the consent that you handed in has expired ({consent.id}); ask for a new one"
    return (
        f"the consent that you handed in ({consent.id}) does not reach this: its purpose, its product, or sensitive "
        "data, of which the person has to be asked separately"
    )


def _bases(spec: Specification) -> Problem:
    return Problem("field_invalid", f"Field basis: this product accepts {', '.join(spec.bases)}; write one of them.")


def unanswerable(house: House, permit: Permit) -> Problem | None:
    """Why nothing of this product can be answered, whoever asks."""
    if permit.product.kind != KIND:
        kind = permit.product.kind
        said = f"Field subscription: it is to a product of kind {kind}, which takes jobs: POST /api/v1/jobs."
        return Problem("field_invalid", said)
    if permit.version is None:
        return Problem("state_conflict", "the resource has no data yet; ask its holder to upload a version")
    if house.settings.engine == "spark":  # its workers know no names of units
        return Problem("state_conflict", "this instance runs Spark, which looks nobody up; ask its host for DuckDB")
    return None
