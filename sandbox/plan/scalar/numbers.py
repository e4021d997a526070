"""Expressions that give numbers, all of them exact or rounded in one stated way."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Literal as Choice

from sandbox.plan.scalar.types import INTEGER, Type

if TYPE_CHECKING:
    from sandbox.plan.scalar.tree import Scalar

DECIMALS = 6  # of a function that is not exact
ROUNDED = Type("decimal", DECIMALS)
MOST_PLACES = 40
MOST_LISTED = 10_000  # arguments for which an engine gets the values of a function as a list

Name = Choice[
    "sqrt", "ln", "log10", "log2", "exp", "power",
    "sin", "cos", "tan", "cot", "asin", "acos", "atan", "degrees", "radians",
]  # fmt: skip
ROOTS = ("sqrt", "ln", "log10", "log2")  # engines compute these, from a finite list of IEEE operations


@dataclass(frozen=True)
class Arithmetic:
    """+, -, * of numbers, exact; / rounded half away from zero to the decimals of `type`; // the whole part of the
    quotient (towards zero); % what // leaves, with the sign of the left side. The last three give NULL for a divisor
    of 0."""

    op: Choice["+", "-", "*", "/", "//", "%"]
    left: Scalar
    right: Scalar
    type: Type

    def __post_init__(self) -> None:
        if not (self.left.type.numeric and self.right.type.numeric and self.type.numeric):
            raise ValueError(f"{self.op} takes numbers")
        if self.op == "//" and self.type != INTEGER:
            raise ValueError("// gives whole numbers")


@dataclass(frozen=True)
class Sign:
    """`sign`: -1, 0 or 1; `abs`: the number without its sign."""

    what: Choice["sign", "abs"]
    arg: Scalar
    type: Type

    def __post_init__(self) -> None:
        if not self.arg.type.numeric or self.type != (INTEGER if self.what == "sign" else self.arg.type):
            raise ValueError(f"{self.what.upper()} takes a number")


@dataclass(frozen=True)
class Round:
    """A number with fewer decimals: the nearest one (half away from zero), or the next one down, up, or towards zero.
    `digits` below 0 round to tens, hundreds and so on; whole numbers have the type integer."""

    how: Choice["nearest", "down", "up", "zero"]
    arg: Scalar
    digits: int
    type: Type

    def __post_init__(self) -> None:
        wanted = Type("decimal", self.digits) if self.digits > 0 else INTEGER
        if not self.arg.type.numeric or not -MOST_PLACES <= self.digits < self.arg.type.scale:
            raise ValueError("rounding takes a number with more decimals")
        if self.type != wanted:
            raise ValueError("rounding gives a number of its own decimals")


@dataclass(frozen=True)
class Function:
    """A function of a number, rounded half away from zero to six decimals; NULL where it is not defined, and where it
    is 10³⁰ or more. `exponent` is that of power. `lower` and `upper` enclose the argument, in units of its last
    decimal, where an engine is to have the values as a list."""

    what: Name
    arg: Scalar
    exponent: Decimal | None = None
    lower: int | None = None
    upper: int | None = None
    type: Type = ROUNDED

    def __post_init__(self) -> None:
        if not self.arg.type.numeric or (self.exponent is None) == (self.what == "power"):
            raise ValueError(f"{self.what.upper()} takes a number")
        if (self.lower is None) != (self.upper is None):
            raise ValueError("a list has two ends")
        if self.lower is not None and self.upper is not None and not 0 <= self.upper - self.lower < MOST_LISTED:
            raise ValueError(f"a function is listed for at most {MOST_LISTED} values")
