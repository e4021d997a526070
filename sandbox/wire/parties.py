"""Parties, keys, enrolments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from sandbox.wire.common import Input, Output, Record, Text

Role = Literal[
    "holder", "authoriser", "administration", "price_authority", "operator", "user", "subject", "regulator", "auditor"
]
Scope = Literal["read", "write"]


class PartyIn(Input):
    """A legal entity and what it comes for; `credit_code` is its unified social credit code (统一社会信用代码)."""

    name: Text
    roles: Annotated[list[Role], Field(min_length=1, max_length=9)]
    credit_code: Annotated[str, Field(pattern=r"^[0-9A-Z]{8,32}$")] | None = None


class PartyOut(Record):
    """A new party with its first key, or with a one-time token where its creator must not hold its key."""

    api_key: str | None = None
    enrolment_token: str | None = None


class EnrolmentIn(Input):
    token: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


class KeyIn(Input):
    """What a further key may do and until when; without both it is like the first."""

    scopes: Annotated[
        list[Annotated[str, Field(pattern=r"^[a-z_:*]{1,40}$")]], Field(max_length=20, default_factory=list)
    ]
    expires_at: AwareDatetime | None = None


class KeyOut(Output):
    """A key, shown this once; a replay of the request shows `api_key: null`."""

    id: str
    party: str
    api_key: str | None
    scopes: list[str]
    expires_at: datetime | None


class SigningKeyIn(Input):
    """An Ed25519 public key that signs for deliveries: its 32 bytes in base64."""

    public: Annotated[str, Field(min_length=44, max_length=44, pattern=r"^[A-Za-z0-9+/]{43}=$")]


class SigningKeyOut(Record):
    """A registered signing key."""

    party: str
    public: str
    revoked_at: datetime | None


class KeyGone(Record):
    revoked_at: datetime | None


class RotateIn(Input):
    """For how many hours the old key works on; 0 ends it at once."""

    overlap_hours: Annotated[int, Field(ge=0, le=720)] = 24
