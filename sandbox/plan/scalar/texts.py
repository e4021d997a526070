"""Expressions that make texts, or read them. Characters are Unicode code points everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Literal as Choice

from sandbox.plan.scalar.types import DATE, INTEGER, STRING, Type

if TYPE_CHECKING:
    from sandbox.plan.scalar.tree import Scalar

MOST_DIGITS = 18  # before the point, of a number in a text
MOST_SCALE = 9  # decimals of a number that is read from a text


@dataclass(frozen=True)
class Text:
    """A text made of one: lower, upper (letters A–Z only), trim, ltrim, rtrim (of spaces only), reverse, or slice:
    `length` characters from place `start` on, counted from 1; a negative start counts from the end, and then all that
    follow are meant. No length: all that follow."""

    what: Choice["lower", "upper", "trim", "ltrim", "rtrim", "reverse", "slice"]
    arg: Scalar
    start: int = 1
    length: int | None = None
    type: Type = STRING

    def __post_init__(self) -> None:
        if self.arg.type != STRING or self.start == 0 or (self.start < 0 and self.length is not None):
            raise ValueError(f"{self.what} takes a text")


@dataclass(frozen=True)
class Length:
    """How many characters a text has."""

    arg: Scalar
    type: Type = INTEGER

    def __post_init__(self) -> None:
        if self.arg.type != STRING:
            raise ValueError("length takes a text")


@dataclass(frozen=True)
class Position:
    """Where `part` stands first in a text, counted from 1; 0 when it does not; an empty part stands at 1."""

    arg: Scalar
    part: str
    type: Type = INTEGER

    def __post_init__(self) -> None:
        if self.arg.type != STRING:
            raise ValueError("POSITION takes a text")


@dataclass(frozen=True)
class Concat:
    """Texts one after the other, `separator` between them. `skip`: NULLs are left out with their separator; else one
    NULL makes the whole NULL."""

    args: tuple[Scalar, ...]
    separator: str = ""
    skip: bool = False
    type: Type = STRING

    def __post_init__(self) -> None:
        if not self.args or any(arg.type != STRING for arg in self.args):
            raise ValueError("CONCAT takes texts")
        if self.separator and not self.skip:
            raise ValueError("a separator goes with leaving NULLs out")


@dataclass(frozen=True)
class Replace:
    """Each `old` in a text, from the left and without overlap, replaced by `new`."""

    arg: Scalar
    old: str
    new: str
    type: Type = STRING

    def __post_init__(self) -> None:
        if self.arg.type != STRING or not self.old:
            raise ValueError("REPLACE takes a text and what to replace in it")


@dataclass(frozen=True)
class Pad:
    """A text of exactly `length` characters: cut after them, or filled up on one side with `fill`, again and again."""

    side: Choice["left", "right"]
    arg: Scalar
    length: int
    fill: str
    type: Type = STRING

    def __post_init__(self) -> None:
        if self.arg.type != STRING or self.length < 0 or not self.fill:
            raise ValueError("padding takes a text, a length and a text to fill up with")


@dataclass(frozen=True)
class Split:
    """The part number `place` of a text split at each `separator`; a negative place counts from the end; the empty
    text when there are not so many."""

    arg: Scalar
    separator: str
    place: int
    type: Type = STRING

    def __post_init__(self) -> None:
        if self.arg.type != STRING or not self.separator or self.place == 0:
            raise ValueError("SPLIT_PART takes a text, a separator and a place that is not 0")


@dataclass(frozen=True)
class ToText:
    """A number, truth value or date as text: 12, -0.50 (with the decimals of its type), true, 2024-01-31."""

    arg: Scalar
    type: Type = STRING

    def __post_init__(self) -> None:
        if self.arg.type == STRING:
            raise ValueError("this is a text already")


@dataclass(frozen=True)
class ToNumber:
    """The number that a text spells, rounded half away from zero to the decimals of `type`; NULL for any other text.

    It is spelled, between any spaces: + or - or neither, 1 to `digits` digits, and perhaps a point with any digits."""

    arg: Scalar
    digits: int
    type: Type

    def __post_init__(self) -> None:
        if self.arg.type != STRING or not self.type.numeric:
            raise ValueError("a number is read from a text")
        if not (1 <= self.digits <= MOST_DIGITS and self.type.scale <= MOST_SCALE):
            raise ValueError(f"texts hold numbers of at most {MOST_DIGITS} digits and {MOST_SCALE} decimals")


@dataclass(frozen=True)
class ToDate:
    """The date that a text spells as 2024-01-31, between any spaces, in the years 0001 to 9999; NULL for any other."""

    arg: Scalar
    type: Type = DATE

    def __post_init__(self) -> None:
        if self.arg.type != STRING:
            raise ValueError("a date is read from a text")
