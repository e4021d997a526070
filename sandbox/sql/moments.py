"""Statistics of groups of rows that are served exactly: variances, medians, quantiles, and those of two columns. They
have the types that the noisy ones have, but that a value between two has the decimals that it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext

from sqlglot import exp

from sandbox.plan import scalar as s
from sandbox.plan.parts import Fold
from sandbox.sql import choices
from sandbox.sql.columns import Readable
from sandbox.sql.conditions import is_null, negate
from sandbox.sql.numbers import check_digits
from sandbox.sql.quantiles import rank_asked
from sandbox.sql.spelling import FALLING, PAIRS, RANKED, SINGLE
from sandbox.sql.terms import Term, literal, quote, refuse, unbounded

ONE: dict[type[exp.Expr], Fold] = {
    exp.VariancePop: "var_pop", exp.Variance: "var_samp", exp.StddevPop: "stddev_pop", exp.Stddev: "stddev_samp",
    exp.StddevSamp: "stddev_samp", exp.RegrSxx: "regr_sxx", exp.RegrSyy: "regr_sxx", exp.RegrAvgx: "average",
    exp.RegrAvgy: "average",
}  # fmt: skip
TWO: dict[type[exp.Expr], Fold] = {
    exp.CovarPop: "covar_pop", exp.CovarSamp: "covar_samp", exp.Corr: "corr", exp.RegrSlope: "regr_slope",
    exp.RegrIntercept: "regr_intercept", exp.RegrR2: "regr_r2", exp.RegrSxy: "regr_sxy",
}  # fmt: skip
FINER = 4
"""Decimals of a statistic beyond those of what it is of."""


@dataclass(frozen=True)
class Moment:
    """What is asked: of one expression or of two, the one that depends first; what is known of the value."""

    what: Fold
    parts: tuple[s.Scalar, ...]
    term: Term
    rank: tuple[int, int] | None = None


def moment(node: exp.Expr, row: Readable, where: Callable[[Term], Term], most: int, digits: int) -> Moment | None:
    """Give the statistic that `node` asks of at most `most` rows, None for another aggregate; `where` leaves out the
    rows that FILTER does. Raises `Problem` (bound_missing for a number without bounds)."""
    if isinstance(node, RANKED):
        return _ranked(node, row, where, digits)
    if not isinstance(node, (exp.Corr, *SINGLE, *PAIRS)):
        return None
    a = where(_number(node, node.this, row))
    if isinstance(node, SINGLE):
        return _single(ONE[type(node)], a, most, digits)
    b = where(_number(node, node.expression, row))
    if isinstance(node, exp.RegrCount):
        counted = _both(b, _both(a, literal(1)))
        return Moment("values", (counted.node,), Term(s.Constant(0, s.INTEGER), Decimal(0), Decimal(most), False))
    if type(node) in ONE:
        first = isinstance(node, exp.RegrSyy | exp.RegrAvgy)
        return _single(ONE[type(node)], _both(b, a) if first else _both(a, b), most, digits)
    return _pair(TWO[type(node)], a, b, most, digits)


def _ranked(node: exp.Expr, row: Readable, where: Callable[[Term], Term], digits: int) -> Moment:
    argument = node.this
    if argument is None or isinstance(argument, exp.Distinct | exp.Order):
        raise refuse(f"{quote(node)} takes one column, without DISTINCT or ORDER BY.")
    assert isinstance(node, exp.AggFunc)
    rank = rank_asked(node, row)
    term = where(row.builder.term(argument))
    if term.null:
        raise refuse(f"{quote(node)} of NULL is NULL; write a column.")
    if not isinstance(node, exp.Median | exp.PercentileCont) or not term.type.numeric:
        if isinstance(node, exp.Median | exp.PercentileCont) and term.type != s.DATE:
            raise refuse(f"{quote(node)} takes numbers and dates; write QUANTILE_DISC for a value that is there.")
        found, falls = Term(s.Constant(None, term.type), term.low, term.high, True), bool(node.meta.get(FALLING))
        what: Fold = "quantile_desc" if falls else "quantile_disc"
        return Moment(what, (term.node,), found, (1 - rank if falls else rank).as_integer_ratio())
    if term.range is None:
        raise unbounded(term, quote(node))
    if isinstance(node, exp.Median):
        return Moment("median", (term.node,), _value(term.range, term.type.scale + 1, digits))
    value = _value(term.range, term.type.scale + FINER, digits)
    return Moment("quantile_cont", (term.node,), value, rank.as_integer_ratio())


def _single(what: Fold, term: Term, most: int, digits: int) -> Moment:
    assert term.range is not None
    low, high = term.range
    scale = term.type.scale
    with localcontext(prec=300):
        far = high - low
        match what:
            case "average":
                span, scale = (low, high), scale + FINER
            case "stddev_pop" | "stddev_samp":
                span, scale = (Decimal(0), far), scale + FINER
            case "regr_sxx":
                span, scale = (Decimal(0), far * far * most), 2 * scale + FINER
            case _:
                span, scale = (Decimal(0), far * far), 2 * scale + FINER
    return Moment(what, (term.node,), _value(span, scale, digits))


def _pair(what: Fold, a: Term, b: Term, most: int, digits: int) -> Moment:
    assert a.range is not None and b.range is not None
    scale = a.type.scale + b.type.scale + FINER
    with localcontext(prec=300):
        far = (a.range[1] - a.range[0]) * (b.range[1] - b.range[0])
        steep = (a.range[1] - a.range[0]).scaleb(b.type.scale)  # no slope is steeper than from end to end in one step
        match what:
            case "corr" | "regr_r2":
                far, scale = Decimal(1), 6
            case "regr_sxy":
                far *= most
            case "regr_slope":
                far, scale = steep, 12
            case "regr_intercept":
                far, scale = max(map(abs, a.range)) + steep * max(map(abs, b.range)), a.type.scale + FINER
    low = Decimal(0) if what == "regr_r2" else -far
    return Moment(what, (a.node, b.node), _value((low, far), scale, digits))


def _value(span: tuple[Decimal, Decimal], scale: int, digits: int) -> Term:
    """A value within `span`, whose ends are widened to whole numbers. Raises `Problem` for one that is too long."""
    kind = s.Type("decimal", scale)
    with localcontext(prec=300):
        low, high = span[0].to_integral_value(ROUND_FLOOR), span[1].to_integral_value(ROUND_CEILING)
    check_digits((low, high), kind, digits)
    return Term(s.Constant(None, kind), low, high, True)


def _number(node: exp.Expr, argument: exp.Expr | None, row: Readable) -> Term:
    if argument is None or isinstance(argument, exp.Distinct | exp.Order):
        raise refuse(f"{quote(node)} takes columns, without DISTINCT or ORDER BY.")
    term = row.builder.term(argument)
    if term.null or not term.type.numeric:
        raise refuse(f"{quote(node)} takes numbers; {quote(argument)} is none. Write COUNT(*) to count rows.")
    if term.range is None:
        raise unbounded(term, quote(node))
    return term


def _both(other: Term, term: Term) -> Term:
    """`term` where the other is not NULL either."""
    return choices.case([(negate(is_null(other)), term)], literal(None)) if other.nullable else term
