"""Budgets as whole numbers: ρ in grains of 10⁻¹⁸, δ in grains of 10⁻³⁶. Sums and comparisons are done on grains, never
on rounded decimals; the direction in which something is rounded onto the grid is always named."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction

RHO, DELTA = 18, 36  # decimals of the two grids
_WIDE = Context(prec=400)


def down(value: Decimal | Fraction, decimals: int) -> int:
    """Give the largest whole number of grains that is at most `value`."""
    return int(Fraction(value) * 10**decimals // 1)


def up(value: Decimal | Fraction, decimals: int) -> int:
    """Give the smallest whole number of grains that is at least `value`."""
    return -down(-Fraction(value), decimals)


def decimal(grains: int, decimals: int) -> Decimal:
    """Give `grains` as a decimal with exactly `decimals` decimals: one amount has one spelling."""
    return Decimal(grains).scaleb(-decimals, _WIDE)


def text(value: Decimal) -> str:
    """Write a decimal without exponent and without needless zeros."""
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def floored(value: Decimal, decimals: int) -> Decimal:
    """Round `value` down to `decimals` decimals."""
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_FLOOR, _WIDE)


def ceiled(value: Decimal, decimals: int) -> Decimal:
    """Round `value` up to `decimals` decimals."""
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_CEILING, _WIDE)
