"""A question to a finished plan: keys, bounds, measurements, noise and threshold, from public facts alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import prod
from typing import Literal

from sandbox.errors import Problem
from sandbox.jobs.product import Question
from sandbox.plan import relation as r
from sandbox.plan.block import Block, Bounds, Key, Threshold
from sandbox.plan.ordering import node_key, value_key
from sandbox.plan.plan import SEMANTICS, Output, Plan, Statistic
from sandbox.plan.scalar import Scalar
from sandbox.plan.walk import stored
from sandbox.privacy.convert import rho_for
from sandbox.privacy.threshold import tau
from sandbox.products.query.around import around
from sandbox.products.query.consistent import made_consistent
from sandbox.products.query.foretold import planned_notes
from sandbox.products.query.measure import Need, measure, needs, shares
from sandbox.products.query.modes import decide
from sandbox.products.query.notes import default_note, mark_notes, notes
from sandbox.products.query.request import (
    bounded,
    bounds_of,
    check_confidence,
    consistent_of,
    dialect_of,
    epsilon_of,
    mode_of,
    refuse_parameters,
    sql_of,
    wants_private,
)
from sandbox.products.query.split import weigh
from sandbox.products.query.spread import source
from sandbox.products.query.way import Way
from sandbox.sql.compile import compile_sql
from sandbox.sql.draft import Key as DraftKey
from sandbox.sql.draft import Made, Measure

PURE_KEYS = (
    "The privacy budget of this population is pure ε, and groups whose keys are not declared need a δ; "
    "group by keys with a declared domain."
)
Published = Mapping[Scalar, tuple[str, ...]]
MOST_CELLS = 10_000  # a larger product of domains is not laid out; its keys become private


@dataclass(frozen=True)
class Part:
    """A measure on its way to a block: keys in canonical order, bounds and what a unit can reach of them, what is
    measured with its weight."""

    measure: Measure
    keys: list[tuple[DraftKey, Key]]
    bounds: Bounds
    reached: Bounds
    counted: Need | None
    weights: dict[Need, int]
    way: Way

    @property
    def weight(self) -> int:
        return sum(self.weights.values())


def compile_query(question: Question) -> Plan:
    """Give the finished plan of `question`. Raises `Problem`: those of the SQL room, field_invalid, epsilon_invalid."""
    request = question.request
    check_confidence(request)
    refuse_parameters(request)
    epsilon = epsilon_of(request, question.spec)
    whole = epsilon if question.pure else rho_for(epsilon, question.delta_conv)
    text = sql_of(request), question.entry, question.facts, question.today, dialect_of(request)
    asked = compile_sql(*text, question.own)
    if question.entry.unit is None:
        raise Problem("unit_missing", f"{question.entry.name} declares no privacy unit; ask the holder to declare it.")
    loss = whole / len(asked.measures)
    parts = [_part(measure, question, loss) for measure in asked.measures]
    losses = shares(whole, [part.weight for part in parts])
    blocks = [_block(part, loss, question) for part, loss in zip(parts, losses, strict=True)]
    order = sorted(range(len(blocks)), key=lambda place: node_key(blocks[place]))
    unit = question.entry.unit.name
    said = [note for place in order for note in notes(unit, parts[place], blocks[place])]
    said += [note for place in order for note in planned_notes(unit, parts[place], blocks[place])]
    default = [] if request.get("epsilon") is not None else [default_note(epsilon)]
    plan = Plan(
        SEMANTICS,
        question.resource,
        question.population,
        question.version,
        tuple(blocks[place] for place in order),
        tuple(tuple(_output(made, parts[place]) for made in parts[place].measure.made) for place in order),
        _renumbered(asked.post, {place: number for number, place in enumerate(order)}),
        tuple(dict.fromkeys(said + mark_notes(blocks) + default)),
    )
    return made_consistent(plan, parts) if consistent_of(request, question.spec) else plan


def _part(measure: Measure, question: Question, loss: Decimal) -> Part:
    keys, rows = _keys(measure, _published(measure, question)), measure.rows.rows
    allowed = bounds_of(question.request, question.spec, rows, grouped=bool(keys))
    cells = _cells(keys)
    if cells is None and question.pure:
        raise Problem("sql_not_allowed", PURE_KEYS)
    counted = Need("rows" if rows == 1 else "units") if cells is None else None
    asked = bounded(question.request, question.spec), mode_of(question.request, question.spec)
    measure, keys, way = decide(measure, keys, cells, allowed, asked, loss, question.pure, question.profile)
    if not question.pure:
        way = around(measure.asks, way, counted)
    reached = way.bounds if cells is None else replace(way.bounds, groups=min(way.bounds.groups, cells))
    weights = weigh(measure.asks, reached, counted, cells, question.pure, way)
    return Part(measure, keys, way.bounds, reached, counted, weights, way)


def _block(part: Part, loss: Decimal, question: Question) -> Block:
    measurements = measure(part.weights, loss, part.reached, part.counted, question.pure, part.way.kept)
    threshold = None
    if part.counted is not None:
        place, delta = list(part.weights).index(part.counted), question.delta_threshold
        least = tau(measurements[place].sigma, min(part.bounds.groups, part.bounds.rows), delta)
        threshold = Threshold(place, least, delta)
    return Block(part.measure.rows, tuple(key for _, key in part.keys), part.bounds, measurements, threshold)


def _published(measure: Measure, question: Question) -> Published:
    """Give the keys of columns that the public profile of this very data version has; none if they are to be found
    anew, or if there are other keys: most combinations are rare. For later versions keys stay private, so that new ones
    can appear."""
    profile = question.profile
    if wants_private(question.request, question.spec) or profile is None or profile.version != question.version:
        return {}
    found = source(measure.rows, ()) if len(measure.keys) == 1 else None
    if found is None:
        return {}
    return {
        column: profile.tables[scan.table].keys[stored(column)]
        for scan in found.scans
        if scan.table in profile.tables
        for column in scan.columns
        if profile.tables[scan.table].keys.get(stored(column))
    }


def _keys(measure: Measure, published: Published) -> list[tuple[DraftKey, Key]]:
    """Give the keys in canonical order, so that GROUP BY a, b is GROUP BY b, a; domains, declared or published, where
    they can be laid out."""
    domains = [published.get(key.term.node) if key.term.domain is None else key.term.domain for key in measure.keys]
    laid_out = all(domain is not None for domain in domains) and prod(len(d or ()) for d in domains) <= MOST_CELLS
    keys = [
        (key, Key(key.name, key.term.node, tuple(sorted(domain or (), key=value_key)) if laid_out else None))
        for key, domain in zip(measure.keys, domains, strict=True)
    ]
    return sorted(keys, key=lambda pair: node_key(replace(pair[1], name="")))


def _cells(keys: Sequence[tuple[DraftKey, Key]]) -> int | None:
    """How many groups declared domains make; None where keys are private."""
    if any(key.domain is None for _, key in keys):
        return None
    return prod(len(key.domain or ()) for _, key in keys)


def _output(made: Made, part: Part) -> Output:
    if made.what == "key":
        place = next(i for i, (key, _) in enumerate(part.keys) if key is part.measure.keys[made.source])
        return Output(made.name, "key", (place,), made.type)
    ask, measured = part.measure.asks[made.source], list(part.weights)
    what: Literal["count", "sum", "average", "quantile"] | Statistic
    match ask.what:
        case "rows" | "values" | "units" | "distinct":
            what = "count"
        case other:
            what = other
    wanted = needs(ask, part.bounds.rows)
    sources = tuple(map(measured.index, part.way.measured(wanted)))
    return Output(made.name, what, sources, made.type, *part.way.predicted(what, wanted))


def _renumbered(node: r.Relation, numbers: dict[int, int]) -> r.Relation:
    """The relation with its blocks under their places in the plan."""
    match node:
        case r.Released():
            return replace(node, block=numbers[node.block])
        case r.Join() | r.Semi():
            return replace(node, left=_renumbered(node.left, numbers), right=_renumbered(node.right, numbers))
        case r.Union():
            return replace(node, sources=tuple(_renumbered(source, numbers) for source in node.sources))
        case r.Scan() | r.Public() | r.Values():
            return node
        case _:
            return replace(node, source=_renumbered(node.source, numbers))
