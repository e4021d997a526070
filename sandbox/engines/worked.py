"""What a program gives of rows of units: the rows spread over blocks, worked on block by block in the sandbox, its
numbers rounded and clamped, and measured as rows of their own. The same for every engine that has rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
import pyarrow as pa

from sandbox.engines.base import EngineFailed
from sandbox.engines.fixed import from_grains, grains
from sandbox.engines.layout import UNIT
from sandbox.engines.relations import Row
from sandbox.isolation.program import Program, Programs
from sandbox.isolation.template import TemplateLost
from sandbox.plan.scalar import Value
from sandbox.plan.worked import OWN, Given, Worked


def worked(node: Worked, rows: pa.Table, programs: Programs) -> list[Row]:
    """Give one row for each block. Raises `EngineFailed` where there is no sandbox."""
    program = Program(
        node.code,
        tuple(one.name for one in node.numbers),
        json.loads(node.parameters),
        node.milliseconds,
        node.memory_mb,
    )
    rows = rows.rename_columns([UNIT, *node.shown])
    try:
        found = programs.run(program, ({"rows": block} for block in spread(rows, node.blocks)))
    except TemplateLost:
        raise EngineFailed from None
    return [Row(number, (0,), _cells(node, numbers)) for number, numbers in enumerate(found)]


def spread(rows: pa.Table, blocks: int) -> Iterator[pa.Table]:
    """Give the rows of each block, units in order of their names and numbered from 0. The block of a unit is its name,
    a keyed hash, modulo `blocks`: it does not depend on who else is there."""
    names = rows[UNIT].to_numpy()
    place = names % blocks
    order = np.argsort(place, kind="stable")
    ends = np.searchsorted(place[order], np.arange(blocks), side="right")
    start = 0
    for end in ends.tolist():
        own = order[start:end]
        block = rows.take(pa.array(own)).drop_columns([UNIT])
        _, units = np.unique(names[own], return_inverse=True)
        yield block.append_column(OWN, pa.array(units.astype(np.int64)))
        start = end


def _cells(node: Worked, numbers: Sequence[float | None]) -> dict[str, Value]:
    return {one.name: _kept(one, number) for one, number in zip(node.numbers, numbers, strict=True)}


def _kept(given: Given, number: float | None) -> Value:
    """The number, half to even in the last decimal of its type, and within its bounds."""
    scale = given.type.scale
    low, high, otherwise = (grains(one, scale) for one in (given.lower, given.upper, given.otherwise))
    whole = otherwise if number is None else min(max(round(Fraction(number) * 10**scale), low), high)
    return whole if given.type.kind == "integer" else from_grains(whole, scale)
