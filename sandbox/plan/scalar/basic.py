"""Columns, constants, conditions, and choices between them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Literal as Choice

from sandbox.plan.scalar.types import BOOLEAN, STRING, Type, Value, comparable

if TYPE_CHECKING:
    from sandbox.plan.scalar.tree import Scalar


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
class Extreme:
    """GREATEST or LEAST of two or more comparable values; NULLs are passed over, only NULLs give NULL."""

    op: Choice["greatest", "least"]
    args: tuple[Scalar, ...]
    type: Type

    def __post_init__(self) -> None:
        if len(self.args) < 2 or any(not comparable(a.type, self.type) for a in self.args):
            raise ValueError(f"{self.op.upper()} takes two or more values of one type")
        if self.type.numeric and self.type.scale < max(a.type.scale for a in self.args):
            raise ValueError(f"{self.op.upper()} keeps the decimals of its values")
