"""The reference engine: a plan's meaning in plain Python, slow and obviously right. The oracle of all others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from sandbox.engines.base import EngineFailed, Exact, Histogram, OpenVersion
from sandbox.engines.files import read_names, read_table
from sandbox.engines.fixed import from_grains, grains
from sandbox.engines.layout import UNIT
from sandbox.engines.own import rows_in
from sandbox.engines.relations import Cells, Row, Stored, rows_of, sorted_rows
from sandbox.engines.unit_rows import check, of_values
from sandbox.engines.worked import worked
from sandbox.isolation.program import Programs
from sandbox.plan.block import WEIGHT, Block, Measurement, Norm
from sandbox.plan.evaluate import evaluate
from sandbox.plan.ordering import value_key
from sandbox.plan.plan import Plan
from sandbox.plan.reading import Reading
from sandbox.plan.relation import Public, Relation, Scan, Worked
from sandbox.plan.scalar import Column, Value
from sandbox.plan.walk import stored, walk

Group = tuple[Value, ...]


class ReferenceEngine:
    """Runs plans over rows in memory – dicts that hold `__unit` and `__ord` too – or, without any, over the version's
    file."""

    def __init__(self, tables: Mapping[str, Sequence[Cells]] | None = None) -> None:
        self._tables, self._programs = tables, Programs()

    def run(self, version: OpenVersion, plan: Plan) -> list[Exact]:
        """Execute `plan`, definition by definition."""
        named = {node.table for block in plan.blocks for node in walk(block.rows) if isinstance(node, Scan | Public)}
        named -= set(version.own)
        tables = self._tables or {name: read_table(version.path, version.key, name) for name in named}
        if version.own:
            names = read_names(version.path, version.key)
            tables = {**tables, **{name: rows_in(table, names) for name, table in version.own.items()}}
        return [measured(block, tables, self._worked(version, block)) for block in plan.blocks]

    def read(self, version: OpenVersion, reading: Reading) -> list[tuple[Value, ...]]:
        """Give the rows of `reading`, definition by definition."""
        named = {node.table for node in walk(reading.rows) if isinstance(node, Public)}
        tables = self._tables or {name: read_table(version.path, version.key, name) for name in named}
        if any(UNIT in row for name in named for row in tables[name]):
            raise EngineFailed
        rows = sorted_rows(reading.rows, rows_of(reading.rows.source, tables))
        return [tuple(_shown(row.cells[one.name], one) for one in reading.columns) for row in rows]

    def rows(self, version: OpenVersion, relation: Relation) -> pa.Table:
        """Give the rows of a relation of units. In memory `__unit` is the name itself."""
        check(relation)
        named = {node.table for node in walk(relation) if isinstance(node, Scan | Public)}
        tables = self._tables or {name: read_table(version.path, version.key, name) for name in named}
        names: dict[Any, Any] = {} if self._tables else read_names(version.path, version.key)
        found: list[tuple[Any, Row]] = [(names.get(row.unit, row.unit), row) for row in rows_of(relation, tables)]
        found.sort(key=lambda one: (value_key(one[0]), value_key(one[1].unit), one[1].place))
        cells = [[row.cells[column.name] for column in relation.columns] for _, row in found]
        return of_values(relation, [int(name) for name, _ in found], cells)

    def close(self) -> None:
        """End the sandbox of programs."""
        self._programs.close()

    def _worked(self, version: OpenVersion, block: Block) -> list[Row] | None:
        if not isinstance(block.rows, Worked):
            return None
        return worked(block.rows, self.rows(version, block.rows.source), self._programs, version.own)


def _shown(value: Value, column: Column) -> Value:
    """A decimal with the places of its type."""
    if value is None or column.type.kind != "decimal":
        return value
    assert isinstance(value, int | Decimal)
    return from_grains(grains(value, column.type.scale), column.type.scale)


def measured(block: Block, tables: Stored, given: Sequence[Row] | None = None) -> Exact:
    """Give the exact aggregates of one block; `given` are its rows where they are not those of tables."""
    rows = rows_of(block.rows, tables) if given is None else given
    by_group: dict[Group, list[Row]] = defaultdict(list)
    for row in rows:
        by_group[_key(block, row)].append(row)
    kept = bounded(block, rows)
    weighed = any(m.norm for m in block.measurements)
    groups: list[Group] = [()] if not block.keys else list(by_group if weighed else kept)

    def one(m: Measurement, group: Group) -> int | Histogram:
        if m.norm is not None:
            return _weighed(m, m.norm, block, by_group[group], tables)
        return measure(m, kept.get(group, []))

    return Exact(groups, [tuple(one(m, group) for m in block.measurements) for group in groups])


def _key(block: Block, row: Row) -> Group:
    return tuple(evaluate(key.expr, row.cells) for key in block.keys)


def bounded(block: Block, rows: Sequence[Row]) -> dict[Group, list[Row]]:
    """Give the rows that count, by group: of each unit, of each of its groups the first R rows, and of the groups the
    L0 whose first rows come first."""
    units: dict[Value, dict[Group, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        units[row.unit][_key(block, row)].append(row)
    kept: dict[Group, list[Row]] = defaultdict(list)
    for groups in units.values():
        placed = sorted(
            ((sorted(members, key=lambda row: row.place), group) for group, members in groups.items()),
            key=lambda one: one[0][0].place,
        )
        for members, group in placed[: block.bounds.groups]:
            kept[group] += members[: block.bounds.rows_per_group]
    return kept


def measure(m: Measurement, rows: Sequence[Row]) -> int | Histogram:
    """Give the exact integer, or histogram, of one measurement over the rows of a group."""
    if m.what == "rows":
        return len(rows)
    if m.what == "units":
        return len({row.unit for row in rows if m.expr is None or evaluate(m.expr, row.cells) is not None})
    assert m.expr is not None
    present: list[Any] = [value for row in rows if (value := evaluate(m.expr, row.cells)) is not None]
    match m.what:
        case "values":
            return len(present)
        case "distinct":
            return len(set(present))
        case "quantile":
            bins = Counter((_clamped(m, value) - m.lower) >> m.shift for value in present)
            return tuple(sorted(bins.items()))
        case _:
            return sum(_clamped(m, value) - m.centre for value in present)


def _clamped(m: Measurement, value: Any) -> int:
    return min(max(grains(value, m.scale), m.lower), m.upper)


def _weighed(m: Measurement, norm: Norm, block: Block, rows: Sequence[Row], tables: Stored) -> int:
    """Give the sum of weighed values over all rows of a group."""
    scan = next(node for node in walk(block.rows) if isinstance(node, Scan))
    weights = weights_of(norm, m.column, m.scale - WEIGHT, tables[scan.table])
    total = 0
    for row in rows:
        value: Any = 1 if m.expr is None else evaluate(m.expr, row.cells)
        if value is not None:
            x = 1 if m.what != "sum" else min(max(grains(value, m.scale - WEIGHT), m.lower), m.upper)
            total += x * weights[row.unit]
    return total


def weights_of(norm: Norm, column: Column | None, scale: int, rows: Sequence[Cells]) -> dict[Value, int]:
    """Give each unit's weight, min(10⁵, ⌊cap·10⁵/E⌋) with the edge E of its norm over the whole table."""
    sums: dict[Value, dict[Group, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        key = tuple(row[stored(one)] for one in norm.keys)
        value: Any = 1 if column is None else row[stored(column)]
        sums[row["__unit"]][key] += 0 if value is None else abs(grains(value, scale))
    one = 10**WEIGHT
    return {
        unit: min(one, norm.cap * one // edge(sum(total**2 for total in groups.values())))
        for unit, groups in sums.items()
    }


def edge(square: int) -> int:
    """Give the smallest of ⌈2^(j/8)⌉, j ≥ 0, whose square is at least `square`."""
    j = 0
    while True:
        power = 1 << j
        low = _root8(power)
        if low * low >= square:
            return low
        j += 1


def _root8(number: int) -> int:
    """Give the eighth root of a whole number, rounded up, exactly."""
    low, high = 1, 1 << (number.bit_length() // 8 + 1)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if middle**8 >= number else (middle + 1, high)
    return low
