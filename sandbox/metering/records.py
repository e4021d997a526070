"""What metering stores: one usage event per job, unique by job, written with the log entry it bills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar


@dataclass(frozen=True)
class UsageEvent:
    """A billable fact in CloudEvents shape. Quantities are public facts only (P8). `fee` is what the price list says
    for `quantity`, or 0 where `free` says why; `month` and `day` (UTC, `2026-01`, `2026-01-31`) are those of `at`.

    Unique by `job`, and by `fact`: what is charged once for a subscription (`sub_…:product`) or once a month for it
    (`sub_…:2026-01`, which belongs to no job)."""

    TABLE: ClassVar[str] = "usage_events"
    id: str
    job: str | None
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
    fact: str | None = None
    price_number: int | None = None
    day: str = ""


@dataclass(frozen=True)
class Meter:
    """How many charged units one party has used under one price in a month, where tiers or an allowance need it. `key`
    names the three and the purpose."""

    TABLE: ClassVar[str] = "meters"
    key: str
    quantity: int
