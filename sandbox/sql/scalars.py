"""Tree nodes to terms: the expressions that rows and released rows share. What a name or an aggregate means is asked
of `leaf`, which differs between the two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import reduce
from typing import Literal, get_args

from sqlglot import exp

from sandbox.plan import scalar as s
from sandbox.sql import choices, conditions, numbers, terms, texts
from sandbox.sql.terms import Term, refuse

Leaf = Callable[[exp.Expr], Term | None]
Part = Literal["year", "quarter", "month", "day"]

_COMPARE: dict[type[exp.Expr], Literal["=", "<>", "<", "<=", ">", ">="]] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip
_ARITHMETIC: dict[type[exp.Expr], Literal["+", "-", "*"]] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
_PARTS: dict[type[exp.Expr], Part] = {
    exp.Year: "year", exp.Quarter: "quarter", exp.Month: "month", exp.Day: "day",
}  # fmt: skip


MOST_BUILT = 100_000  # parts: NULLIF, COALESCE, BETWEEN and CASE x repeat an operand, so that text of n can mean 2ⁿ
DEEPEST = 100  # nodes in each other: whoever reads a plan recurses at each


class Meter:
    """How much a statement stands for, over all of its levels: a subquery's column can be repeated by the next one."""

    def __init__(self) -> None:
        self._sizes: dict[int, tuple[s.Scalar, int, int]] = {}
        self._built = 0

    def add(self, node: s.Scalar, written: exp.Expr) -> None:
        """Count `node`. Raises `Problem` when it is too deep or all is too much, whatever its text looks like."""
        size, depth = self._measure(node)
        self._built += size
        if self._built > MOST_BUILT:
            raise refuse(f"{quote(written)} repeats its parts too often; nest NULLIF, COALESCE, BETWEEN and CASE less.")
        if depth > DEEPEST:
            raise refuse(f"{quote(written)} stands for too much in itself; nest it, or the subqueries below it, less.")

    def _measure(self, node: s.Scalar) -> tuple[int, int]:
        """The parts of `node`, repeated ones counted each time, and its depth; looked at once."""
        if id(node) not in self._sizes:
            inner = [self._measure(child) for child in s.children(node)]
            deepest = max((depth for _, depth in inner), default=0)
            self._sizes[id(node)] = (node, 1 + sum(size for size, _ in inner), 1 + deepest)
        return self._sizes[id(node)][1:]


