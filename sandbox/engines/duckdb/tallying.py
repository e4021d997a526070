"""Which statements the child adds up itself: those whose rows it has to bound or weigh anyhow, when their keys have few
codes and their sums 63 bits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

from sqlglot import exp

from sandbox.engines.duckdb.facts import Facts
from sandbox.engines.duckdb.keys import Keys
from sandbox.engines.duckdb.measures import value
from sandbox.engines.duckdb.norms import magnitude
from sandbox.engines.duckdb.positions import GROUP_BITS
from sandbox.engines.duckdb.relations import Relations
from sandbox.engines.duckdb.scalars import Scalars
from sandbox.engines.duckdb.terms import column
from sandbox.engines.layout import UNIT
from sandbox.engines.width import width
from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.plan.block import WEIGHT, Block, Measurement

LARGEST_SUM, LARGEST_NORM = 1 << 62, 1 << 52


def bounded(block: Block, keys: Keys, picked: Sequence[Measurement], facts: Facts, *, once: bool) -> Any:
    """Say how bounded rows with columns k… and e… are added up, None if it is not for the child. `once`: a unit has one
    row in a group at most."""
    bins = picked[0].bins if picked[0].what == "quantile" else None
    rows = facts.units * block.bounds.rows
    if not _few(keys, bins or 1) or not all(bins or _summable(m, rows, 1, once) for m in picked):
        return None
    return {"sizes": keys.sizes, "bins": bins, "norms": [], "measured": [] if bins else _measured(picked, once)}


def weighed(
    block: Block, picked: Sequence[Measurement], facts: Facts
) -> tuple[Keys, exp.Select, Relations, Any] | None:
    """Give keys, rows – unit, keys k…, values e…, what is normed x…, and as q which rows count –, the relations that
    they are of, and how they are added up; None if it is not for the child."""
    if not facts.whole:
        return None
    conditions, node = list(_conditions(block.rows)), next(_scans(block.rows))
    scalars = Scalars()
    relations = Relations(scalars, facts, ranged=True)
    rows = relations.rows(node, placed=False)
    scalars = scalars.on(rows.scope)
    keys = Keys.of(block, scalars, facts)
    if not _few(keys, 1) or not all(_summable(m, facts.rows, 10**WEIGHT, False) for m in picked):
        return None
    places = {key.expr: place for place, key in enumerate(block.keys)}
    norms: list[dict[str, Any]] = []
    shown: list[exp.Expr] = []
    measured = _measured(picked, once=False)
    for at, (m, one) in enumerate(zip(picked, measured, strict=True)):
        assert m.norm is not None
        if m.column is not None and width(m.column).most * node.rows > LARGEST_NORM:
            return None
        if m.expr is not None:
            shown.append(exp.alias_(value(m, scalars), f"e{at}"))
        name = None if m.column is None else f"x{at}"
        if m.column is not None:
            shown.append(exp.alias_(magnitude(scalars.scope[m.column.name], m.column), f"x{at}"))
        one["norm"] = len(norms)
        norms.append({"keys": [places[key] for key in m.norm.keys], "column": name, "cap": m.norm.cap})
    if conditions:
        kept = [scalars.on(rows.scope, asking=False).kept(one) for one in conditions]
        shown.append(exp.alias_(exp.and_(*kept), "q"))
    select = exp.select(column(UNIT), *keys.named, *shown).from_(rows.select.subquery("rows", copy=False), copy=False)
    return keys, select, relations, {"sizes": keys.sizes, "bins": None, "norms": norms, "measured": measured}


def _few(keys: Keys, bins: int) -> bool:
    """Whether all keys come as codes, and cells are few."""
    coded = all(own or name for own, name in zip(keys.values, keys.dictionaries, strict=True))
    return coded and prod(size or 0 for size in keys.sizes) * bins <= 1 << GROUP_BITS


def _summable(m: Measurement, rows: int, weight: int, once: bool) -> bool:
    if m.what == "units":
        return once or m.expr is None
    return m.what in ("rows", "values") or (m.what == "sum" and _most(m) * weight * rows < LARGEST_SUM)


def _most(m: Measurement) -> int:
    return max(abs(m.lower), abs(m.upper)) + abs(m.centre)


def _measured(picked: Sequence[Measurement], once: bool) -> list[dict[str, Any]]:
    return [
        {
            "column": None if m.expr is None else f"e{at}",
            "sum": m.what == "sum",
            "first": m.what == "units" and not once,
            "norm": None,
            "bits": (_most(m) * (10**WEIGHT if m.norm else 1)).bit_length() if m.what == "sum" else WEIGHT * 4,
        }
        for at, m in enumerate(picked)
    ]


def _conditions(node: r.Relation) -> Iterator[s.Scalar]:
    while isinstance(node, r.Filter):
        yield node.condition
        node = node.source


def _scans(node: r.Relation) -> Iterator[r.Scan]:
    while isinstance(node, r.Filter):
        node = node.source
    if isinstance(node, r.Scan):
        yield node
