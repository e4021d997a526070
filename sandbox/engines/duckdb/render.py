"""A block's bounded exact aggregates as SQL.

The rows of its relation, with keys and measured expressions computed → at most R rows of a unit in a group, at most L0
groups of a unit → one row of aggregates per group. Noise and everything after it is elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from sandbox.engines.duckdb.norms import weights
from sandbox.engines.duckdb.relations import UNIT, Relations, Rows, column, digits, over
from sandbox.engines.duckdb.scalars import Scalars, clamped
from sandbox.engines.width import width
from sandbox.plan.block import WEIGHT, Block, Measurement


@dataclass(frozen=True)
class Query:
    """SQL with named text parameters: keys, then the measurements `measured` (places in the block). `scales` says of
    each key in which fixed point it comes, None if it is not a number."""

    sql: str
    parameters: dict[str, str]
    scales: tuple[int | None, ...]
    measured: tuple[int, ...]


def render(block: Block) -> list[Query]:
    """Give the statements that together measure `block`; raises ValueError when a number could be beyond 2¹²⁶."""
    places = range(len(block.measurements))
    plain = [place for place in places if block.measurements[place].norm is None and not _is_quantile(block, place)]
    found = [_query(block, (place,), exp.Select) for place in places if _is_quantile(block, place)]
    found += [_query(block, (place,), exp.Select) for place in places if block.measurements[place].norm is not None]
    return ([_query(block, tuple(plain), exp.Select)] if plain else []) + found


def _is_quantile(block: Block, place: int) -> bool:
    return block.measurements[place].what == "quantile"


def _query(block: Block, measured: tuple[int, ...], kind: type[exp.Select]) -> Query:
    scalars = Scalars()
    relations = Relations(scalars)
    keys = [f"k{place}" for place in range(len(block.keys))]
    picked = [block.measurements[place] for place in measured]
    truncates = block.bounds.truncates and not any(m.norm for m in picked)
    rows = relations.rows(block.rows, placed=truncates)
    relation = _computed(block, picked, rows, keys, scalars)
    if truncates:
        relation = _bounded(block, relation, keys, rows.places)
    group = [column(key) for key in keys]
    aggregates = [exp.alias_(_aggregate(m, f"e{place}"), f"m{place}") for place, m in enumerate(picked)]
    bins = [column("e0")] if picked[0].what == "quantile" else []
    if bins:
        relation = exp.select("*").from_(relation.subquery("present")).where(exp.Not(this=_is_null(bins[0])))
        aggregates = [exp.alias_(exp.Count(this=exp.Star()), "m0")]
    query = exp.select(*group, *bins, *aggregates).from_(relation.subquery("bounded"))
    if group or bins:
        query = query.group_by(*group, *bins)
    scales = tuple(width(key.expr).scale if key.expr.type.numeric else None for key in block.keys)
    return Query(query.sql("duckdb", identify=True), scalars.parameters, scales, measured)


def _computed(block: Block, picked: list[Measurement], rows: Rows, keys: list[str], scalars: Scalars) -> exp.Select:
    """Rows with keys k… and measured values e…, and what bounding needs."""
    hidden = [column(UNIT), *(column(name) for name in rows.places)]
    named = [exp.alias_(scalars.render(key.expr), name) for key, name in zip(block.keys, keys, strict=True)]
    values = [exp.alias_(_value(m, scalars), f"e{place}") for place, m in enumerate(picked) if m.expr or m.norm]
    source = exp.select(*hidden, *named, *values).from_(rows.select.subquery("rows"))
    norm = next((m.norm for m in picked if m.norm), None)
    if norm is not None:
        source = source.join(
            weights(block, picked[0], norm).subquery("weights"), using=exp.to_identifier(UNIT, quoted=True)
        )
    return source


def _value(m: Measurement, scalars: Scalars) -> exp.Expression:
    """The integer, bin or counted value of a row; NULL where it does not count."""
    weight = column("__weight")
    if m.expr is None:
        return weight
    if m.what in ("values", "distinct", "units"):
        value = scalars.render(m.expr)
        return value if m.norm is None else exp.Case(ifs=[exp.If(this=exp.Not(this=_is_null(value)), true=weight)])
    own = width(m.expr)
    scale = m.scale - (WEIGHT if m.norm else 0)
    if scale < own.scale:
        raise ValueError("a sum keeps the exact precision of its rows")
    number = clamped(scalars.number(m.expr, own.at(scale)), m.lower, m.upper, m.centre)
    if m.what == "quantile":
        moved = exp.Paren(this=exp.Sub(this=number, expression=digits(m.lower)))
        return exp.cast(exp.BitwiseRightShift(this=exp.cast(moved, "BIGINT"), expression=digits(m.shift)), "BIGINT")
    return number if m.norm is None else exp.Mul(this=exp.cast(number, "HUGEINT"), expression=weight)


def _aggregate(m: Measurement, measured: str) -> exp.Expression:
    summed = exp.Coalesce(this=exp.Sum(this=column(measured)), expressions=[exp.Literal.number("0")])
    if m.norm is not None:
        return summed
    match m.what:
        case "rows":
            return exp.Count(this=exp.Star())
        case "units":
            unit: exp.Expression = column(UNIT)
            if m.expr is not None:
                unit = exp.Case(ifs=[exp.If(this=exp.Not(this=_is_null(column(measured))), true=unit)])
            return exp.Count(this=exp.Distinct(expressions=[unit]))
        case "values":
            return exp.Count(this=column(measured))
        case "distinct":
            return exp.Count(this=exp.Distinct(expressions=[column(measured)]))
        case _:
            return summed


def _bounded(block: Block, rows: exp.Select, keys: list[str], places: list[str]) -> exp.Select:
    """Drop what a unit has beyond R rows in a group and beyond L0 groups, where that can be."""
    few_rows = block.bounds.rows_per_group < block.bounds.rows
    few_groups = bool(keys) and block.bounds.groups < block.bounds.rows
    unit, group, order = column(UNIT), [column(UNIT), *map(column, keys)], [column(name) for name in places]
    place = over(exp.RowNumber(), group, order)
    ranked = exp.select("*", exp.alias_(place, "__place")).from_(rows.subquery("kept"))
    conditions = [exp.LTE(this=column("__place"), expression=digits(block.bounds.rows_per_group))] if few_rows else []
    if few_groups:
        rank = over(exp.RowNumber(), [unit], order)
        ranked = exp.select("*", exp.alias_(rank, "__rank")).from_(ranked.subquery("placed"))
        first = over(exp.Min(this=column("__rank")), group, [])
        ranked = exp.select("*", exp.alias_(first, "__first")).from_(ranked.subquery("numbered"))
        number = over(exp.DenseRank(), [unit], [column("__first")])
        ranked = exp.select("*", exp.alias_(number, "__group")).from_(ranked.subquery("firsts"))
        conditions.append(exp.LTE(this=column("__group"), expression=digits(block.bounds.groups)))
    return exp.select("*").from_(ranked.subquery("ranked")).where(*conditions)


def _is_null(value: exp.Expression) -> exp.Expression:
    return exp.Paren(this=exp.Is(this=value, expression=exp.null()))
