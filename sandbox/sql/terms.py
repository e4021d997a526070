"""Terms: plan expressions together with what the declarations say about their values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

from sqlglot import exp

from sandbox.errors import Problem
from sandbox.plan import scalar as s
from sandbox.plan.evaluate import evaluate

Op = Literal["=", "<>", "<", "<=", ">", ">="]
Bound = Decimal | date | None
DIGITS = 37  # what fits 38 digits with one to spare for rounding
LARGEST_INTEGER = 2**63 - 1
POST_DIGITS = 70  # of what is computed from released rows
WORDS = {"integer": "whole number", "decimal": "number", "string": "text", "boolean": "condition", "date": "date"}


@dataclass(frozen=True)
class Term:
    """An expression and its enforced facts: least and largest value of a number or date (None: unknown), whether it
    may be NULL, and the list of all its values where the declarations give one; `listing` is how to make the list."""

    node: s.Scalar
    low: Bound = None
    high: Bound = None
    nullable: bool = True
    domain: tuple[s.Value, ...] | None = None
    listing: Listing | None = field(default=None, compare=False, repr=False)

    @property
    def type(self) -> s.Type:
        return self.node.type

    @property
    def constant(self) -> bool:
        return isinstance(self.node, s.Constant)

    @property
    def null(self) -> bool:
        return isinstance(self.node, s.Constant) and self.node.value is None

    @property
    def range(self) -> tuple[Decimal, Decimal] | None:
        """The interval of a number, or None when it is not known."""
        return (self.low, self.high) if isinstance(self.low, Decimal) and isinstance(self.high, Decimal) else None


@dataclass(frozen=True)
class Listing:
    """An expression of others, from whose values its own follow; `otherwise` when theirs are too many or unknown."""

    make: Callable[..., s.Scalar]
    args: tuple[Term, ...]
    otherwise: tuple[s.Value, ...] | None = None


def refuse(sentence: str) -> Problem:
    return Problem("sql_not_allowed", sentence)


def quote(node: exp.Expr) -> str:
    """Give the text of `node`, shortened, for a sentence."""
    try:
        text = node.sql(dialect="duckdb")
    except Exception:  # noqa: BLE001 – a foreign writer, on a tree that may lack parts
        text = type(node).__name__.upper()
    return text if len(text) <= 60 else text[:59] + "…"


class Reader(Protocol):
    """Who reads trees of expressions: `released` ones, or those of rows; `today` is what CURRENT_DATE means."""

    @property
    def released(self) -> bool: ...
    @property
    def digits(self) -> int: ...
    @property
    def today(self) -> date | None: ...
    @property
    def meter(self) -> Counter: ...

    def term(self, node: exp.Expr) -> Term:
        """Give the term of `node`. Raises `Problem`."""


class Counter(Protocol):
    """Who counts what is computed while a text is read."""

    def spend(self, values: int) -> None:
        """Count values. Raises `Problem` when all are too many."""


Calls = dict[type[exp.Expr], Callable[[Reader, exp.Expr], Term]]  # what a tree node means


def whole(node: exp.Expr, least: int, most: int, what: str) -> int:
    """Give the whole number that is written at `node`; refuses any other, naming `what` it is for."""
    number, sign = node.unnest(), 1
    if isinstance(number, exp.Neg):
        number, sign = number.this.unnest(), -1
    if isinstance(number, exp.Literal) and not number.is_string and number.this.isdecimal() and len(number.this) < 10:
        value = sign * int(number.this)
        if least <= value <= most:
            return value
    raise refuse(f"{what} is a whole number from {least} to {most}; write such a number.")


def computed(
    make: Callable[..., s.Scalar],
    *args: Term,
    span: tuple[Bound, Bound] = (None, None),
    nullable: bool | None = None,
    otherwise: tuple[s.Value, ...] | None = None,
) -> Term:
    """Give the term of `make` over the nodes of `args`: its value when they are constants; it may be NULL when one of
    them may, unless `nullable` says otherwise."""
    node = make(*(arg.node for arg in args))
    if all(arg.constant for arg in args):
        return constant(evaluate(node, {}), node.type)
    may = any(arg.nullable for arg in args) if nullable is None else nullable
    return Term(node, *span, may, None, Listing(make, args, otherwise))


def constant(value: s.Value, kind: s.Type) -> Term:
    """Give a constant of a type; NULL without one."""
    found = literal(value)
    return found if value is None else Term(s.Constant(value, kind), found.low, found.high, False, (value,))


def literal(value: s.Value) -> Term:
    """A constant; a number is its own interval. NULL takes the type of what it meets."""
    match value:
        case bool():
            kind = s.BOOLEAN
        case int():
            kind = s.INTEGER
        case Decimal():
            kind = s.Type("decimal", max(0, -int(value.as_tuple().exponent)))
        case str():
            kind = s.STRING
        case date():
            kind = s.DATE
        case _:
            kind = s.BOOLEAN
    number = Decimal(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else None
    bound = value if isinstance(value, date) else number
    return Term(s.Constant(value, kind), bound, bound, value is None, (value,))


def truth(node: s.Scalar, *parts: Term) -> Term:
    """A condition over `parts`, folded when all of them are constants."""
    if parts and all(part.constant for part in parts):
        value = evaluate(node, {})
        return Term(s.Constant(value, s.BOOLEAN), nullable=value is None, domain=(value,))
    return Term(node, nullable=any(part.nullable for part in parts), domain=(False, True))


def unbounded(term: Term, what: str) -> Problem:
    """The refusal of a number that needs bounds and has none; names its columns."""
    missing = sorted(_unbounded(term.node)) or ["it"]
    name = " and ".join(missing)
    return Problem(
        "bound_missing",
        f"{what} needs the bounds of {name}, and none are declared; ask the holder to declare bounds, or leave it out.",
        columns=missing,
    )


def _unbounded(node: s.Scalar) -> set[str]:
    if isinstance(node, s.Column):
        return {node.name.partition("@")[0] or "a column"} if node.type.numeric and node.lower is None else set()
    return set().union(*(_unbounded(child) for child in s.children(node)))
