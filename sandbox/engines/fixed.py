"""Fixed point, exactly: decimals as whole numbers of 10^-scale and back, whatever the decimal context."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction


def grains(value: int | Decimal, scale: int) -> int:
    """Give value·10^scale; raises ValueError when that is not a whole number."""
    number = Fraction(value) * 10**scale
    if number.denominator != 1:
        raise ValueError("finer than its scale")
    return int(number.numerator)


def from_grains(number: int, scale: int) -> Decimal:
    """Give number·10^-scale."""
    return Decimal(f"{number}E-{scale}")
