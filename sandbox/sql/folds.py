"""Aggregates that add no noise: over the rows of one unit in a subquery, over public rows, over released groups, and
over windows of them. `sandbox.plan.fold` is what they mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from sqlglot import exp

from sandbox.plan import scalar as s
from sandbox.plan.parts import Fold, Order
from sandbox.sql import choices
from sandbox.sql.columns import Readable
from sandbox.sql.conditions import is_null, logic, negate, truthy
from sandbox.sql.moments import moment
from sandbox.sql.numbers import check_digits
from sandbox.sql.terms import Term, literal, quote, refuse, unbounded

MOST_GROUPS = 10**12  # more rows than any relation has that nothing bounds
_TRUTHS: dict[type[exp.Expr], Fold] = {exp.LogicalAnd: "every", exp.LogicalOr: "some"}
_ENDS: dict[type[exp.Expr], Fold] = {exp.Min: "min", exp.Max: "max", exp.AnyValue: "min"}
ENDS = (exp.ArgMax, exp.ArgMin)
KNOWN = "COUNT, SUM, AVG, MIN, MAX, COUNT(DISTINCT …), ARG_MAX, ARG_MIN, BOOL_AND, BOOL_OR and ANY_VALUE"
_SPREADS: dict[type[exp.Expr], Fold] = {
    exp.Median: "median", exp.VariancePop: "var_pop", exp.Variance: "var_samp", exp.StddevPop: "stddev_pop",
    exp.Stddev: "stddev_samp", exp.StddevSamp: "stddev_samp",
}  # fmt: skip


@dataclass(frozen=True)
class Folded:
    """An aggregate of `expr`, and what is known of its value; the node of `term` is still that of `expr`."""

    what: Fold
    expr: s.Scalar | None
    term: Term
    second: s.Scalar | None = None
    rank: tuple[int, int] | None = None

    @property
    def type(self) -> s.Type:
        return self.term.type


def folded(node: exp.Expr, row: Readable, most: int, digits: int, *, exact: bool = False) -> Folded:
    """Give what the aggregate `node` is of at most `most` rows, with or without FILTER; `exact`: of groups of rows that
    are served exactly. Raises `Problem`."""
    written, condition = node, None
    if isinstance(node, exp.Filter):
        condition = row.builder.condition(node.expression.this, "FILTER")
        node = node.this.unnest()
    if isinstance(node, exp.CountIf):
        own = row.builder.condition(node.this, "COUNT_IF")
        condition = own if condition is None else logic("and", [condition, own])
        node = exp.Count(this=exp.Star())
    if isinstance(node, exp.Count):
        return _count(node, row, condition, most)
    if isinstance(node, exp.Sum) and not isinstance(node.this, exp.Distinct):
        term = row.builder.term(node.this)
        if term.type == s.BOOLEAN and not term.null:
            return _count(exp.Count(this=exp.Star()), row, _all(condition, term), most)
    if isinstance(node, (exp.Sum, exp.Avg)):
        return _number(node, _where(condition, _argument(node, row)), most, digits)
    if type(node) in _TRUTHS:
        term = _where(condition, truthy(_argument(node, row)))
        return Folded(_TRUTHS[type(node)], term.node, term)
    if type(node) in _ENDS:
        term = _where(condition, _argument(node, row))
        return Folded(_ENDS[type(node)], term.node, term)
    if type(node) in _SPREADS and row.builder.released:
        return _spread(node, _where(condition, _argument(node, row)))
    if isinstance(node, exp.First) and condition is None:
        term = _argument(node, row)
        return Folded("first", term.node, term)
    if exact and (found := moment(node, row, lambda term: _where(condition, term), most, digits)):
        return Folded(found.what, found.parts[0], found.term, (*found.parts, None)[1], found.rank)
    raise refuse(
        f"{quote(written)}: of the rows of one unit, and of released groups, {KNOWN} are built; of released groups "
        "MEDIAN, VAR and STDDEV too; of groups of rows that are served exactly quantiles, COVAR, CORR and REGR_… "
        "as well, but not over windows."
    )


def at_end(node: exp.Expr, row: Readable) -> tuple[Term, Order]:
    """Give what ARG_MAX or ARG_MIN, with or without FILTER, shows of a row, and the order in which it looks for the
    row: NULL where it does not look. Raises `Problem`."""
    condition = None
    if isinstance(node, exp.Filter):
        condition = row.builder.condition(node.expression.this, "FILTER")
        node = node.this.unnest()
    if node.expression is None or node.args.get("count"):
        raise refuse(f"{quote(node)} takes two columns: what to show, and by what.")
    value, by = row.builder.term(node.this), row.builder.term(node.expression)
    if value.null or by.null:
        raise refuse(f"{quote(node)} of NULL is NULL; write a column.")
    looked = _where(condition, by)
    present = negate(is_null(looked)) if looked.nullable else None
    order = Order(looked.node, isinstance(node, exp.ArgMax), nulls_first=False)
    return replace(_where(present, value), nullable=True), order


def placed_term(one: Folded, column: s.Column) -> Term:
    """Give the term of the column that holds the aggregate."""
    return replace(one.term, node=column, listing=None)


def bounds(one: Folded, bounded: bool) -> tuple[Decimal | None, Decimal | None]:
    """Give the bounds of the column that holds the aggregate."""
    span = one.term.range if bounded and one.type.numeric else None
    return span or (None, None)


def _count(node: exp.Count, row: Readable, condition: Term | None, most: int) -> Folded:
    counted, distinct = node.this, isinstance(node.this, exp.Distinct)
    if distinct:
        if len(counted.expressions) != 1:
            raise refuse(f"{quote(node)} takes one column.")
        counted = counted.expressions[0]
    if counted is None or isinstance(counted, exp.Star):
        term = None if condition is None else _where(condition, literal(1))
    else:
        term = _where(condition, row.counted(counted) or row.builder.term(counted))
        if not distinct and not term.nullable:
            term = None
    known = Term(s.Constant(0, s.INTEGER), Decimal(0), Decimal(most), False)
    if term is None:
        return Folded("rows", None, known)
    return Folded("distinct" if distinct else "values", term.node, known)


def _number(node: exp.AggFunc, term: Term, most: int, digits: int) -> Folded:
    name = node.sql_name()
    if term.null or not term.type.numeric:
        raise refuse(f"{name} takes numbers; {quote(node)} has none. Write COUNT(*) to count rows.")
    if term.range is None:
        raise unbounded(term, quote(node))
    low, high = term.range
    if isinstance(node, exp.Avg):
        kind = s.Type("decimal", term.type.scale + 4)
        return Folded("average", term.node, Term(s.Constant(None, kind), low, high, term.nullable))
    with localcontext(prec=300):
        span = min(low, low * most), max(high, high * most)
    check_digits(span, term.type, digits)
    return Folded("sum", term.node, Term(s.Constant(None, term.type), *span, term.nullable))


def _spread(node: exp.Expr, term: Term) -> Folded:
    """A median, a variance or a deviation of released values: of two values half-way, at most as far as they reach."""
    what = _SPREADS[type(node)]
    if term.null or not term.type.numeric or term.range is None:
        raise refuse(f"{quote(node)} takes numbers; write COUNT(*) to count rows.")
    low, high = term.range
    with localcontext(prec=300):
        far = high - low
        span = {"median": (low, high), "stddev_pop": (Decimal(0), far), "stddev_samp": (Decimal(0), far)}.get(
            what, (Decimal(0), far * far)
        )
    scale = {"median": term.type.scale + 1, "var_pop": 2 * term.type.scale + 4, "var_samp": 2 * term.type.scale + 4}
    kind = s.Type("decimal", scale.get(what, term.type.scale + 4))
    return Folded(what, term.node, Term(s.Constant(None, kind), *span, True))


def _argument(node: exp.Expr, row: Readable) -> Term:
    argument = node.this
    if isinstance(argument, (exp.Distinct, exp.Order)) or argument is None:
        raise refuse(f"{quote(node)} takes one column, without DISTINCT or ORDER BY.")
    return row.builder.term(argument)


def _where(condition: Term | None, term: Term) -> Term:
    return term if condition is None else choices.case([(condition, term)], literal(None))


def _all(condition: Term | None, term: Term) -> Term:
    return term if condition is None else logic("and", [condition, term])
