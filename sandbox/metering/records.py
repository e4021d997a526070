"""What metering stores: one usage event per job, unique by job, written with the log entry it bills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar


@dataclass(frozen=True)
class UsageEvent:
    """A billable fact in CloudEvents shape. Quantities are public facts only (P8). `fee` is price × quantity, or 0
    where `free` says why; `month` (UTC, `2026-01`) is that of `at`."""

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
    free: str | None
    month: str
    data: dict[str, Any]
    at: datetime
