"""What identity stores: parties, the hashes of their keys, one-time enrolments, people and their sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True)
class Party:
    """A legal entity that takes part. `roles` are those of the contract; `status` is active or suspended."""

    TABLE: ClassVar[str] = "parties"
    id: str
    name: str
    roles: list[str]
    credit_code: str | None
    status: str
    created_at: datetime


@dataclass(frozen=True)
class ApiKey:
    """The SHA-256 of a key `sbx_<id>_<secret>_<check>`; the key itself is shown once and never stored."""

    TABLE: ClassVar[str] = "api_keys"
    id: str
    party: str
    digest: str
    scopes: list[str]
    expires_at: datetime | None
    revoked_at: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class Enrolment:
    """A one-time token (its SHA-256 is the id) by which a party makes its own first key."""

    TABLE: ClassVar[str] = "enrolments"
    id: str
    party: str
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 public key (base64) by which a party signs for deliveries; the private half never comes here."""

    TABLE: ClassVar[str] = "signing_keys"
    id: str
    party: str
    public: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class Person:
    """Somebody who acts for a party after signing in elsewhere (OIDC). `status`: invited – until the one-time token
    whose SHA-256 is `invitation` is used –, active, ended. `issuer` and `subject` are how the provider names them."""

    TABLE: ClassVar[str] = "people"
    id: str
    party: str
    name: str
    scopes: list[str]
    status: str
    invitation: str | None
    invited_by: str
    invited_until: datetime
    issuer: str | None
    subject: str | None
    created_at: datetime


@dataclass(frozen=True)
class Session:
    """A person signed in: the id is the SHA-256 of the token that the signed cookie holds."""

    TABLE: ClassVar[str] = "sessions"
    id: str
    person: str
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class Tally:
    """How often something happened in a window of time: `kind` (a refusal's code, a failed key) for a `subject` (a
    party, a source). Forgotten after `until`."""

    TABLE: ClassVar[str] = "tallies"
    id: str
    kind: str
    subject: str
    number: int
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Seconding:
    """A request that waits for a second person: `digest` is of what exactly was asked. `status`: waiting, done."""

    TABLE: ClassVar[str] = "secondings"
    id: str
    action: str
    path: str
    digest: str
    status: str
    asked_by: str
    asked_person: str | None
    asked_at: datetime
    until: datetime
    seconded_by: str | None
    seconded_person: str | None
    seconded_at: datetime | None


@dataclass(frozen=True)
class TwoPersonRule:
    """An action that needs two persons since `since`; a row for each change, the last one holds."""

    TABLE: ClassVar[str] = "two_person_rules"
    id: str
    action: str
    needed: bool
    by: str
    since: datetime
