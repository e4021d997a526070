"""How large a number an expression can be, and how large those on the way to it, from declared bounds alone."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from math import isqrt

from sandbox.engines.fixed import grains
from sandbox.plan import scalar as s
from sandbox.plan.evaluate import evaluate
from sandbox.plan.functions import EXACT, MOST_SCALE

MOST = 1 << 126  # a product of two 64-bit integers; below 10³⁸, so that Arrow has it too
LARGEST_INTEGER = 1 << 63
LARGEST_DECIMAL = 10**18
LONGEST_TEXT = 1 << 40
MOST_DAYS = 4_000_000  # more than there are in the years 1 to 9999
MOST_MONTHS = 120_000
DIGITS = 38
DEEPEST = 80  # additions in each other; texts have at most 70
_PARTS = {"days": MOST_DAYS, "months": MOST_MONTHS, "year": 9999, "isoyear": 9999}  # others are below 1000


@dataclass(frozen=True)
class Width:
    """Every value is n·10^-scale for a whole n with |n| ≤ most."""

    scale: int
    most: int

    def at(self, scale: int) -> Width:
        """The same values in a finer fixed point."""
        return Width(scale, self.most * 10 ** (scale - self.scale))


def width(node: s.Scalar) -> Width:
    """Give the width of a numeric expression over rows, in the fixed point of its type; raises ValueError for what rows
    have not."""
    own = raw(node)
    return own.at(max(own.scale, node.type.scale))


@lru_cache(maxsize=4096)  # what asks for a width asks for those of its parts, some of them again and again
def raw(node: s.Scalar) -> Width:
    """Give the width in the fixed point that the expression has by itself: 1 has no decimals, whatever its type."""
    match node:
        case s.Column():
            return _column(node)
        case s.Constant():
            return _constant(node)
        case s.Arithmetic():
            return _arithmetic(node)
        case s.Sign():
            return width(node.arg) if node.what == "abs" else Width(0, 1)
        case s.Round():
            return _rounded(node, width(node.arg))
        case s.Function():
            return Width(node.type.scale, _function(node))
        case s.DatePart():
            return Width(0, _PARTS.get(node.part, 1000))
        case s.Length() | s.Position():
            return Width(0, LONGEST_TEXT)
        case s.ToNumber():
            return Width(node.type.scale, 10 ** (node.digits + node.type.scale))
        case s.Case():
            return widest([*(result for _, result in node.whens), node.otherwise])
        case s.Extreme():
            return widest(list(node.args))
        case _:
            raise ValueError("rows have no such number")


def common(nodes: list[s.Scalar]) -> list[Width]:
    """Give the widths of numbers that are compared with each other, in one fixed point."""
    widths = [width(node) for node in nodes]
    finest = max((one.scale for one in widths), default=0)
    return [one.at(finest) for one in widths]


def widest(nodes: list[s.Scalar]) -> Width:
    """Give the width of what may be any of `nodes`."""
    widths = common(nodes)
    return Width(widths[0].scale, max(one.most for one in widths))


def peak(node: s.Scalar) -> int:
    """Give the largest number that computing `node` from its parts needs, the result among them."""
    match node:
        case s.Compare():
            return _most(common([node.left, node.right])) if node.left.type.numeric else 0
        case s.In():
            return _most(common([node.arg, *node.options])) if node.arg.type.numeric else 0
        case s.Arithmetic(op="/"):
            return max(_numerator(node), _denominator(node), width(node).most)
        case s.Arithmetic(op="+" | "-" | "//" | "%"):
            return max(_most(common([node.left, node.right])), width(node).most)
        case s.Round():
            arg = width(node.arg)
            return max(2 * (arg.most + step(node, arg)), width(node).most)
        case s.ToText() if node.arg.type.numeric:
            return width(node.arg).at(node.arg.type.scale).most
        case _:
            return width(node).most if node.type.numeric else 0


def sound(node: s.Scalar) -> bool:
    """Say whether no number on the way to `node` is beyond 2¹²⁶, nor beyond what its operations take, and whether it
    is not too deep to be written out."""
    return s.depth(node) <= DEEPEST and _sound(node)


def _sound(node: s.Scalar) -> bool:
    return peak(node) <= MOST and _taken(node) and all(_sound(child) for child in s.children(node))


def step(node: s.Round, arg: Width) -> int:
    """Give 10^n where the node takes n decimals of its argument away; 1 when it has no such decimals."""
    factor: int = 10 ** max(arg.scale - node.digits, 0)
    return factor


def shift(node: s.Arithmetic) -> int:
    """Give n of left·10^n / right, with one decimal more than the quotient keeps; both sides are whole numbers."""
    return node.type.scale + 1 + width(node.right).scale - width(node.left).scale


def _taken(node: s.Scalar) -> bool:
    match node:
        case s.Function(what=what) if what in s.ROOTS:
            return node.arg.type.scale <= MOST_SCALE and 10 * width(node.arg).at(node.arg.type.scale).most < EXACT
        case s.Function():
            return node.lower is not None
        case s.DateAdd():
            return width(node.amount).most <= (MOST_DAYS if node.unit == "day" else MOST_MONTHS)
        case s.ToText() if node.arg.type.numeric:
            return len(str(peak(node))) + node.arg.type.scale <= DIGITS
        case _:
            return True


def _most(widths: list[Width]) -> int:
    return max(one.most for one in widths)


def _arithmetic(node: s.Arithmetic) -> Width:
    left, right = width(node.left), width(node.right)
    if node.op == "*":
        return Width(left.scale + right.scale, left.most * right.most)
    if node.op == "/":
        return Width(node.type.scale, _numerator(node) // (10 * _least(node.right) * _denominated(node)) + 1)
    left, right = common([node.left, node.right])
    match node.op:
        case "+" | "-":
            return Width(left.scale, left.most + right.most)
        case "//":
            return Width(0, left.most // (_least(node.right) * 10 ** (right.scale - width(node.right).scale)))
        case _:
            return Width(left.scale, min(left.most, right.most))


def _numerator(node: s.Arithmetic) -> int:
    most: int = width(node.left).most * 10 ** max(shift(node), 0)
    return most


def _denominator(node: s.Arithmetic) -> int:
    return width(node.right).most * _denominated(node)


def _denominated(node: s.Arithmetic) -> int:
    factor: int = 10 ** max(-shift(node), 0)
    return factor


def _least(divisor: s.Scalar) -> int:
    """The least size of a divisor that is not 0, in units of its last decimal."""
    return max(width(divisor).most, 1) if isinstance(divisor, s.Constant) else 1


def _rounded(node: s.Round, arg: Width) -> Width:
    if arg.scale <= node.digits:
        return arg
    steps = arg.most // step(node, arg) + 1
    return Width(max(node.digits, 0), steps * 10 ** max(-node.digits, 0))


def _function(node: s.Function) -> int:
    match node.what:
        case "sqrt":
            return isqrt(EXACT) * 10**6 + 1
        case "ln" | "log10" | "log2":
            return 1000 * 10**6
        case _ if node.lower is None or node.upper is None:
            raise ValueError("rows have no such number")
        case _:
            return max((abs(value) for value in listed(node) if value is not None), default=0)


@lru_cache(maxsize=256)
def listed(node: s.Function) -> tuple[int | None, ...]:
    """Give the values of a function that engines have as a list, in millionths, from `lower` to `upper`."""
    if node.lower is None or node.upper is None:
        raise ValueError("this function has no list")
    kind = node.arg.type
    found = (
        evaluate(s.Function(node.what, s.Constant(Decimal(f"{n}E-{kind.scale}"), kind), node.exponent), {})
        for n in range(node.lower, node.upper + 1)
    )
    return tuple(grains(value, 6) if isinstance(value, Decimal) else None for value in found)


def _column(node: s.Column) -> Width:
    if node.lower is None or node.upper is None:
        return Width(node.type.scale, LARGEST_INTEGER if node.type.kind == "integer" else LARGEST_DECIMAL)
    ends = (grains(node.lower, node.type.scale), grains(node.upper, node.type.scale))
    return Width(node.type.scale, max(map(abs, ends)))


def _constant(node: s.Constant) -> Width:
    if node.value is None:
        return Width(node.type.scale, 0)
    if not isinstance(node.value, (int, Decimal)):
        raise ValueError("not a number")
    exponent = Decimal(node.value).as_tuple().exponent
    scale = max(0, -exponent) if isinstance(exponent, int) else 0
    return Width(scale, abs(grains(node.value, scale)))
