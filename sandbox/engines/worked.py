"""What a program gives of rows of units: the rows spread over blocks, worked on block by block in the sandbox, its
numbers rounded and clamped, and measured as rows of their own. The same for every engine that has rows.

Own tables of a user that are brought by the identifier of units are spread in the same way: each block gets the own
rows of its own units, and who is in no block is not looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sandbox.engines.base import EngineFailed
from sandbox.engines.fixed import from_grains, grains
from sandbox.engines.layout import UNIT
from sandbox.engines.own import OwnRows
from sandbox.engines.relations import Row
from sandbox.engines.unit_rows import own_columns
from sandbox.isolation.program import Program, Programs
from sandbox.isolation.template import TemplateLost
from sandbox.plan.scalar import Value
from sandbox.plan.worked import OWN, Given, Worked

ROWS = "rows"
"""What the rows of a block are called; own tables have a point in their names."""


def worked(node: Worked, rows: pa.Table, programs: Programs, own: Mapping[str, OwnRows]) -> list[Row]:
    """Give one row for each block; `own` are tables by identifier. Raises `EngineFailed` where there is no sandbox."""
    program = Program(
        node.code,
        tuple(one.name for one in node.numbers),
        json.loads(node.parameters),
        node.milliseconds,
        node.memory_mb,
    )
    rows, tables = rows.rename_columns([UNIT, *node.shown]), {name: ByUnit(table) for name, table in own.items()}
    try:
        found = programs.run(program, spread(rows, node.blocks, tables))
    except TemplateLost:
        raise EngineFailed from None
    return [Row(number, (0,), _cells(node, numbers)) for number, numbers in enumerate(found)]


def spread(rows: pa.Table, blocks: int, own: Mapping[str, ByUnit]) -> Iterator[dict[str, pa.Table]]:
    """Give of each block its rows, units in order of their names and numbered from 0, and of each own table the rows of
    these units, by the same numbers. The block of a unit is its name, a keyed hash, modulo `blocks`: it does not depend
    on who else is there."""
    names = rows[UNIT].to_numpy()
    place = names % blocks
    order = np.argsort(place, kind="stable")
    ends = np.searchsorted(place[order], np.arange(blocks), side="right")
    start = 0
    for end in ends.tolist():
        mine = order[start:end]
        units, numbers = np.unique(names[mine], return_inverse=True)
        block = rows.take(pa.array(mine)).drop_columns([UNIT]).append_column(OWN, pa.array(numbers.astype(np.int64)))
        yield {ROWS: block, **{name: table.of(units) for name, table in own.items()}}
        start = end


class ByUnit:
    """An own table by identifier, in order of the names of its units. Raises `EngineFailed` for one without."""

    def __init__(self, table: OwnRows) -> None:
        if table.names is None:
            raise EngineFailed  # it is the same in every block, and comes as a parameter
        order = np.argsort(np.array(table.names, np.int64))
        self._names = np.array(table.names, np.int64)[order]
        self._rows = pa.table({OWN: pa.array(range(table.rows), pa.int64()), **own_columns(table)}).take(order)

    def of(self, units: NDArray[np.int64]) -> pa.Table:
        """Give the rows of `units`, names in their order: in place of the identifier, the place of the unit there."""
        at = np.searchsorted(self._names, units)
        known = np.flatnonzero(at < len(self._names))
        known = known[self._names[at[known]] == units[known]]
        found = self._rows.take(pa.array(at[known]))
        return found.set_column(0, OWN, pa.array(known.astype(np.int64)))


def _cells(node: Worked, numbers: Sequence[float | None]) -> dict[str, Value]:
    return {one.name: _kept(one, number) for one, number in zip(node.numbers, numbers, strict=True)}


def _kept(given: Given, number: float | None) -> Value:
    """The number, half to even in the last decimal of its type, and within its bounds."""
    scale = given.type.scale
    low, high, otherwise = (grains(one, scale) for one in (given.lower, given.upper, given.otherwise))
    whole = otherwise if number is None else min(max(round(Fraction(number) * 10**scale), low), high)
    return whole if given.type.kind == "integer" else from_grains(whole, scale)
