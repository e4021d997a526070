"""Exact numbers: how they are read, computed and compared so that no row can exceed what an engine holds."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from typing import Literal

from sandbox.plan import scalar as s
from sandbox.plan.of_numbers import rounded
from sandbox.sql.terms import (
    DIGITS,
    LARGEST_INTEGER,
    POST_DIGITS,
    WORDS,
    Op,
    Term,
    computed,
    literal,
    refuse,
    truth,
    unbounded,
)

Calculation = Literal["+", "-", "*", "/", "//", "%"]


def number(text: str) -> Term:
    """An exact number: an integer, or a decimal with the digits written. Raises ValueError for what is none."""
    if len(text) > 80 or not text.isascii():
        raise ValueError(text)
    value = Decimal(text.strip())
    if not value.is_finite() or abs(value.adjusted()) > DIGITS or len(value.as_tuple().digits) > DIGITS:
        raise ValueError(text)
    whole = value == value.to_integral_value() and int(value.as_tuple().exponent) >= 0
    return literal(int(value) if whole or text.isdecimal() else value)


def arithmetic(op: Calculation, left: Term, right: Term, digits: int = DIGITS) -> Term:
    """left `op` right, exact, or as the node says. Refuses what could exceed 64 bits (integers of rows) or `digits`
    digits."""
    if left.null or right.null:
        return literal(None)
    if not (left.type.numeric and right.type.numeric):
        raise refuse(f"{op} takes numbers; a {WORDS[(right if left.type.numeric else left).type.kind]} is none.")
    if left.range is None or right.range is None:
        raise unbounded(left if left.range is None else right, f"Computing with {op}")
    kind = _result(op, left.type, right.type)
    with localcontext(prec=4 * POST_DIGITS):
        span = _squares(left.range) if op == "*" and left.node == right.node else None
        low, high = span or _span(op, left.range, right.range, right.type.scale, kind.scale)
    check_digits((low, high), kind, digits)
    into = op in ("/", "//", "%") and right.range[0] <= 0 <= right.range[1]
    return computed(
        lambda one, other: s.Arithmetic(op, one, other, kind),
        left,
        right,
        span=(low, high),
        nullable=left.nullable or right.nullable or into,
    )


def power(base: Term, exponent: int, digits: int = DIGITS) -> Term:
    """base · base · …, exact; `exponent` is at least 1."""
    if exponent == 1:
        return base
    half = power(base, exponent // 2, digits)
    square = arithmetic("*", half, half, digits)
    return arithmetic("*", square, base, digits) if exponent % 2 else square


def _result(op: str, left: s.Type, right: s.Type) -> s.Type:
    if op == "/":
        return s.Type("decimal", min(max(left.scale, right.scale) + 6, 12))
    if op == "//" or left.kind == right.kind == "integer":
        return s.INTEGER
    return s.Type("decimal", left.scale + right.scale if op == "*" else max(left.scale, right.scale))


def _squares(span: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
    ends = sorted((span[0] * span[0], span[1] * span[1]))
    return (Decimal(0) if span[0] < 0 < span[1] else ends[0]), ends[1]


def _span(
    op: str, a: tuple[Decimal, Decimal], b: tuple[Decimal, Decimal], steps: int, scale: int
) -> tuple[Decimal, Decimal]:
    """What a `op` b can be. `steps` are the decimals of b, `scale` those of the result."""
    match op:
        case "+":
            return a[0] + b[0], a[1] + b[1]
        case "-":
            return a[0] - b[1], a[1] - b[0]
        case "*":
            ends = [x * y for x in a for y in b]
            return min(ends), max(ends)
        case "%":
            largest = min(max(abs(b[0]), abs(b[1])), max(abs(a[0]), abs(a[1])))
            return (-largest if a[0] < 0 else Decimal(0)), (largest if a[1] > 0 else Decimal(0))
        case _:
            return _quotients(a, _divisors(b, steps), scale, "nearest" if op == "/" else "zero")


def _divisors(b: tuple[Decimal, Decimal], steps: int) -> list[Decimal]:
    """The ends of the divisors below 0 and above it; the nearest to 0 is one step of its scale."""
    step = Decimal(1).scaleb(-steps)
    below = [b[0], min(b[1], -step)] if b[0] < 0 else []
    return below + ([max(b[0], step), b[1]] if b[1] > 0 else [])


def _quotients(
    a: tuple[Decimal, Decimal], divisors: list[Decimal], scale: int, how: Literal["nearest", "zero"]
) -> tuple[Decimal, Decimal]:
    ends = [rounded(Fraction(x) / Fraction(y), scale, how) for x in a for y in divisors]
    return min(ends, default=Decimal(0)), max(ends, default=Decimal(0))


def check_digits(span: tuple[Decimal, Decimal], kind: s.Type, digits: int = DIGITS) -> None:
    """Refuse a number of a range that needs more than 64 bits (an integer of rows) or `digits` digits."""
    largest = max(abs(span[0]), abs(span[1]))
    with localcontext(prec=4 * POST_DIGITS):
        over = largest.scaleb(kind.scale) >= Decimal(10) ** digits
    if over or (kind.kind == "integer" and digits == DIGITS and largest > LARGEST_INTEGER):
        raise refuse("The result could need more digits than there are; ask the holder to declare closer bounds.")


def against_number(op: Op, left: Term, right: Term) -> Term:
    """Compare a number with a constant rounded to the column's scale, so that no engine has to widen the column."""
    assert isinstance(right.node, s.Constant) and isinstance(right.node.value, (int, Decimal))
    value, scale = Decimal(right.node.value), left.type.scale
    below, above = _rounded(value, scale, ROUND_FLOOR), _rounded(value, scale, ROUND_CEILING)
    limit = LARGEST_INTEGER if left.type.kind == "integer" else 10**DIGITS
    if abs(above.scaleb(scale)) > limit or abs(below.scaleb(scale)) > limit:
        raise refuse("The number is larger than any value of the column; write a smaller one.")
    if below != above and op in ("=", "<>"):  # never equal, but NULL stays NULL
        return truth(s.Compare("<>" if op == "=" else "=", left.node, left.node), left)
    fitted = above if op in ("<", ">=") else below
    constant = s.Constant(int(fitted) if left.type.kind == "integer" else fitted, left.type)
    return truth(s.Compare(op, left.node, constant), left)


def _rounded(value: Decimal, scale: int, how: str) -> Decimal:
    with localcontext(prec=2 * POST_DIGITS):
        return value.quantize(Decimal(1).scaleb(-scale), how)


def fits_together(left: Term, right: Term) -> None:
    """Refuse two numbers of different scale that some engine could not bring to one scale."""
    scale = max(left.type.scale, right.type.scale)
    for term in (left, right):
        if term.type.numeric and term.type.scale < scale:
            if term.range is None:
                raise unbounded(term, "Comparing numbers with different decimals")
            check_digits(term.range, s.Type("decimal", scale))
