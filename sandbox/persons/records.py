"""What persons stores. A person is a keyed pseudonym everywhere (`persons.pseudonym`); no number or name is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar


@dataclass(frozen=True)
class Identification:
    """The party that stands for a person, after its identity was proved by `method`; `by` is who checked."""

    TABLE: ClassVar[str] = "identifications"
    id: str
    subject: str
    party: str
    method: str
    by: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Consent:
    """One person's consent (单独同意) to one recipient for one purpose, of one product where it names it. `form` is the
    SHA-256 of the signed form, `guardian` {subject, relation, form} for a person under 14; `sensitive`: it was asked
    separately about sensitive data. `by` is the party that handed it in."""

    TABLE: ClassVar[str] = "consents"
    id: str
    subject: str
    recipient: str
    purpose: str
    product: str | None
    sensitive: bool
    form: str | None
    identity_proof: str
    guardian: dict[str, Any] | None
    by: str
    expires_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    entry: str
    created_at: datetime


@dataclass(frozen=True)
class Inquiry:
    """Somebody asked about one person: who, by which product, for what, on which basis."""

    TABLE: ClassVar[str] = "inquiries"
    id: str
    subject: str
    recipient: str
    product: str
    purpose: str
    basis: str
    at: datetime


@dataclass(frozen=True)
class PersonRequest:
    """What a person demands of whoever answers for a resource: objection, correction, portability or erasure. `text`
    is sealed. `status`: open, upheld, rejected."""

    TABLE: ClassVar[str] = "person_requests"
    id: str
    subject: str
    party: str
    kind: str
    resource: str
    text: bytes
    status: str
    answer: bytes | None
    answered_by: str | None
    due: date
    entry: str
    created_at: datetime
    answered_at: datetime | None
