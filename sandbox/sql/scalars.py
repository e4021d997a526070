"""Tree nodes to terms: the expressions that rows and released rows share. What a name or an aggregate means is asked
of `leaf`, which differs between the two; what a function means stands in the module of its family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Literal

from sqlglot import exp

from sandbox.sql import casts, choices, conditions, date_calls, functions, numbers, rounding, terms, texts
from sandbox.sql.listing import listed
from sandbox.sql.meter import Meter
from sandbox.sql.terms import Reader, Term, quote, refuse

Leaf = Callable[[exp.Expr], Term | None]

_COMPARE: dict[type[exp.Expr], Literal["=", "<>", "<", "<=", ">", ">="]] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip
_ARITHMETIC: dict[type[exp.Expr], numbers.Calculation] = {
    exp.Mul: "*", exp.IntDiv: "//", exp.Mod: "%",
}  # fmt: skip


class Builder:
    """Builds terms; `released` says that they are computed from released rows, which may have more digits: those of
    public rows become so when a released value stands beside them. `today` is what CURRENT_DATE means; without it, it
    is refused."""

    def __init__(
        self,
        leaf: Leaf,
        *,
        released: Callable[[], bool] = lambda: False,
        meter: Meter | None = None,
        today: date | None = None,
    ) -> None:
        self._leaf = leaf
        self._released = released
        self.meter = meter or Meter()
        self.today = today

    @property
    def released(self) -> bool:
        return self._released()

    @property
    def digits(self) -> int:
        return terms.POST_DIGITS if self.released else terms.DIGITS

    def condition(self, node: exp.Expr, where: str) -> Term:
        """Give the term of a condition; a number or text stands for its truth. Refuses a date, naming the clause
        `where`."""
        found = self.term(node)
        if found.type.kind == "date":
            raise refuse(f"{where} takes a condition; write a comparison, for example {quote(node)} = … .")
        return conditions.truthy(found)

    def term(self, node: exp.Expr) -> Term:
        """Give the term of `node`. Raises `Problem`."""
        found = self._term(node)
        self.meter.add(found.node, node)
        return replace(found, listing=None) if self.released else listed(found, self.meter.spend)

    def _term(self, node: exp.Expr) -> Term:
        found = self._leaf(node)
        if found is not None:
            return found
        call = CALLS.get(type(node))
        if call is None:
            raise refuse(f"{quote(node)} cannot stand here; write a column, a value or a condition.")
        return call(self, node)


def _compared(reader: Reader, node: exp.Expr) -> Term:
    return conditions.compare(_COMPARE[type(node)], reader.term(node.this), reader.term(node.expression))


def _calculated(reader: Reader, node: exp.Expr) -> Term:
    op = _ARITHMETIC[type(node)]
    return numbers.arithmetic(op, reader.term(node.this), reader.term(node.expression), reader.digits)


def _divided(reader: Reader, node: exp.Expr) -> Term:
    """A dialect may say that a whole number divided by another is a whole number."""
    left, right = reader.term(node.this), reader.term(node.expression)
    whole = node.args.get("typed") and left.type.kind == right.type.kind == "integer"
    return numbers.arithmetic("//" if whole else "/", left, right, reader.digits)


def _added(reader: Reader, node: exp.Expr) -> Term:
    return date_calls.sum_of(reader, node)


def _joined(reader: Reader, node: exp.Expr) -> Term:
    return conditions.logic("and" if isinstance(node, exp.And) else "or", [reader.term(part) for part in _chain(node)])


def _is(reader: Reader, node: exp.Expr) -> Term:
    value = reader.term(node.this)
    match node.expression:
        case exp.Null():
            return conditions.is_null(value)
        case exp.Boolean() as wanted:
            return conditions.is_truth(value, bool(wanted.this))
        case _:
            raise refuse("IS takes NULL, TRUE or FALSE; write = for other values.")


def _distinct(reader: Reader, node: exp.Expr) -> Term:
    found = conditions.distinct(reader.term(node.this), reader.term(node.expression))
    return found if isinstance(node, exp.NullSafeNEQ) else conditions.negate(found)


def _xor(reader: Reader, node: exp.Expr) -> Term:
    sides = reader.term(node.this), reader.term(node.expression)
    if any(side.type.numeric for side in sides):
        raise refuse("XOR takes conditions; numbers are not taken apart into bits. Write comparisons on both sides.")
    return conditions.compare("<>", *map(conditions.truthy, sides))


def _between(reader: Reader, node: exp.Expr) -> Term:
    low, high = reader.term(node.args["low"]), reader.term(node.args["high"])
    return conditions.between(reader.term(node.this), low, high, symmetric=bool(node.args.get("symmetric")))


def _like(reader: Reader, node: exp.Expr) -> Term:
    found = conditions.like(
        reader.term(node.this), reader.term(node.expression), letters=not isinstance(node, exp.ILike)
    )
    return conditions.negate(found) if node.args.get("negate") else found


def _constant(reader: Reader, node: exp.Expr) -> Term:
    match node:
        case exp.Null():
            return terms.literal(None)
        case exp.Boolean():
            return terms.literal(bool(node.this))
        case _ if node.args.get("is_string"):
            if "\0" in node.this:
                raise refuse("A text cannot hold the character 0; remove it.")
            return terms.literal(str(node.this))
    try:
        found = numbers.number(str(node.this))
    except (ValueError, ArithmeticError):
        raise refuse("A number has at most 37 digits; write a smaller one.") from None
    if found.type.kind == "integer" and found.range and abs(found.range[0]) > terms.LARGEST_INTEGER:
        raise refuse("A whole number has at most 64 bits; write a smaller one.")
    return found


def _chain(node: exp.Expr) -> list[exp.Expr]:
    """The parts of a chain of AND (or OR), which may be thousands long, without recursion."""
    parts, waiting = [], [node]
    while waiting:
        one = waiting.pop()
        if type(one) is type(node):
            waiting.extend((one.expression, one.this))
        else:
            parts.append(one)
    return parts


CALLS: dict[type[exp.Expr], Callable[[Reader, exp.Expr], Term]] = {
    **dict.fromkeys(_COMPARE, _compared),
    **dict.fromkeys(_ARITHMETIC, _calculated),
    exp.Div: _divided,
    **dict.fromkeys((exp.Add, exp.Sub), _added),
    **dict.fromkeys((exp.And, exp.Or), _joined),
    **dict.fromkeys((exp.Literal, exp.Boolean, exp.Null), _constant),
    **dict.fromkeys((exp.Like, exp.ILike), _like),
    **dict.fromkeys((exp.NullSafeEQ, exp.NullSafeNEQ), _distinct),
    **dict.fromkeys((exp.Paren, exp.Try), lambda reader, node: reader.term(node.this)),
    exp.Not: lambda reader, node: conditions.negate(reader.term(node.this)),
    exp.Neg: lambda reader, node: numbers.arithmetic("-", terms.literal(0), reader.term(node.this), reader.digits),
    exp.In: lambda reader, node: conditions.member(
        reader.term(node.this), [reader.term(option) for option in node.expressions]
    ),
    exp.Is: _is,
    exp.Between: _between,
    exp.BitwiseXor: _xor,
    **choices.CALLS,
    **casts.CALLS,
    **rounding.CALLS,
    **functions.CALLS,
    **texts.CALLS,
    **date_calls.CALLS,
}

__all__ = ["Builder", "Leaf", "Meter", "quote"]
