"""Grants and subscriptions."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StrictBool

from sandbox.wire.common import Id, Input, Text

Purpose = Literal["public_governance", "public_welfare", "industry"]


Right = Literal["processing_use", "product_operation"]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of a document, in hexadecimal")]
Place = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1; CN is the mainland")]
Reason = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S")]


class DecisionIn(Input):
    """The decision that a grant rests on (决策记录)."""

    instrument: Text
    day: date
    digest: Digest | None = None


class GrantIn(Input):
    """An authorisation to operate: whole, by domain or by scenario (整体 / 分领域 / 依场景授权)."""

    operator: Id
    mode: Literal["whole", "domain", "scenario"]
    domain: Text | None = None
    scenario: Text | None = None
    resources: Annotated[list[Id], Field(max_length=1000, default_factory=list)]
    purposes: Annotated[list[Purpose], Field(min_length=1, max_length=3)]
    starts: date
    ends: date
    conditions: Annotated[str, Field(max_length=2000)] = ""
    security_contact: Text
    decision: DecisionIn | None = None
    volume: Annotated[int, Field(ge=1, le=10**12)] | None = None
    rights: Annotated[list[Right], Field(min_length=1, max_length=2)] | None = None


class AmendIn(Input):
    """Other terms of a grant; what is left out stays as it is."""

    reason: Reason
    domain: Text | None = None
    scenario: Text | None = None
    resources: Annotated[list[Id], Field(max_length=1000)] | None = None
    purposes: Annotated[list[Purpose], Field(min_length=1, max_length=3)] | None = None
    conditions: Annotated[str, Field(max_length=2000)] | None = None
    security_contact: Text | None = None
    volume: Annotated[int, Field(ge=1, le=10**12)] | None = None
    rights: Annotated[list[Right], Field(min_length=1, max_length=2)] | None = None


class WhyIn(Input):
    """A step, with its reason if one is given."""

    reason: Annotated[str, Field(max_length=2000)] = ""


class ExitIn(WhyIn):
    """Why a grant ends. With merger and bankruptcy the operator's keys stop, too."""

    cause: Literal["end_of_term", "withdrawal", "breach", "merger", "bankruptcy", "own_wish"] | None = None


class SucceedIn(Input):
    """The operator that succeeds to a grant, and why."""

    operator: Id
    reason: Reason


class RenewIn(Input):
    """The new last day of the term."""

    ends: date


class Commitment(Input):
    """The signed commitment (承诺书); it must be accepted."""

    accepted: StrictBool = False


class ProofIn(Input):
    """The document that shows why use is free."""

    title: Text
    digest: Digest


class SubscriptionIn(Input):
    """A subscription to a product for one purpose; `quota` limits the jobs of a month, `recipient` answers each
    question about one's security (接收方安全评估) that `GET /commitment` asks."""

    product: Id
    purpose: Purpose
    scenario: Text | None = None
    commitment: Commitment = Commitment()
    quota: Annotated[int, Field(ge=1, le=10**9)] | None = None
    agreement: Digest | None = None
    proof: ProofIn | None = None
    places: Annotated[list[Annotated[str, Field(pattern=r"^[A-Z]{2}$")]], Field(min_length=1, max_length=20)] | None = (
        None
    )
    recipient: Annotated[dict[str, str], Field(max_length=50)] | None = None


class SecurityIn(Input):
    """How the recipient's security was assessed, and on what that rests."""

    level: Literal["sufficient", "insufficient"]
    note: Annotated[str, Field(max_length=2000)] = ""


class ApprovalIn(Input):
    """An approval, with the assessment of the recipient's security where there is one."""

    security: SecurityIn | None = None


class DemandProofIn(Input):
    """Why documents of free use are demanded, and within how many days."""

    reason: Reason
    days: Annotated[int, Field(ge=1, le=90)] = 15


class DeclineIn(Input):
    """Why a subscription is refused; its user and the equal-treatment report say so."""

    reason: Reason


class UntrueIn(Input):
    """Why what free use rests on is untrue; its user is told."""

    reason: Reason


class DocumentIn(Input):
    """A document about a grant, product or subscription, by its digest."""

    subject: Id
    kind: Literal[
        "impact_assessment", "risk_assessment", "linkage_assessment", "security_assessment", "export_assessment",
        "agreement", "decision",
    ]  # fmt: skip
    title: Text
    digest: Digest
    note: Annotated[str, Field(max_length=2000)] = ""


class DocumentsOf(Input):
    """What documents are about."""

    subject: Id


class PoliciesIn(Input):
    """A text of policies in Cedar."""

    text: Annotated[str, Field(min_length=1, max_length=100_000)]
    note: Annotated[str, Field(max_length=2000)] = ""


class CreditIn(Input):
    """A line of a credit record."""

    kind: Literal["breach", "suspension", "incentive"]
    reason: Reason
    about: Id | None = None
    until: date | None = None


class PleaIn(Input):
    """An appeal, in words."""

    plea: Reason


class RepairIn(PleaIn):
    """What was mended, and the digest of the document that shows it."""

    evidence: Digest


class VerdictIn(Input):
    """A decision with its reason."""

    accepted: StrictBool
    decision: Reason
