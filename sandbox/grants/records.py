"""What grants stores: who may operate what, and who subscribed to which product for which purpose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar


@dataclass(frozen=True)
class Grant:
    """An authorisation to operate (整体/分领域/依场景授权). `status`: active, suspended, exited."""

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


@dataclass(frozen=True)
class Subscription:
    """A party's use of a product for one purpose. `status`: pending, active, suspended, ended."""

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
