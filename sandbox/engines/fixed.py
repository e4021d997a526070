"""Fixed point, exactly: decimals as whole numbers of 10^-scale and back, whatever the decimal context."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sandbox.plan.scalar import Column, Value


def grains(value: int | Decimal, scale: int) -> int:
    """Give value·10^scale; raises ValueError when that is not a whole number."""
    number = Fraction(value) * 10**scale
    if number.denominator != 1:
        raise ValueError("finer than its scale")
    return int(number.numerator)


def from_grains(number: int, scale: int) -> Decimal:
    """Give number·10^-scale."""
    return Decimal(f"{number}E-{scale}")


def rows_shown(columns: Sequence[Column], cells: Sequence[Sequence[Any]]) -> list[tuple[Value, ...]]:
    """Give rows of values from the first columns of `cells`: whole numbers in the fixed point of their types, and what
    is no number."""
    values = [[_value(cell, one) for cell in column] for one, column in zip(columns, cells, strict=False)]
    return list(zip(*values, strict=True))


def _value(cell: Any, column: Column) -> Value:
    if cell is None or not column.type.numeric:
        found: Value = cell
        return found
    return int(cell) if column.type.kind == "integer" else from_grains(int(cell), column.type.scale)
