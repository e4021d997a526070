"""What one unit does to a plan's exact results, and what must hold of every relation on the way to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from random import Random
from typing import Any

import numpy as np

from sandbox.engines.base import Exact, Histogram
from sandbox.engines.relations import Stored, rows_of
from sandbox.plan.block import WEIGHT, Block, Measurement, Norm
from sandbox.plan.plan import Plan
from sandbox.plan.scalar import Column, Value
from sandbox.plan.walk import walk
from sandbox.privacy.multiplicity import most_rows
from sandbox.privacy.rederive import _counts, _moves, _square

Group = tuple[Any, ...]
Cells = dict[Group, tuple[int | Histogram, ...]]


def cells(exact: Exact) -> Cells:
    """The exact values of each group; none stands twice, and numbers are whole."""
    found = {
        group: tuple(one if isinstance(one, int) else tuple(one) for one in values)
        for group, values in zip(exact.groups, exact.values, strict=True)
    }
    assert len(found) == len(exact.groups) == len(exact.values)
    assert all(type(one) in (int, tuple) for values in found.values() for one in values)
    return found


def leaving(block: Block, found: Cells) -> Cells:
    """The cells that could leave: those in declared domains."""
    if not block.keys or block.threshold is not None:
        allowed = [None if key.domain is None else set(key.domain) for key in block.keys]
        inside = lambda group: all(one is None or v in one for one, v in zip(allowed, group, strict=True))  # noqa: E731
        return {group: values for group, values in found.items() if inside(group)}
    domains = set(product(*(key.domain or () for key in block.keys)))
    return {group: values for group, values in found.items() if group in domains}


def moved_too_far(block: Block, whole: Cells, less: Cells) -> list[str]:
    """What moves by more than the block says when a unit goes; nothing if all is well."""
    said = []
    nothing = _nothing(block)
    counts = _counts(block)
    for place, m in enumerate(block.measurements):
        steps = [distance(m, whole.get(g, nothing)[place], less.get(g, nothing)[place]) for g in {*whole, *less}]
        if sum(step**2 for step in steps) > m.square:
            said.append(f"Δ2² of {m.what} is {sum(step**2 for step in steps)}, not {m.square}")
        if m.norm is None and sum(steps) > sum(_moves(m, counts)):
            said.append(f"Δ1 of {m.what} is {sum(steps)}, not {sum(_moves(m, counts))}")
        if m.norm is None and max(steps, default=0) > max(_moves(m, counts)):
            said.append(f"one group of {m.what} moves by {max(steps)}, not {max(_moves(m, counts))}")
    if block.threshold is not None and not less.keys() <= whole.keys():
        said.append("a group appears when a unit goes")
    if block.threshold is not None:
        own = [whole[group][block.threshold.measurement] for group in whole.keys() - less.keys()]
        if own != [1] * len(own) or len(own) > len(counts):
            said.append(f"groups of {own} units vanish, at most {len(counts)} of one may")
    return said


def distance(m: Measurement, one: int | Histogram, other: int | Histogram) -> int:
    """How far two exact values, or the scores of two histograms, are apart."""
    if isinstance(one, int) or isinstance(other, int):
        assert isinstance(one, int) and isinstance(other, int)
        return abs(one - other)
    return int(np.abs(scores(m, one) - scores(m, other)).max())


def scores(m: Measurement, bins: Histogram) -> Any:
    """By definition, of every bin: all that the exponential mechanism looks at."""
    rows = np.zeros(m.bins, np.int64)
    for number, count in bins:
        rows[number] = count
    a, b = m.rank
    up_to = np.cumsum(rows)
    return np.maximum(np.maximum(b * (up_to - rows) - a * up_to[-1], a * up_to[-1] - b * up_to), 0)


def check_relations(block: Block, tables: Stored) -> None:
    """Every relation has no more rows of a unit than it says, and no number beyond the bounds of its column."""
    for node in walk(block.rows):
        rows = rows_of(node, tables)
        units = Counter(row.unit for row in rows)
        if node.state == "unit":
            assert None not in units
            assert max(units.values(), default=0) <= node.rows, node
            assert max(units.values(), default=0) <= most_rows(node), node
            assert len({(row.unit, row.place) for row in rows}) == len(rows), node
        for column in node.columns:
            for row in rows:
                assert _within(column, row.cells[column.name]), (column, row.cells[column.name], node)


def _within(column: Column, value: Value) -> bool:
    if value is None or column.lower is None or column.upper is None:
        return True
    assert isinstance(value, int) or hasattr(value, "as_tuple")
    return bool(column.lower <= value <= column.upper)


def domains_missed(block: Block, found: Cells) -> list[Group]:
    """Groups, none of whose keys is NULL, that no declared domain has."""
    inside = leaving(block, found)
    return [group for group in found if group not in inside and None not in group]


def by_hand(plan: Plan, chance: Random) -> Plan:
    """The plan with other bounds, closer clamps, and weights by norms where they may be: as a planner could have made
    it."""
    return replace(plan, blocks=tuple(_block(block, chance) for block in plan.blocks))


def _block(block: Block, chance: Random) -> Block:
    bounds = block.bounds
    if chance.random() < 0.7:
        few = [chance.randint(1, min(bounds.rows, 4)) for _ in range(2)]
        bounds = replace(bounds, groups=few[0], rows_per_group=few[1])
    made = replace(block, bounds=bounds)
    measured = tuple(_clamped(m, made, chance) for m in block.measurements)
    weighed = tuple(_weighed(m, block, chance) for m in measured)
    try:
        return replace(made, measurements=weighed)
    except ValueError:
        return replace(made, measurements=measured)


def _clamped(m: Measurement, block: Block, chance: Random) -> Measurement:
    if m.what == "sum" and m.norm is None and chance.random() < 0.6:
        ends = sorted(chance.choices([m.lower, m.upper, 0, 1, -300, 1230, (m.lower + m.upper) // 2], k=2))
        lower, upper = (min(max(end, m.lower), m.upper) for end in ends)
        m = replace(m, lower=lower, upper=upper, centre=(lower + upper) // 2 if m.centre else 0)
    return m if m.norm is not None else replace(m, square=max(_square(m, _counts(block)), 1))


def _weighed(m: Measurement, block: Block, chance: Random) -> Measurement:
    """The measurement with each unit weighed by a norm over some of the block's columns, where that may be."""
    columns = [key.expr for key in block.keys if isinstance(key.expr, Column)]
    cap = chance.choice([1, 2, 3, 50, 1230, 10**7])
    try:
        norm = Norm(tuple(chance.sample(columns, chance.randint(0, len(columns)))), cap)
        square, scale = (cap * 10**WEIGHT) ** 2, m.scale + WEIGHT
        found = replace(m, norm=norm, scale=scale, square=square, mechanism="gaussian")
        replace(block, measurements=(found,), threshold=None if block.threshold is None else block.threshold)
        return found
    except (ValueError, IndexError):
        return m


def same(engines: Mapping[str, Callable[[Plan], list[Exact]]], plan: Plan) -> list[Cells]:
    """What all engines give, integer for integer; where groups are declared, one that is empty may be left out."""
    found = {name: _told(run(plan), plan) for name, run in engines.items()}
    first = next(iter(found.values()))
    for name, other in found.items():
        assert other == first, name
    return first


def _told(exact: list[Exact], plan: Plan) -> list[Cells]:
    told = []
    for one, block in zip(exact, plan.blocks, strict=True):
        found, nothing = cells(one), _nothing(block)
        told.append({g: values for g, values in found.items() if block.threshold is not None or values != nothing})
    return told


def _nothing(block: Block) -> tuple[int | Histogram, ...]:
    return tuple(() if m.what == "quantile" else 0 for m in block.measurements)
