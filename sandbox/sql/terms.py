"""Terms: plan expressions together with what the declarations say about their values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from sandbox.errors import Problem
from sandbox.plan import scalar as s
from sandbox.plan.evaluate import evaluate

Op = Literal["=", "<>", "<", "<=", ">", ">="]
Bound = Decimal | date | None
DIGITS = 37  # what fits 38 digits with one to spare for rounding
LARGEST_INTEGER = 2**63 - 1
POST_DIGITS = 70  # released rows are computed in Python with 76 digits
WORDS = {"integer": "whole number", "decimal": "number", "string": "text", "boolean": "condition", "date": "date"}


@dataclass(frozen=True)
class Term:
    """An expression and its enforced facts: least and largest value of a number or date (None: unknown), whether it
    may be NULL, and the list of all its values where the declarations give one."""

    node: s.Scalar
    low: Bound = None
    high: Bound = None
    nullable: bool = True
    domain: tuple[s.Value, ...] | None = None

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


def refuse(sentence: str) -> Problem:
    return Problem("sql_not_allowed", sentence)


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
        return {node.name} if node.type.numeric and node.lower is None else set()
    return set().union(*(_unbounded(child) for child in s.children(node)))
