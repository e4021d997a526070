"""What billing stores. Money is decimal text, in yuan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar


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
