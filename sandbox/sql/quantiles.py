"""MEDIAN, quantiles, MIN and MAX: which rank of which value is asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction

from sqlglot import exp

from sandbox.plan.scalar import DATE, Constant, DatePart, Type
from sandbox.sql.columns import Readable, Row
from sandbox.sql.draft import Ask
from sandbox.sql.spelling import RANKED
from sandbox.sql.terms import Term, quote, refuse, unbounded

QUANTILES = (*RANKED, exp.Min, exp.Max)
LOWEST = Fraction(1, 100)
"""The rank that MIN stands for; MAX is as far from the other end. A single row's value never leaves."""
FINEST = 10_000


def quantile(node: exp.AggFunc, row: Row, where: Callable[[Term], Term]) -> Ask:
    """Give what `node` asks for; `where` leaves out the rows that FILTER does. Raises `Problem` (bound_missing when the
    values have no bounds)."""
    argument = node.this
    if isinstance(argument, exp.Distinct):
        if not isinstance(node, (exp.Min, exp.Max)) or len(argument.expressions) != 1:
            raise refuse(f"{quote(node)}: DISTINCT is for COUNT only; remove it.")
        argument = argument.expressions[0]
    if argument is None:
        raise refuse(f"{quote(node)} takes a number or a date; write it in the brackets.")
    rank = rank_asked(node, row)
    term = row.builder.term(argument)
    if term.null or not (term.type.numeric or term.type == DATE):
        raise refuse(f"{node.sql_name()} takes numbers and dates; {quote(argument)} is none. Write GROUP BY instead.")
    number = _days(term) if term.type == DATE else term
    if number.range is None:
        raise unbounded(term, f"{node.sql_name()} of {quote(argument)}")
    end = isinstance(node, (exp.Min, exp.Max)) or rank in (0, 1)
    rank = min(max(rank, LOWEST), 1 - LOWEST) if end else rank
    between = isinstance(node, (exp.Median, exp.PercentileCont)) and term.type != DATE
    shown = Type("decimal", term.type.scale + 1) if between and not end else term.type
    return Ask("quantile", where(number), rank=rank.as_integer_ratio(), shown=shown, end=end)


def rank_asked(node: exp.AggFunc, row: Readable) -> Fraction:
    """Give the rank that a quantile names. Raises `Problem`."""
    match node:
        case exp.Min():
            return Fraction(0)
        case exp.Max():
            return Fraction(1)
        case exp.Median():
            return Fraction(1, 2)
    said = node.args.get("quantile" if isinstance(node, (exp.Quantile, exp.ApproxQuantile)) else "expression")
    if isinstance(said, exp.Array):
        raise refuse(f"{quote(node)}: a list of ranks stands in SELECT by itself, as columns; here write one rank.")
    found = None if said is None else row.builder.term(said).node
    value = found.value if isinstance(found, Constant) else None
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or not 0 <= value <= 1:
        raise refuse(f"{quote(node)} needs a rank between 0 and 1, for example QUANTILE_CONT(x, 0.9).")
    rank = Fraction(value)
    if rank.denominator > FINEST:
        raise refuse(f"{quote(node)}: a rank has at most 4 decimals; write fewer.")
    return rank


def _days(term: Term) -> Term:
    """A date as the number of its day."""
    low, high = (Decimal(bound.toordinal() - 1) if isinstance(bound, date) else None for bound in (term.low, term.high))
    return Term(DatePart("days", term.node), low, high, term.nullable)
