"""Types of columns and expressions, and the values they hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal as Choice

Kind = Choice["integer", "decimal", "string", "boolean", "date"]
Value = int | Decimal | str | bool | date | None


@dataclass(frozen=True)
class Type:
    """A column or expression type. `scale` is the number of decimals of a decimal, 0 otherwise."""

    kind: Kind
    scale: int = 0

    @property
    def numeric(self) -> bool:
        return self.kind in ("integer", "decimal")


INTEGER, STRING, BOOLEAN, DATE = Type("integer"), Type("string"), Type("boolean"), Type("date")


def comparable(left: Type, right: Type) -> bool:
    """Say whether values of the two types can be compared: both numbers, or of one kind."""
    return left.kind == right.kind or (left.numeric and right.numeric)
