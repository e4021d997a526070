"""A block's bounded exact aggregates as SQL over the version as it is stored.

The rows of its relation, with keys and measured expressions computed → at most R rows of a unit in a group, at most L0
groups of a unit → one row of aggregates per group. Noise and everything after it is elsewhere. Keys and values are
codes for as long as they can be: a coded key is grouped by its code, and its text stays behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from sandbox.engines.duckdb import bounding, histograms, tallying, weighing
from sandbox.engines.duckdb.counts import GROUP, ROW, counted
from sandbox.engines.duckdb.facts import BOUNDED, FIRST, Facts
from sandbox.engines.duckdb.keys import Keys
from sandbox.engines.duckdb.measures import Counting, value
from sandbox.engines.duckdb.norms import weights
from sandbox.engines.duckdb.relations import Relations, Rows
from sandbox.engines.duckdb.scalars import Scalars
from sandbox.engines.duckdb.terms import column, digits
from sandbox.engines.layout import UNIT
from sandbox.plan.block import Block, Measurement

PIECE = 1 << 19  # rows that the child numbers at a time


@dataclass(frozen=True)
class Query:
    """SQL with named text parameters: keys, then the measurements `measured` (places in the block). `pieces`: what the
    child makes of the rows first, see `ordinals`."""

    sql: str
    parameters: dict[str, str]
    keys: Keys
    measured: tuple[int, ...]
    pieces: dict[str, Any] | None = field(default=None)


def render(block: Block, facts: Facts) -> list[Query]:
    """Give the statements that together measure `block`; raises ValueError when a number could be beyond 2¹²⁶."""
    measured = list(enumerate(block.measurements))
    plain = [place for place, m in measured if m.norm is None and m.what != "quantile"]
    found = [_plain(block, plain, facts)] if plain else []
    bins: dict[tuple[object, ...], list[int]] = {}
    for place, m in measured:
        if m.what == "quantile":
            bins.setdefault((m.expr, m.scale, m.lower, m.upper, m.shift), []).append(place)
    found += [_plain(block, places, facts) for places in bins.values()]
    weighed = [place for place, m in measured if m.norm is not None]
    indexed = [place for place in weighed if weighing.bucket(block, block.measurements[place], facts)]
    found += [_indexed(block, indexed, facts)] if indexed else []
    others = [place for place in weighed if place not in indexed]
    together = _tallied(block, others, facts) if others else None
    return found + ([together] if together else [_weighed(block, place, facts) for place in others])


def _plain(block: Block, measured: Sequence[int], facts: Facts) -> Query:
    """Numbers of one statement, or the one histogram of several quantiles."""
    picked = [block.measurements[place] for place in measured]
    histogram = picked[0].what == "quantile"
    lined = bounding.lined(block.rows)
    ordinals = bounding.ordinals(block, facts, lined)
    limits = bounding.limits(block, facts, lined)
    usable = ordinals is not None and ordinals.keep(limits)
    if limits and not usable and bounding.counted_once(limits, block, picked):
        limits, picked = bounding.Limits(None, None), [replace(m, what="units") for m in picked]
    pieces, windows = bool(limits) and not usable and facts.whole, bool(limits) and not usable and not facts.whole
    scalars = Scalars()
    relations = Relations(scalars, facts, ranged=pieces)
    rows = relations.rows(block.rows, placed=pieces or windows)
    scalars = scalars.on(rows.scope)
    keys = Keys.of(block, scalars, facts)
    own = picked[:1] if histogram else picked
    if not (histogram or pieces):
        keys = keys.fitting(len(own), facts.rows)
    computed = _computed(rows, keys, own, scalars, unit=pieces or windows, binned=pieces)
    first: exp.Expression | None = None
    conditions: list[exp.Expression] = []
    sums: list[exp.Expression] | None = None
    if usable and ordinals is not None:
        scan = relations.scan_of(ordinals.scan)
        counts = any(m.what == "units" for m in picked)
        if limits.rows is not None or counts:
            computed = computed.select(exp.alias_(scan.hidden(ordinals.rows), ROW, quoted=True))
            first = exp.EQ(this=column(ROW), expression=digits(0))
        if limits.rows is not None:
            conditions.append(exp.LT(this=column(ROW), expression=digits(limits.rows)))
        if limits.groups is not None and ordinals.groups is not None:
            computed = computed.select(exp.alias_(scan.hidden(ordinals.groups), GROUP, quoted=True))
            conditions.append(exp.LT(this=column(GROUP), expression=digits(limits.groups)))
        sums = counted(picked, limits) if conditions and keys.names else None
    if windows:
        computed = bounding.numbered(computed, limits, keys.names, rows.places)
    if pieces:
        first = column(FIRST)
    source: exp.Expression = exp.to_table(BOUNDED) if pieces else computed.subquery("bounded", copy=False)
    once = block.bounds.rows == 1 or (limits.rows == 1)
    counting = Counting(facts, scalars, keys.groups, first, once)
    if histogram:
        most = facts.units * block.bounds.rows if facts.whole else None
        query = histograms.rows_by_bin(source, keys, picked[0], facts.rows, most, binned=pieces)
    else:
        found = sums or [counting.aggregate(m, f"e{at}") for at, m in enumerate(picked)]
        named = [exp.alias_(one, f"m{at}") for at, one in enumerate(found)]
        query = exp.select(*keys.columns, *named).from_(source, copy=False)
        query = query.group_by(*keys.grouped, copy=False) if keys.names else query
    if sums:
        query = query.having(exp.GT(this=column("m0"), expression=digits(0)), copy=False)
    elif conditions:
        query = query.where(*conditions, copy=False)
    asked = None
    if pieces:
        asked = _pieces(relations, computed, facts, limits, places=len(rows.places), keys=len(keys.names))
        asked["unit"] = any(m.what == "units" and m.expr is not None for m in picked)
        asked["tally"] = tallying.bounded(block, keys, own, facts, once=once)
    sql, parameters = relations.finished(query)
    return Query(sql, parameters, keys, tuple(measured), asked)


def _computed(
    rows: Rows,
    keys: Keys,
    picked: Sequence[Measurement],
    scalars: Scalars,
    *,
    unit: bool,
    binned: bool,
) -> exp.Select:
    """Rows with their unit, keys k… and measured values e… – of a quantile `binned`, or the clamped number –; what
    orders the rows first where it is asked for."""
    units = unit or any(m.what == "units" for m in picked)
    hidden = [column(UNIT)] * units + [column(name) for name in rows.places]
    values = []
    for place, m in enumerate(picked):
        if m.expr is not None:
            number = value(m, scalars)
            found = histograms.bin_of(number, m) if binned and m.what == "quantile" else number
            values.append(exp.alias_(found, f"e{place}"))
    shown = [*hidden, *keys.named, *values] or [exp.alias_(digits(1), "__row", quoted=True)]
    return exp.select(*shown).from_(rows.select.subquery("rows", copy=False), copy=False)


def _indexed(block: Block, measured: Sequence[int], facts: Facts) -> Query:
    """All measurements whose norms stand in the index."""
    scalars = Scalars()
    relations = Relations(scalars, facts)
    rows = relations.rows(block.rows, placed=False)
    scalars = scalars.on(rows.scope)
    keys = Keys.of(block, scalars, facts)
    picked = [block.measurements[place] for place in measured]
    keys = keys.fitting(len(picked), facts.rows, weighing.BUCKET_BITS)
    query = weighing.statement(block, picked, facts, relations, rows, keys, scalars)
    sql, parameters = relations.finished(query)
    return Query(sql, parameters, keys, tuple(measured))


def _tallied(block: Block, measured: Sequence[int], facts: Facts) -> Query | None:
    """All measurements whose norms are computed, weighed and added up by the child; None if that is not for it."""
    made = tallying.weighed(block, [block.measurements[place] for place in measured], facts)
    if made is None:
        return None
    keys, piece, relations, tally = made
    asked = _pieces(relations, piece, facts, bounding.Limits(None, None), places=0, keys=len(keys.names))
    return Query("", {}, keys, tuple(measured), asked | {"tally": tally})


def _weighed(block: Block, place: int, facts: Facts) -> Query:
    """One measurement, weighed by norms that are computed here – of whole units, piece by piece."""
    m = block.measurements[place]
    assert m.norm is not None
    scalars = Scalars()
    relations = Relations(scalars, facts, ranged=facts.whole)
    rows = relations.rows(block.rows, placed=False)
    scalars = scalars.on(rows.scope)
    keys = Keys.of(block, scalars, facts)
    weighed = exp.alias_(value(m, scalars, column("__weight")), "e0")
    source = exp.select(*keys.named, weighed).from_(rows.select.subquery("rows", copy=False), copy=False)
    listed = weights(block, m, m.norm, relations).subquery("weights", copy=False)
    source = source.join(listed, using=exp.to_identifier(UNIT, quoted=True))
    query = _summed(keys, source.subquery("rows_weighed", copy=False), "e0")
    asked = None
    if facts.whole:
        asked = _pieces(relations, query, facts, bounding.Limits(None, None), places=0, keys=len(keys.names))
        query = _summed(keys, exp.to_table(BOUNDED), "m0")
    sql, parameters = relations.finished(query)
    return Query(sql, parameters, keys, (place,), asked)


def _summed(keys: Keys, source: exp.Expression, name: str) -> exp.Select:
    query = exp.select(*keys.columns, exp.alias_(weighing.total(column(name)), "m0")).from_(source, copy=False)
    return query.group_by(*keys.grouped, copy=False) if keys.names else query


def _pieces(
    relations: Relations, piece: exp.Select, facts: Facts, limits: bounding.Limits, *, places: int, keys: int
) -> dict[str, Any]:
    """What the child makes of the rows first."""
    sql, parameters = relations.finished(piece)
    return {
        "sql": sql,
        "parameters": parameters,
        "places": places,
        "keys": keys,
        "groups": limits.groups,
        "rows": limits.rows,
        "units": facts.units,
        "step": max(1, facts.units * PIECE // max(facts.rows, 1)),
    }