class Builder:
    """Builds terms; `released` says that they are computed from released rows, where / is allowed."""

    def __init__(self, leaf: Leaf, *, released: bool = False, meter: Meter | None = None) -> None:
        self._leaf = leaf
        self._released = released
        self._digits = terms.POST_DIGITS if released else terms.DIGITS
        self.meter = meter or Meter()

    def condition(self, node: exp.Expr, where: str) -> Term:
        """Give the term of a condition; refuses anything else, naming the clause `where`."""
        found = self.term(node)
        if found.type.kind != "boolean":
            raise refuse(f"{where} takes a condition; write a comparison, for example {quote(node)} = … .")
        return found

    def term(self, node: exp.Expr) -> Term:
        """Give the term of `node`. Raises `Problem`."""
        found = self._term(node)
        self.meter.add(found.node, node)
        return found

    def _term(self, node: exp.Expr) -> Term:
        found = self._leaf(node)
        if found is not None:
            return found
        kind = type(node)
        if kind in _COMPARE:
            return conditions.compare(_COMPARE[kind], self.term(node.this), self.term(node.expression))
        if kind in _ARITHMETIC:
            return numbers.arithmetic(
                _ARITHMETIC[kind], self.term(node.this), self.term(node.expression), digits=self._digits
            )
        if kind in _PARTS:
            return choices.date_part(_PARTS[kind], self.term(node.this))
        if kind in texts.FUNCTIONS:
            return texts.text(node, self.term(node.this))
        match node:
            case exp.Paren():
                return self.term(node.this)
            case exp.Literal() | exp.Boolean() | exp.Null() | exp.Cast():
                return _constant(node)
            case exp.And() | exp.Or():
                return conditions.logic("and" if kind is exp.And else "or", [self.term(part) for part in _chain(node)])
            case exp.Not():
                return conditions.negate(self.term(node.this))
            case exp.Neg():
                return numbers.arithmetic("-", terms.literal(0), self.term(node.this), digits=self._digits)
            case exp.Is():
                return self._is(node)
            case exp.In():
                return conditions.member(self.term(node.this), [self.term(option) for option in node.expressions])
            case exp.Between():
                value = self.term(node.this)
                low, high = self.term(node.args["low"]), self.term(node.args["high"])
                return conditions.logic(
                    "and", [conditions.compare(">=", value, low), conditions.compare("<=", value, high)]
                )
            case exp.Like():
                found = conditions.like(self.term(node.this), self.term(node.expression))
                return conditions.negate(found) if node.args.get("negate") else found
            case exp.Div() if self._released:
                return numbers.arithmetic("/", self.term(node.this), self.term(node.expression), digits=self._digits)
            case exp.Div():
                raise refuse("/ is for aggregates only; write SUM(…) / … or multiply by a decimal such as 0.01.")
            case exp.Extract():
                return choices.date_part(_part(node.this), self.term(node.expression))
            case exp.Case():
                return self._case(node)
            case exp.If():
                otherwise = node.args.get("false") or exp.null()
                condition, result = self.condition(node.this, "IF"), self.term(node.args["true"])
                return choices.case([(condition, result)], self.term(otherwise))
            case exp.Coalesce():
                return self._coalesce([self.term(part) for part in (node.this, *node.expressions)])
            case exp.Nullif():
                value = self.term(node.this)
                same = conditions.compare("=", value, self.term(node.expression))
                return choices.case([(same, terms.literal(None))], value)
            case _:
                raise refuse(f"{quote(node)} cannot stand here; write a column, a value or a condition.")

    def _is(self, node: exp.Is) -> Term:
        value = self.term(node.this)
        match node.expression:
            case exp.Null():
                return conditions.is_null(value)
            case exp.Boolean() as wanted:
                return conditions.is_truth(value, bool(wanted.this))
            case _:
                raise refuse("IS takes NULL, TRUE or FALSE; write = for other values.")

    def _case(self, node: exp.Case) -> Term:
        subject = self.term(node.this) if node.this is not None else None
        whens = []
        for when in node.args["ifs"]:
            condition = self.term(when.this)
            if subject is not None:
                condition = conditions.compare("=", subject, condition)
            whens.append((condition, self.term(when.args["true"])))
        return choices.case(whens, self.term(node.args.get("default") or exp.null()))

    def _coalesce(self, values: list[Term]) -> Term:
        def first(rest: Term, value: Term) -> Term:
            if value.null or not value.nullable:
                return rest if value.null else value
            chosen = choices.case([(conditions.negate(conditions.is_null(value)), value)], rest)
            return terms.Term(chosen.node, chosen.low, chosen.high, rest.nullable, chosen.domain)

        return reduce(first, reversed(values[:-1]), values[-1])


def _constant(node: exp.Expr) -> Term:
    match node:
        case exp.Null():
            return terms.literal(None)
        case exp.Boolean():
            return terms.literal(bool(node.this))
        case exp.Cast():
            return _date(node)
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


def _date(node: exp.Cast) -> Term:
    """DATE '2024-01-31', the one use of CAST."""
    if node.to.this != exp.DataType.Type.DATE or not (isinstance(node.this, exp.Literal) and node.this.is_string):
        raise refuse(
            "CAST and :: are not built yet, but for DATE '2024-01-31'; compare values of the column's own type."
        )
    try:
        return terms.literal(date.fromisoformat(node.this.this))
    except ValueError:
        raise refuse("A date is written as DATE '2024-01-31', with year, month and day that exist.") from None


def _part(node: exp.Expr) -> Part:
    name = str(node.this).lower()
    for part in get_args(Part):
        if name == part:
            return part  # type: ignore[no-any-return]
    raise refuse("EXTRACT takes YEAR, QUARTER, MONTH or DAY.")


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


def quote(node: exp.Expr) -> str:
    """Give the text of `node`, shortened, for a sentence."""
    try:
        text = node.sql(dialect="duckdb")
    except (ValueError, RecursionError):
        text = type(node).__name__.upper()
    return text if len(text) <= 60 else text[:59] + "…"
