"""What identity stores: parties, the hashes of their keys, one-time enrolments."""

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
