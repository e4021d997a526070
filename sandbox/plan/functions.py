"""Functions of a number, to six decimals, alike wherever they are computed.

Roots and logarithms of up to 53 bits are finite lists of IEEE 754 operations (+ - × ÷, square root, floor), which give
the same bits in every engine; they are within 10⁻⁸ of the true value before it is rounded. All others come from here
alone: an engine gets their values as a list.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, DecimalException, getcontext, localcontext
from functools import cache
from math import floor, sqrt

from sandbox.plan.scalar import ROOTS, Function
from sandbox.plan.scalar.numbers import DECIMALS

EXACT = 1 << 53  # whole numbers below are floats exactly
MOST_SCALE = 12  # decimals of an argument whose root is computed in floats
HALVINGS = 22  # square roots taken one after the other bring any number so close to 1 that ln(x) is 2(x - 1)/(x + 1)
LN10 = 2.302585092994046
PER_LN = {"ln": 1.0, "log10": 0.4342944819032518, "log2": 1.4426950408889634}
MICRO = 1e6
LARGEST = Decimal(10) ** 30
_STEP = Decimal("0.000001")
_DIGITS = 130
_FEW = 45  # digits that are enough for an argument of a few


def function(node: Function, value: Decimal) -> Decimal | None:
    """Give the function of `value`, None where it is not defined or too large."""
    scale = node.arg.type.scale
    if node.what in ROOTS:
        if value < 0 or (value == 0 and node.what != "sqrt"):
            return None
        grains = int(value.scaleb(scale, Context(prec=_DIGITS)))
        if node.what == "sqrt" and scale <= MOST_SCALE and 10 * grains < EXACT:
            before, after = root_factor(scale)
            return Decimal(floor(sqrt(float(grains * before)) * after + 0.5)).scaleb(-DECIMALS)
        if node.what != "sqrt" and grains < EXACT:
            return Decimal(floor((_ln(grains) - scale * LN10) * PER_LN[node.what] * MICRO + 0.5)).scaleb(-DECIMALS)
    digits = min(_FEW + max(value.adjusted(), 0), _DIGITS)
    with localcontext(prec=digits, Emax=10**6, Emin=-(10**6)):
        try:
            found = _exact(node, value)
            return None if found is None or abs(found) >= LARGEST else found.quantize(_STEP, ROUND_HALF_UP) + 0
        except DecimalException:
            return None


def root_factor(scale: int) -> tuple[int, float]:
    """What n of n·10^-scale is multiplied by before the root is taken, and the root after it, to give millionths."""
    even = scale + scale % 2
    return 10 ** (scale % 2), float(10 ** (6 - even // 2))


def _ln(grains: int) -> float:
    found = float(grains)
    for _ in range(HALVINGS):
        found = sqrt(found)
    return float(1 << HALVINGS) * (2.0 - 4.0 / (found + 1.0))


def _exact(node: Function, x: Decimal) -> Decimal | None:
    """The function to many more digits than are kept."""
    match node.what:
        case "sqrt":
            return x.sqrt()
        case "ln":
            return x.ln()
        case "log10":
            return x.log10()
        case "log2":
            return x.ln() / Decimal(2).ln()
        case "exp":
            return x.exp()
        case "power":
            assert node.exponent is not None
            return x**node.exponent
        case "sin":
            return _sine(x)
        case "cos":
            return _sine(x + _pi() / 2)
        case "tan":
            return _over(_sine(x), _sine(x + _pi() / 2))
        case "cot":
            return _over(_sine(x + _pi() / 2), _sine(x))
        case "asin":
            return None if abs(x) > 1 else _arcsine(x)
        case "acos":
            return None if abs(x) > 1 else _pi() / 2 - _arcsine(x)
        case "atan":
            return _arctangent(x)
        case "degrees":
            return x * 180 / _pi()
        case "radians":
            return x * _pi() / 180


def _over(above: Decimal, below: Decimal) -> Decimal | None:
    return None if below == 0 else above / below


@cache
def _pi() -> Decimal:
    """π by Machin's formula, 16·arctan(1/5) - 4·arctan(1/239)."""
    with localcontext(prec=_DIGITS):
        return 16 * _series(Decimal(1) / 5) - 4 * _series(Decimal(1) / 239)


def _sine(x: Decimal) -> Decimal:
    turn = 2 * _pi()
    x -= turn * (x / turn).to_integral_value(ROUND_FLOOR)
    term = total = x
    place = 1
    smallest = Decimal(10) ** -getcontext().prec
    while abs(term) > smallest:
        term *= -x * x / ((place + 1) * (place + 2))
        total += term
        place += 2
    return total


def _arcsine(x: Decimal) -> Decimal:
    found: Decimal = _pi() / 2 * x if abs(x) == 1 else _arctangent(x / (1 - x * x).sqrt())
    return found


def _arctangent(x: Decimal) -> Decimal:
    """Halved, arctan x = 2·arctan(x / (1 + √(1 + x²))), until its series is short."""
    doublings = 0
    while abs(x) > Decimal("0.01"):
        x /= 1 + (1 + x * x).sqrt()
        doublings += 1
    found: Decimal = _series(x) * 2**doublings
    return found


def _series(x: Decimal) -> Decimal:
    power = total = x
    place = 1
    smallest = Decimal(10) ** -getcontext().prec
    while abs(power) > smallest:
        power *= -x * x
        place += 2
        total += power / place
    return total
