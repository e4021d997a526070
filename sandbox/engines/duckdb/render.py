"""A plan's bounded exact aggregates as one SQL statement.

Rows that pass WHERE, with keys and measured expressions computed → at most R rows of a unit in a group, at most L0
groups of a unit (in keyed-hash order) → one row of aggregates per group. Noise and everything after it is elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from sandbox.engines.duckdb.scalars import Scalars, clamped
from sandbox.engines.files import ALIAS
from sandbox.engines.width import width
from sandbox.plan.plan import Measurement, Plan

UNIT, HASH, ORDER = "__unit", "__h", "__ord"


@dataclass(frozen=True)
class Query:
    """SQL with named text parameters. `scales` says of each key in which fixed point it comes, None if not a number."""

    sql: str
    parameters: dict[str, str]
    scales: tuple[int | None, ...]


def render(plan: Plan) -> Query:
    """Give the statement; raises ValueError when a number of the plan could be beyond 2¹²⁶."""
    scalars = Scalars()
    keys = [f"k{place}" for place in range(len(plan.keys))]
    relation = _bounded(plan, _rows(plan, scalars), keys)
    measured = [_aggregate(m, f"e{place}") for place, m in enumerate(plan.measurements)]
    query = exp.select(*(_column(key) for key in keys), *(exp.alias_(m, f"m{i}") for i, m in enumerate(measured)))
    query = query.from_(relation)
    if keys:
        query = query.group_by(*(_column(key) for key in keys))
    scales = tuple(width(key.expr).scale if key.expr.type.numeric else None for key in plan.keys)
    return Query(query.sql("duckdb", identify=True), scalars.parameters, scales)


def _rows(plan: Plan, scalars: Scalars) -> exp.Select:
    hidden = [_column(name) for name in (UNIT, HASH, ORDER)]
    keys = [exp.alias_(scalars.render(key.expr), f"k{place}") for place, key in enumerate(plan.keys)]
    measured = [
        exp.alias_(_measured(m, scalars), f"e{place}")
        for place, m in enumerate(plan.measurements)
        if m.expr is not None
    ]
    rows = exp.select(*hidden, *keys, *measured).from_(exp.table_(plan.table, db="main", catalog=ALIAS, quoted=True))
    return rows if plan.where is None else rows.where(scalars.render(plan.where))


def _measured(m: Measurement, scalars: Scalars) -> exp.Expression:
    assert m.expr is not None
    if m.what != "sum":
        return scalars.render(m.expr)
    own = width(m.expr)
    if m.scale < own.scale:
        raise ValueError("a sum keeps the exact precision of its rows")
    return clamped(scalars.number(m.expr, own.at(m.scale)), m.lower, m.upper, m.centre)


def _aggregate(m: Measurement, measured: str) -> exp.Expression:
    match m.what:
        case "rows":
            return exp.Count(this=exp.Star())
        case "units":
            return exp.Count(this=exp.Distinct(expressions=[_column(UNIT)]))
        case "values":
            return exp.Count(this=_column(measured))
        case "sum":
            return exp.Coalesce(this=exp.Sum(this=_column(measured)), expressions=[exp.Literal.number("0")])


def _bounded(plan: Plan, rows: exp.Select, keys: list[str]) -> exp.Subquery:
    """Drop what a unit has beyond R rows in a group and beyond L0 groups, where that can be."""
    few_rows = plan.bounds.rows_per_group < plan.bounds.rows
    few_groups = bool(keys) and plan.bounds.groups < plan.bounds.rows
    if not (few_rows or few_groups):
        return rows.subquery("bounded")
    group = [_column(name) for name in (UNIT, *keys)]
    place = _window(exp.RowNumber(), group, [_column(HASH), _column(ORDER)])
    first = _window(exp.Min(this=_column(HASH)), group, [])
    ranked = exp.select("*", exp.alias_(place, "__place"), exp.alias_(first, "__first")).from_(rows.subquery("kept"))
    conditions = [exp.LTE(this=_column("__place"), expression=_digits(plan.bounds.rows_per_group))] if few_rows else []
    if few_groups:
        rank = _window(exp.DenseRank(), [_column(UNIT)], [_column(name) for name in ("__first", *keys)])
        ranked = exp.select("*", exp.alias_(rank, "__group")).from_(ranked.subquery("placed"))
        conditions.append(exp.LTE(this=_column("__group"), expression=_digits(plan.bounds.groups)))
    return exp.select("*").from_(ranked.subquery("ranked")).where(*conditions).subquery("bounded")


def _window(
    function: exp.Expression, partition: Sequence[exp.Expression], order: Sequence[exp.Expression]
) -> exp.Expression:
    """Give `function OVER (PARTITION BY … ORDER BY … NULLS FIRST)`: NULL is a key value, and the first."""
    by = exp.Order(expressions=[exp.Ordered(this=one, nulls_first=True) for one in order]) if order else None
    return exp.Window(this=function, partition_by=list(partition), order=by)


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)


def _digits(number: int) -> exp.Expression:
    return exp.Literal.number(str(number))
