"""Aggregates to asks: what COUNT, SUM and AVG mean over the rows of protected units."""

from __future__ import annotations

from sqlglot import exp

from sandbox.sql.columns import Row
from sandbox.sql.draft import Ask
from sandbox.sql.scalars import quote
from sandbox.sql.terms import refuse, unbounded


def ask(node: exp.AggFunc, row: Row) -> Ask:
    """Give what the aggregate `node` asks for. Raises `Problem` (bound_missing when a SUM or AVG has no bounds)."""
    if isinstance(node, exp.Count):
        return _count(node, row)
    if isinstance(node.this, exp.Distinct):
        raise refuse(f"{quote(node)}: DISTINCT is for COUNT of the unit only; remove it.")
    term = row.builder.term(node.this)
    if term.null or not term.type.numeric:
        raise refuse(f"SUM and AVG take numbers; {quote(node.this)} is none. Write COUNT(*) to count rows.")
    if term.range is None:
        raise unbounded(term, f"{type(node).__name__.upper()} of {quote(node.this)}")
    return Ask("sum" if isinstance(node, exp.Sum) else "average", term)


def _count(node: exp.Count, row: Row) -> Ask:
    counted = node.this
    if counted is None or isinstance(counted, exp.Star):
        return Ask("rows")
    if isinstance(counted, exp.Distinct):
        if len(counted.expressions) == 1 and _is_unit(counted.expressions[0], row):
            return Ask("units")
        raise refuse(f"COUNT(DISTINCT …) of other columns is not built yet; write COUNT(DISTINCT {row.table.unit}).")
    if _is_unit(counted, row):  # every row that is kept has a unit
        return Ask("rows")
    term = row.builder.term(counted)
    if term.null:
        raise refuse("COUNT(NULL) counts nothing; write COUNT(*).")
    return Ask("values", term) if term.nullable else Ask("rows")


def _is_unit(node: exp.Expr, row: Row) -> bool:
    inner = node.unnest()
    return isinstance(inner, exp.Column) and row.column(inner).name == row.table.unit
