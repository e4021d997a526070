"""Aggregates to asks: what COUNT, SUM, AVG, quantiles and the statistics mean over the rows of protected units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlglot import exp

from sandbox.plan.plan import Statistic
from sandbox.plan.scalar import BOOLEAN, Constant
from sandbox.sql import choices
from sandbox.sql.columns import Row
from sandbox.sql.conditions import is_null, logic, negate
from sandbox.sql.draft import Ask
from sandbox.sql.fields import UNIT
from sandbox.sql.quantiles import QUANTILES, quantile
from sandbox.sql.spelling import PAIRS, REFUSED_AGGREGATES, SINGLE
from sandbox.sql.terms import Term, literal, quote, refuse, unbounded

Measure = Literal["sum", "average"] | Statistic
MEASURES: dict[type[exp.Expr], Measure] = {
    exp.Sum: "sum", exp.Avg: "average",
    exp.VariancePop: "var_pop", exp.Variance: "var_samp",
    exp.StddevPop: "stddev_pop", exp.Stddev: "stddev_samp", exp.StddevSamp: "stddev_samp",
    exp.CovarPop: "covar_pop", exp.CovarSamp: "covar_samp", exp.Corr: "corr",
    exp.RegrSlope: "regr_slope", exp.RegrIntercept: "regr_intercept", exp.RegrR2: "regr_r2",
    exp.RegrSxx: "regr_sxx", exp.RegrSyy: "regr_syy", exp.RegrSxy: "regr_sxy",
    exp.RegrAvgx: "average", exp.RegrAvgy: "average",
}  # fmt: skip
_OF_FIRST = (exp.RegrAvgy, exp.RegrSyy)
_OF_SECOND = (exp.RegrAvgx, exp.RegrSxx)
_KNOWN = (exp.Count, exp.Sum, exp.Avg, exp.Corr, *SINGLE, *PAIRS, *QUANTILES)


def ask(node: exp.Expr, row: Row) -> Ask:
    """Give what the aggregate `node`, with or without FILTER, asks for. Raises `Problem` (bound_missing when a number
    has no bounds)."""
    node, condition = _filtered(node, row)
    if isinstance(node, exp.Count):
        return _count(node, row, condition)
    if isinstance(node, QUANTILES):
        return quantile(node, row, lambda term: _where(condition, term))
    if isinstance(node, exp.RegrCount):
        first, second = (_term(node, one, row) for one in (node.this, node.expression))
        return _rows([condition, _present(first), _present(second)])
    if isinstance(node, exp.Sum) and node.this is not None and not isinstance(node.this, exp.Distinct):
        term = row.builder.term(node.this)
        if term.type == BOOLEAN and not term.null:
            return _rows([condition, term])
    term = _number(node, node.this, row, condition)
    if not isinstance(node, (exp.Corr, *PAIRS)):
        return Ask(MEASURES[type(node)], term)
    second = _number(node, node.expression, row, condition)
    both = _where(_present(second), term), _where(_present(term), second)
    if isinstance(node, (*_OF_FIRST, *_OF_SECOND)):
        return Ask(MEASURES[type(node)], both[isinstance(node, _OF_SECOND)])
    return Ask(MEASURES[type(node)], *both)


def _number(node: exp.AggFunc, argument: exp.Expr | None, row: Row, condition: Term | None) -> Term:
    """The bounded number that `node` is of, where the condition holds."""
    if isinstance(argument, exp.Distinct):
        name, what = node.sql_name(), quote(argument.expressions[0])
        raise refuse(
            f"{quote(node)}: whether a value is there at all can hang on one {row.unit}; write {name}(…) over a "
            f"subquery, SELECT DISTINCT {what} for the values that show, or SELECT DISTINCT {row.unit}, {what} for "
            f"each once a {row.unit}."
        )
    name = node.sql_name()
    term = _term(node, argument, row)
    of = "" if argument is None else quote(argument)
    if term.null or not term.type.numeric:
        raise refuse(f"{name} takes numbers; {of} is none. Write COUNT(*) to count rows.")
    if term.range is None:
        raise unbounded(term, f"{name} of {of}")
    return _where(condition, term)


def _term(node: exp.Expr, argument: exp.Expr | None, row: Row) -> Term:
    if argument is None:
        raise refuse(f"{quote(node)} takes two numbers, the dependent one first; write both.")
    return row.builder.term(argument)


def _present(term: Term) -> Term | None:
    return negate(is_null(term)) if term.nullable else None


def _filtered(node: exp.Expr, row: Row) -> tuple[exp.AggFunc, Term | None]:
    """The aggregate without its FILTER, and the condition, None where there is none or it is always true.
    COUNT_IF(c) is COUNT(*) FILTER (WHERE c)."""
    conditions = []
    if isinstance(node, exp.Filter):
        conditions.append(row.builder.condition(node.expression.this, "FILTER"))
        node = node.this.unnest()
    if isinstance(node, exp.CountIf):
        conditions.append(row.builder.condition(node.this, "COUNT_IF"))
        node = exp.Count(this=exp.Star())
    if not isinstance(node, exp.AggFunc) or not isinstance(node, _KNOWN):
        known = next((kind for kind in type(node).__mro__ if kind in REFUSED_AGGREGATES), None)
        raise refuse(
            REFUSED_AGGREGATES[known] if known else "FILTER stands after an aggregate; write COUNT(*) FILTER (…)."
        )
    return node, _all(conditions)


def _all(conditions: Sequence[Term | None]) -> Term | None:
    found = logic("and", [one for one in conditions if one is not None])
    return None if isinstance(found.node, Constant) and found.node.value is True else found


def _where(condition: Term | None, term: Term) -> Term:
    """`term` where the condition holds, else NULL, which aggregates leave out."""
    return term if condition is None else choices.case([(condition, term)], literal(None))


def _count(node: exp.Count, row: Row, condition: Term | None) -> Ask:
    counted = node.this
    if isinstance(counted, exp.Distinct):
        return _distinct(counted.expressions, row, condition)
    if counted is None or isinstance(counted, exp.Star) or _is_unit(counted, row):  # every row that is kept has a unit
        return _rows([condition])
    term = row.counted(counted) or row.builder.term(counted)
    if term.null:
        raise refuse("COUNT(NULL) counts nothing; write COUNT(*).")
    return Ask("values", _where(condition, term)) if term.nullable else _rows([condition])


def _distinct(counted: Sequence[exp.Expr], row: Row, condition: Term | None) -> Ask:
    if len(counted) != 1:
        raise refuse("COUNT(DISTINCT …) takes one column; name the others in GROUP BY.")
    if _is_unit(counted[0], row):
        return Ask("units", None if condition is None else _where(condition, literal(1)))
    missing = row.counted(counted[0])
    field = row.named(counted[0])
    if missing is not None and field is not None and field.kin == UNIT:  # the unit of a row that may be missing
        return Ask("units", _where(condition, missing))
    term = missing or row.builder.term(counted[0])
    if term.null:
        raise refuse("COUNT(DISTINCT NULL) counts nothing; write COUNT(*).")
    return Ask("distinct", _where(condition, term))


def _rows(conditions: Sequence[Term | None]) -> Ask:
    """How many rows there are where all conditions hold."""
    condition = _all(conditions)
    return Ask("rows") if condition is None else Ask("values", _where(condition, literal(1)))


def _is_unit(node: exp.Expr, row: Row) -> bool:
    inner = node.unnest()
    return isinstance(inner, exp.Column) and row.column(inner).unit
