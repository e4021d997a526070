"""What metering stores: one usage event per job, unique by job, written with the log entry it bills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar


@dataclass(frozen=True)
class UsageEvent:
    """A billable fact in CloudEvents shape. Quantities are public facts only (P8)."""

    TABLE: ClassVar[str] = "usage_events"
    id: str
    job: str
    party: str
    operator: str
    product: str
    resource: str
    subscription: str
    purpose: str
    unit: str
    quantity: int
    price: Decimal
    fee: Decimal
    data: dict[str, Any]
    at: datetime
