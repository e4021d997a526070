"""Scalar expressions: what may be computed from one row (or, in post-processing, from one released row).

The node types are the allow-list: text that has no node here cannot reach an engine. Nodes are frozen and validate
themselves; each knows its type. NULL follows SQL's three-valued logic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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


@dataclass(frozen=True)
class Column:
    """A column of the row relation, or an output of the measure when used in post-processing.

    `lower`, `upper` are the enforced bounds of a numeric column (None: unknown)."""

    name: str
    type: Type
    lower: Decimal | None = None
    upper: Decimal | None = None


@dataclass(frozen=True)
class Constant:
    value: Value
    type: Type


@dataclass(frozen=True)
class Compare:
    """=, <>, <, <=, >, >= between two comparable expressions."""

    op: Choice["=", "<>", "<", "<=", ">", ">="]
    left: Scalar
    right: Scalar
    type: Type = BOOLEAN

    def __post_init__(self) -> None:
        if not comparable(self.left.type, self.right.type):
            raise ValueError(f"cannot compare {self.left.type.kind} with {self.right.type.kind}")


@dataclass(frozen=True)
class Logic:
    """AND or OR of two or more truth values."""

    op: Choice["and", "or"]
    args: tuple[Scalar, ...]
    type: Type = BOOLEAN

    def __post_init__(self) -> None:
        if len(self.args) < 2 or any(a.type != BOOLEAN for a in self.args):
            raise ValueError(f"{self.op} takes two or more conditions")


@dataclass(frozen=True)
class Not:
    arg: Scalar
    type: Type = BOOLEAN

    def __post_init__(self) -> None:
        if self.arg.type != BOOLEAN:
            raise ValueError("NOT takes a condition")


@dataclass(frozen=True)
class IsNull:
    arg: Scalar
    type: Type = BOOLEAN


@dataclass(frozen=True)
class In:
    """Membership in a list of constants."""

    arg: Scalar
    options: tuple[Constant, ...]
    type: Type = BOOLEAN

    def __post_init__(self) -> None:
        if not self.options or any(not comparable(self.arg.type, o.type) for o in self.options):
            raise ValueError("IN takes a list of values of the column's own type")


@dataclass(frozen=True)
class Like:
    """LIKE with % and _ as wildcards and no escape, case-sensitive."""

    arg: Scalar
    pattern: str
    type: Type = BOOLEAN

    def __post_init__(self) -> None:
        if self.arg.type != STRING:
            raise ValueError("LIKE takes text")


@dataclass(frozen=True)
class Arithmetic:
    """+, -, * of numbers, exact; / only in post-processing (`type` then is a decimal)."""

    op: Choice["+", "-", "*", "/"]
    left: Scalar
    right: Scalar
    type: Type

    def __post_init__(self) -> None:
        if not (self.left.type.numeric and self.right.type.numeric and self.type.numeric):
            raise ValueError(f"{self.op} takes numbers")


@dataclass(frozen=True)
class DatePart:
    """Year, month (1–12), day (1–31), or quarter (1–4) of a date."""

    part: Choice["year", "quarter", "month", "day"]
    arg: Scalar
    type: Type = INTEGER

    def __post_init__(self) -> None:
        if self.arg.type != DATE:
            raise ValueError(f"{self.part} takes a date")


@dataclass(frozen=True)
class Case:
    """CASE WHEN … THEN … ELSE … END; all results have one type."""

    whens: tuple[tuple[Scalar, Scalar], ...]
    otherwise: Scalar
    type: Type

    def __post_init__(self) -> None:
        if not self.whens or any(c.type != BOOLEAN for c, _ in self.whens):
            raise ValueError("CASE needs conditions after WHEN")
        if any(r.type.kind != self.type.kind for _, r in self.whens) or self.otherwise.type.kind != self.type.kind:
            raise ValueError("all results of a CASE have the same type")


@dataclass(frozen=True)
class Text:
    """A text made of one: lower, upper (letters A–Z only), trim, ltrim, rtrim (of spaces only), or slice: `length`
    characters (Unicode code points) from place `start` on, counted from 1; a negative start counts from the end, and
    then all that follow are meant. No length: all that follow."""

    what: Choice["lower", "upper", "trim", "ltrim", "rtrim", "slice"]
    arg: Scalar
    start: int = 1
    length: int | None = None
    type: Type = STRING

    def __post_init__(self) -> None:
        if self.arg.type != STRING or self.start == 0 or (self.start < 0 and self.length is not None):
            raise ValueError(f"{self.what} takes a text")


@dataclass(frozen=True)
class Length:
    """How many characters (Unicode code points) a text has."""

    arg: Scalar
    type: Type = INTEGER

    def __post_init__(self) -> None:
        if self.arg.type != STRING:
            raise ValueError("length takes a text")


Scalar = Column | Constant | Compare | Logic | Not | IsNull | In | Like | Arithmetic | DatePart | Case | Text | Length


def comparable(left: Type, right: Type) -> bool:
    """Say whether values of the two types can be compared: both numbers, or of one kind."""
    return left.kind == right.kind or (left.numeric and right.numeric)


def children(node: Scalar) -> tuple[Scalar, ...]:
    """Give the direct sub-expressions of `node`."""
    match node:
        case Compare() | Arithmetic():
            return (node.left, node.right)
        case Logic():
            return node.args
        case Not() | IsNull() | Like() | DatePart() | Text() | Length():
            return (node.arg,)
        case In():
            return (node.arg, *node.options)
        case Case():
            return (*(part for when in node.whens for part in when), node.otherwise)
        case _:
            return ()


def renamed(node: Scalar, names: Mapping[str, str]) -> Scalar:
    """Give `node` with its columns under the names that `names` gives them."""
    match node:
        case Column():
            return replace(node, name=names.get(node.name, node.name))
        case Compare() | Arithmetic():
            return replace(node, left=renamed(node.left, names), right=renamed(node.right, names))
        case Logic():
            return replace(node, args=tuple(renamed(arg, names) for arg in node.args))
        case Not() | IsNull() | Like() | DatePart() | In() | Text() | Length():
            return replace(node, arg=renamed(node.arg, names))
        case Case():
            whens = tuple((renamed(when, names), renamed(then, names)) for when, then in node.whens)
            return replace(node, whens=whens, otherwise=renamed(node.otherwise, names))
        case Constant():
            return node


def columns(node: Scalar) -> frozenset[str]:
    """Give the names of all columns that `node` reads."""
    if isinstance(node, Column):
        return frozenset({node.name})
    return frozenset().union(*(columns(child) for child in children(node)))
