"""Which mode a measure is bounded in: rows, weights or totals – the one that was asked for, else the one whose error is
predicted to be smallest. From declarations and the public profile alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from sandbox.catalogue.profile import Profile
from sandbox.errors import Problem
from sandbox.plan.block import Bounds, Key
from sandbox.plan.ordering import node_key
from sandbox.products.query.known import known
from sandbox.products.query.planner import choose
from sandbox.products.query.totals import plan_totals, totalled
from sandbox.products.query.way import Way
from sandbox.sql.draft import Key as DraftKey
from sandbox.sql.draft import Measure

WORTH = 0.9  # totals are one step more in the engine: they must be so much better; by keys of rows, it is a long one
Keyed = list[tuple[DraftKey, Key]]

_NEEDS_PROFILE = "Mode {mode} takes its clamps from the public profile, which knows nothing of these rows; write none."
_NO_TOTALS = "Mode totals is for counts and sums of units with several rows, without bounds; write none, or rows."
_NO_WEIGHTS = (
    "Mode weights is for counts and sums of a table's own rows in declared groups, with a key set that the profile "
    "knows, without bounds; write none, or rows."
)


def decide(
    measure: Measure,
    keys: Keyed,
    cells: int | None,
    allowed: Bounds,
    asked: tuple[bool, str | None],
    loss: Decimal,
    pure: bool,
    profile: Profile | None,
) -> tuple[Measure, Keyed, Way]:
    """Give the measure as it is carried out, with its keys, and how it is bounded. `asked`: whether bounds were asked
    for, and which mode. Raises sql_not_allowed for a mode that does not fit."""
    explicit, mode = asked
    plain = [key for _, key in keys]
    case = None if profile is None else known(measure, plain, cells, allowed, loss, pure, profile)
    if mode in ("weights", "totals") and case is None:
        raise Problem("sql_not_allowed", _NEEDS_PROFILE.format(mode=mode))
    way = Way(allowed) if case is None else choose(case, explicit, mode)
    if mode == "weights" and not any(need.norm for need in way.planned.values()):
        raise Problem("sql_not_allowed", _NO_WEIGHTS)
    wanted = mode == "totals" or (mode is None and any(ask.what == "sum" for ask in measure.asks))
    own = case is not None and case.source.keys == frozenset()
    totals = totalled(measure, own) if wanted and not explicit and (own or mode == "totals") else None
    found = plan_totals(measure, totals, case) if totals is not None and case is not None else None
    if found is None or totals is None:
        if mode == "totals":
            raise Problem("sql_not_allowed", _NO_TOTALS)
        return measure, keys, way
    if mode == "totals" or found.error < WORTH * way.error:
        return totals, _moved(measure.keys, totals.keys, keys), found
    return measure, keys, way


def _moved(old: Sequence[DraftKey], new: Sequence[DraftKey], keys: Keyed) -> Keyed:
    """The keys over the totals, in canonical order."""
    places = [next(place for place, one in enumerate(old) if one is draft) for draft, _ in keys]
    moved = [
        (new[place], replace(key, expr=new[place].term.node)) for place, (_, key) in zip(places, keys, strict=True)
    ]
    return sorted(moved, key=lambda pair: node_key(replace(pair[1], name="")))
