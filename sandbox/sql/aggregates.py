"""Aggregates to asks: what COUNT, SUM and AVG mean over the rows of protected units."""

from __future__ import annotations

from sqlglot import exp

from sandbox.plan.scalar import Constant
from sandbox.sql import choices
from sandbox.sql.columns import Row
from sandbox.sql.conditions import logic
from sandbox.sql.draft import Ask
from sandbox.sql.scalars import quote
from sandbox.sql.terms import Term, literal, refuse, unbounded


def ask(node: exp.Expr, row: Row) -> Ask:
    """Give what the aggregate `node`, with or without FILTER, asks for. Raises `Problem` (bound_missing when a SUM or
    AVG has no bounds)."""
    node, condition = _filtered(node, row)
    if isinstance(node, exp.Count):
        return _count(node, row, condition)
    if isinstance(node.this, exp.Distinct):
        raise refuse(f"{quote(node)}: DISTINCT is for COUNT of the unit only; remove it.")
    term = row.builder.term(node.this)
    if term.null or not term.type.numeric:
        raise refuse(f"SUM and AVG take numbers; {quote(node.this)} is none. Write COUNT(*) to count rows.")
    if term.range is None:
        raise unbounded(term, f"{type(node).__name__.upper()} of {quote(node.this)}")
    return Ask("sum" if isinstance(node, exp.Sum) else "average", _where(condition, term))


def _filtered(node: exp.Expr, row: Row) -> tuple[exp.Expr, Term | None]:
    """The aggregate without its FILTER, and the condition, None where there is none or it is always true.
    COUNT_IF(c) is COUNT(*) FILTER (WHERE c)."""
    conditions = []
    if isinstance(node, exp.Filter):
        conditions.append(row.builder.condition(node.expression.this, "FILTER"))
        node = node.this.unnest()
    if isinstance(node, exp.CountIf):
        conditions.append(row.builder.condition(node.this, "COUNT_IF"))
        node = exp.Count(this=exp.Star())
    if not isinstance(node, (exp.Count, exp.Sum, exp.Avg)):
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
    return isinstance(inner, exp.Column) and row.column(inner).name == row.table.unit
