"""What billing stores. Money is decimal text, in yuan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar


@dataclass(frozen=True)
class Price:
    """A price of a product from `starts` on. `unit`: product, call, month, cell; at most 6 decimals (pricing rules).

    A call is charged at the price of its time; prices are never changed, only followed by newer ones."""

    TABLE: ClassVar[str] = "prices"
    id: str
    product: str
    number: int
    unit: str
    price: Decimal
    trial: bool
    repeat_free: bool
    set_by: str
    starts: datetime


@dataclass(frozen=True)
class CostSurvey:
    """An operator's costs of one whole year. `status`: filed, applied, verified, returned, replaced. `verified` says by
    role who found the figures right; `data` holds them as decimal text."""

    TABLE: ClassVar[str] = "cost_surveys"
    id: str
    operator: str
    year: int
    data: dict[str, Any]
    status: str
    application: dict[str, Any] | None
    verified: dict[str, Any]
    reason: str | None
    created_at: datetime


@dataclass(frozen=True)
class CeilingSet:
    """Ceilings of one operator's products for a year, set as one: `ceilings` [{product, unit, ceiling, forecast}]. The
    newest set is in force; (`operator`, `number`) is unique. `permitted` is what they were held against."""

    TABLE: ClassVar[str] = "ceiling_sets"
    id: str
    operator: str
    number: int
    year: int
    survey: str
    permitted: Decimal
    ceilings: list[dict[str, Any]]
    set_by: str
    created_at: datetime
