"""What expressions of numbers mean, in exact arithmetic. None of their arguments is NULL here."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Literal

from sandbox.plan import scalar as s

Number = int | Decimal
How = Literal["nearest", "down", "up", "zero"]


def arithmetic(node: s.Arithmetic, left: Number, right: Number) -> Number | None:
    """Give left `op` right; None for a divisor of 0."""
    with localcontext(prec=160):
        match node.op:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case _ if right == 0:
                return None
            case "/":
                return rounded(Fraction(left) / Fraction(right), node.type.scale, "nearest")
            case _:
                whole = int(rounded(Fraction(left) / Fraction(right), 0, "zero"))
                return whole if node.op == "//" else left - whole * right


def sign(node: s.Sign, number: Number) -> Number:
    """Give -1, 0 or 1, or the number without its sign."""
    if node.what == "abs":
        return -number if number < 0 else number
    return (number > 0) - (number < 0)


def rounded(number: Number | Fraction, digits: int, how: How) -> Decimal:
    """Give the number with `digits` decimals (tens, hundreds … below 0)."""
    steps = Fraction(number) * Fraction(10) ** digits
    below, rest = divmod(steps.numerator, steps.denominator)
    match how:
        case "nearest":
            far = 2 * rest > steps.denominator or (2 * rest == steps.denominator and steps > 0)
        case "zero":
            far = rest > 0 and steps < 0
        case _:
            far = how == "up" and rest > 0
    return from_whole(below + far, digits)


def round_(node: s.Round, number: Number) -> Number:
    """Give the number rounded as the node says; a whole number as an integer."""
    found = rounded(number, node.digits, node.how)
    return int(found) if node.type == s.INTEGER else found


def whole(number: Number, scale: int) -> int:
    """Give number·10^scale, which is a whole number."""
    return int(Fraction(number) * 10**scale)


def from_whole(steps: int, scale: int) -> Decimal:
    """Give steps·10^-scale, exact whatever the decimal context."""
    return Decimal(f"{steps}E{-scale}")
