"""What grants stores: who may operate what, and who subscribed to which product for which purpose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar


@dataclass(frozen=True)
class Grant:
    """An authorisation to operate (整体/分领域/依场景授权). `status`: active, suspended, exited.

    `decision` is the record it was decided by: {instrument, day, digest}; `volume` the most answered jobs of its whole
    term; `rights` those it gives, None for all; `predecessor` the grant that it succeeds."""

    TABLE: ClassVar[str] = "grants"
    id: str
    operator: str
    mode: str
    domain: str | None
    scenario: str | None
    resources: list[str]
    purposes: list[str]
    starts: date
    ends: date
    conditions: str
    security_contact: str
    status: str
    authoriser: str
    created_at: datetime
    decision: dict[str, Any] | None = None
    volume: int | None = None
    rights: list[str] | None = None
    predecessor: str | None = None


@dataclass(frozen=True)
class GrantChange:
    """One step in the life of a grant: what `kind` of step, the terms that changed, and why."""

    TABLE: ClassVar[str] = "grant_changes"
    id: str
    grant: str
    kind: str
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    by: str
    entry: str
    created_at: datetime


@dataclass(frozen=True)
class Subscription:
    """A party's use of a product for one purpose. `status`: pending, active, suspended, ended.

    `agreement` is the digest of the agreement both sides are bound by; `proof` {title, digest} shows why the use is
    free; `places` are the countries and regions where the user is and works from; `reason` is said to a refused one, or
    one that was found untrue. `recipient` are the answers about its security, by question; `security` {level, note, by,
    at} how they were assessed; `inspection` {state, reason, by, at, due} what came of looking into free use: demanded,
    proved or untrue."""

    TABLE: ClassVar[str] = "subscriptions"
    id: str
    product: str
    party: str
    purpose: str
    scenario: str | None
    commitment: dict[str, Any]
    quota: int | None
    status: str
    approved_by: str | None
    created_at: datetime
    agreement: str | None = None
    proof: dict[str, Any] | None = None
    places: list[str] | None = None
    reason: str | None = None
    decided_at: datetime | None = None
    recipient: dict[str, Any] | None = None
    security: dict[str, Any] | None = None
    inspection: dict[str, Any] | None = None


@dataclass(frozen=True)
class Attachment:
    """A document about a grant, product or subscription (`subject`), by its SHA-256; the document itself stays with
    whoever has it. It is never deleted before `kept_until`."""

    TABLE: ClassVar[str] = "attachments"
    id: str
    subject: str
    kind: str
    title: str
    digest: str
    note: str
    by: str
    kept_until: date
    entry: str
    created_at: datetime


@dataclass(frozen=True)
class CreditEntry:
    """One line of a party's credit record (信用记录). `kind`: breach, suspension, incentive. `status`: in_force,
    appealed, repair_asked, lifted (an appeal was upheld), repaired."""

    TABLE: ClassVar[str] = "credit_entries"
    id: str
    party: str
    kind: str
    reason: str
    about: str | None
    status: str
    by: str
    until: date | None
    plea: str | None
    evidence: str | None
    decided_by: str | None
    decision: str | None
    created_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True)
class Refusal:
    """A request that a policy refused, with the facts it was decided on: what policies are tried against."""

    TABLE: ClassVar[str] = "refusals"
    id: str
    action: str
    party: str
    product: str
    subscription: str
    policy: str
    policies: str
    facts: dict[str, Any]
    entry: str
    created_at: datetime


@dataclass(frozen=True)
class PolicyVersion:
    """A text of the policies. `status`: proposed, active, retired; at most one is active, without one the text that
    ships with the programme is in force."""

    TABLE: ClassVar[str] = "policy_versions"
    id: str
    number: int
    digest: str
    text: str
    note: str
    status: str
    by: str
    created_at: datetime
    activated_by: str | None
    activated_at: datetime | None
