"""A question to a finished plan: keys, bounds, measurements, noise and threshold, from public facts alone."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Literal

from sandbox.errors import Problem
from sandbox.jobs.product import Question
from sandbox.plan.ordering import node_key, value_key
from sandbox.plan.plan import SEMANTICS, Bounds, Key, Output, Plan, Statistic, Threshold
from sandbox.privacy.convert import rho_for
from sandbox.privacy.threshold import tau
from sandbox.products.query.measure import Need, measure, needs, weigh
from sandbox.products.query.notes import notes
from sandbox.products.query.request import bounds_of, check_confidence, epsilon_of, sql_of
from sandbox.sql.compile import compile_sql
from sandbox.sql.draft import Draft, Item
from sandbox.sql.draft import Key as DraftKey

MOST_CELLS = 10_000  # a larger product of domains is not laid out; its keys become private


def compile_query(question: Question) -> Plan:
    """Give the finished plan of `question`. Raises `Problem`: those of the SQL room, field_invalid, epsilon_invalid."""
    request = question.request
    check_confidence(request)
    epsilon = epsilon_of(request, question.spec)
    draft = compile_sql(sql_of(request), question.entry)
    rows = draft.row.table.max_rows_per_unit
    if rows is None or question.entry.unit is None:
        raise Problem("unit_missing", f"{draft.row.table.name} declares no privacy unit; ask the holder to declare it.")
    keys = _keys(draft)
    bounds = bounds_of(request, question.spec, rows, grouped=bool(keys))
    private = any(key.domain is None for _, key in keys)
    counted = Need("rows" if rows == 1 else "units") if private else None
    weights = weigh(draft.asks, rows, counted)
    measurements = measure(weights, rho_for(epsilon, question.delta_conv), _reached(bounds, keys))
    threshold = None
    if counted is not None:
        place = list(weights).index(counted)
        least = tau(measurements[place].sigma, min(bounds.groups, rows), question.delta_threshold)
        threshold = Threshold(place, least, question.delta_threshold)
    default = epsilon if request.get("epsilon") is None else None
    return Plan(
        SEMANTICS,
        question.resource,
        question.population,
        question.version,
        draft.row.table.name,
        draft.where,
        tuple(key for _, key in keys),
        bounds,
        measurements,
        threshold,
        tuple(_output(item, draft, keys, list(weights), rows) for item in draft.items),
        draft.post,
        notes(question.entry.unit.name, keys, draft.asks, bounds, threshold, default),
    )


def _keys(draft: Draft) -> list[tuple[DraftKey, Key]]:
    """Give the keys in canonical order, so that GROUP BY a, b is GROUP BY b, a; domains where they can be laid out."""
    domains = [key.term.domain for key in draft.keys]
    laid_out = all(domain is not None for domain in domains) and prod(len(d or ()) for d in domains) <= MOST_CELLS
    keys = [
        (key, Key(key.name, key.term.node, tuple(sorted(key.term.domain or (), key=value_key)) if laid_out else None))
        for key in draft.keys
    ]
    return sorted(keys, key=lambda pair: node_key(replace(pair[1], name="")))


def _reached(bounds: Bounds, keys: list[tuple[DraftKey, Key]]) -> Bounds:
    """The bounds with no more groups than there are cells: what a unit can reach."""
    if any(key.domain is None for _, key in keys):
        return bounds
    cells = prod(len(key.domain or ()) for _, key in keys)
    return replace(bounds, groups=min(bounds.groups, cells))


def _output(item: Item, draft: Draft, keys: list[tuple[DraftKey, Key]], measured: list[Need], rows: int) -> Output:
    if item.what == "computed":
        assert item.term is not None
        return Output(item.name, "computed", (), item.type, item.hidden, item.term.node)
    if item.what == "key":
        place = next(i for i, (key, _) in enumerate(keys) if key is draft.keys[item.source])
        return Output(item.name, "key", (place,), item.type, item.hidden)
    ask = draft.asks[item.source]
    what: Literal["count", "sum", "average"] | Statistic = (
        "count" if ask.what == "rows" or ask.what == "units" or ask.what == "values" else ask.what
    )
    return Output(item.name, what, tuple(measured.index(need) for need in needs(ask, rows)), item.type, item.hidden)
