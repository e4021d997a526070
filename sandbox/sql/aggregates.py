"""Aggregates to asks: what COUNT, SUM, AVG and the statistics mean over the rows of protected units."""

from __future__ import annotations

from typing import Literal

from sqlglot import exp

from sandbox.plan.plan import Statistic
from sandbox.plan.scalar import Constant
from sandbox.sql import choices
from sandbox.sql.columns import Row
from sandbox.sql.conditions import is_null, logic, negate
from sandbox.sql.draft import Ask
from sandbox.sql.scalars import quote
from sandbox.sql.terms import Term, literal, refuse, unbounded

Measure = Literal["sum", "average"] | Statistic
MEASURES: dict[type[exp.Expr], Measure] = {
    exp.Sum: "sum", exp.Avg: "average",
    exp.VariancePop: "var_pop", exp.Variance: "var_samp",
    exp.StddevPop: "stddev_pop", exp.Stddev: "stddev_samp", exp.StddevSamp: "stddev_samp",
    exp.CovarPop: "covar_pop", exp.CovarSamp: "covar_samp", exp.Corr: "corr",
    exp.RegrSlope: "regr_slope", exp.RegrIntercept: "regr_intercept",
}  # fmt: skip
PAIRS = (exp.CovarPop, exp.CovarSamp, exp.Corr, exp.RegrSlope, exp.RegrIntercept)


def ask(node: exp.Expr, row: Row) -> Ask:
    """Give what the aggregate `node`, with or without FILTER, asks for. Raises `Problem` (bound_missing when a number
    has no bounds)."""
    node, condition = _filtered(node, row)
    if isinstance(node, exp.Count):
        return _count(node, row, condition)
    term = _number(node, node.this, row, condition)
    if not isinstance(node, PAIRS):
        return Ask(MEASURES[type(node)], term)
    second = _number(node, node.expression, row, condition)
    return Ask(MEASURES[type(node)], _where(_present(second), term), _where(_present(term), second))


def _number(node: exp.AggFunc, argument: exp.Expr | None, row: Row, condition: Term | None) -> Term:
    """The bounded number that `node` is of, where the condition holds."""
    if isinstance(argument, exp.Distinct):
        raise refuse(f"{quote(node)}: DISTINCT is for COUNT of the unit only; remove it.")
    if argument is None:
        raise refuse(f"{quote(node)} takes two numbers, the dependent one first; write both.")
    name = node.sql_name()
    term = row.builder.term(argument)
    if term.null or not term.type.numeric:
        raise refuse(f"{name} takes numbers; {quote(argument)} is none. Write COUNT(*) to count rows.")
    if term.range is None:
        raise unbounded(term, f"{name} of {quote(argument)}")
    return _where(condition, term)


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
    if not isinstance(node, exp.AggFunc) or type(node) not in (exp.Count, *MEASURES):
        raise refuse("FILTER stands after an aggregate; write COUNT(*) FILTER (WHERE …).")
    found = logic("and", conditions)
    return node, None if isinstance(found.node, Constant) and found.node.value is True else found


def _where(condition: Term | None, term: Term) -> Term:
    """`term` where the condition holds, else NULL, which aggregates leave out."""
    return term if condition is None else choices.case([(condition, term)], literal(None))


def _count(node: exp.Count, row: Row, condition: Term | None) -> Ask:
    counted = node.this
    if isinstance(counted, exp.Distinct):
        if len(counted.expressions) != 1 or not _is_unit(counted.expressions[0], row):
            raise refuse(
                f"COUNT(DISTINCT …) of other columns is not built yet; write COUNT(DISTINCT {row.table.unit})."
            )
        if condition is not None:
            raise refuse(f"{quote(node)} takes no FILTER yet; write the condition in WHERE and ask it by itself.")
        return Ask("units")
    if counted is None or isinstance(counted, exp.Star) or _is_unit(counted, row):  # every row that is kept has a unit
        return _rows(condition)
    term = row.builder.term(counted)
    if term.null:
        raise refuse("COUNT(NULL) counts nothing; write COUNT(*).")
    return Ask("values", _where(condition, term)) if term.nullable else _rows(condition)


def _rows(condition: Term | None) -> Ask:
    return Ask("rows") if condition is None else Ask("values", _where(condition, literal(1)))


def _is_unit(node: exp.Expr, row: Row) -> bool:
    inner = node.unnest()
    return isinstance(inner, exp.Column) and row.column(inner).unit
