"""Relations in plain Python, straight from their definitions: rows are dicts, units and orders are looked at row by
row. The oracle of the engines that are fast."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.plan import relation as r
from sandbox.plan.evaluate import evaluate
from sandbox.plan.fold import fold, ordered, over
from sandbox.plan.moments import of_rows
from sandbox.plan.ordering import value_key
from sandbox.plan.parts import OF_PUBLIC, OF_RELEASED
from sandbox.plan.scalar import Scalar, Value
from sandbox.plan.walk import stored

Cells = Mapping[str, Value]
Stored = Mapping[str, Sequence[Cells]]  # tables of a data version, hidden columns included


@dataclass(frozen=True)
class Row:
    """A row: whose it is (None: public), where it stands among the rows of its unit, its cells."""

    unit: Value
    place: tuple[Any, ...]
    cells: Cells


def rows_of(node: r.Relation, tables: Stored) -> list[Row]:
    """Give the rows of a relation over `tables`, in no particular order."""
    match node:
        case r.Scan() | r.Public():
            return _table(node, tables[node.table])
        case r.Values():
            names = [column.name for column in node.columns]
            return [Row(None, (at,), dict(zip(names, cells, strict=True))) for at, cells in enumerate(node.cells)]
        case r.Filter():
            return [row for row in rows_of(node.source, tables) if evaluate(node.condition, row.cells) is True]
        case r.Project():
            named = {one.name: one.expr for one in node.named}
            return [Row(row.unit, row.place, _computed(named, row)) for row in rows_of(node.source, tables)]
        case r.Join():
            return _join(node, rows_of(node.left, tables), rows_of(node.right, tables))
        case r.Semi():
            right, partner = rows_of(node.right, tables), _matches(node)
            return [row for row in rows_of(node.left, tables) if any(partner(row, one) for one in right) != node.anti]
        case r.Union():
            return [
                Row(row.unit, (branch, row.place), row.cells)
                for branch, source in enumerate(node.sources)
                for row in rows_of(source, tables)
            ]
        case r.Group():
            return _group(node, rows_of(node.source, tables))
        case r.Window():
            return _window(node, rows_of(node.source, tables))
        case r.Sort():
            return sorted_rows(node, rows_of(node.source, tables))
        case r.Released() | r.Worked():
            raise ValueError("these are no rows of tables")


def sorted_rows(node: r.Sort, rows: Sequence[Row]) -> list[Row]:
    """Give rows in the order that `node` says, ties by all their columns, and cut."""
    names = [column.name for column in node.source.columns]
    by_columns = sorted(rows, key=lambda row: tuple(value_key(row.cells[name]) for name in names))
    keys = [[evaluate(order.expr, row.cells) for row in by_columns] for order in node.order]
    places = ordered(range(len(rows)), list(zip(node.order, keys, strict=True)))
    stop = None if node.limit is None else node.offset + node.limit
    return [by_columns[place] for place in places[node.offset : stop]]


def _table(node: r.Scan | r.Public, rows: Sequence[Cells]) -> list[Row]:
    names = {column.name: stored(column) for column in node.columns}
    return [Row(row.get("__unit"), (row["__ord"],), {name: row[own] for name, own in names.items()}) for row in rows]


def _computed(named: Mapping[str, Scalar], row: Row) -> Cells:
    return {name: evaluate(expr, row.cells) for name, expr in named.items()}


def _matches(node: r.Join | r.Semi) -> Callable[[Row, Row], bool]:
    """Say whether a left and a right row are partners."""
    of_units = node.left.state == node.right.state == "unit"

    def partners(left: Row, right: Row) -> bool:
        if of_units and left.unit != right.unit:
            return False
        for mine, other in node.equal:
            value = evaluate(mine, left.cells)
            if value is None or value != evaluate(other, right.cells):
                return False
        return node.condition is None or evaluate(node.condition, {**left.cells, **right.cells}) is True

    return partners


def _join(node: r.Join, left: Sequence[Row], right: Sequence[Row]) -> list[Row]:
    partners = _matches(node)
    no_left = dict.fromkeys((column.name for column in node.left.columns), None)
    no_right = dict.fromkeys((column.name for column in node.right.columns), None)
    found, met = [], set()
    for row in left:
        own = [number for number, one in enumerate(right) if partners(row, one)]
        met.update(own)
        for number in own:
            one = right[number]
            found.append(Row(row.unit, ((0, row.place), (0, one.place)), {**row.cells, **one.cells}))
        if not own and node.how != "inner":
            found.append(Row(row.unit, ((0, row.place), (-1,)), {**row.cells, **no_right}))
    if node.how == "full":
        lone = [one for number, one in enumerate(right) if number not in met]
        found += [Row(one.unit, ((-1,), (0, one.place)), {**no_left, **one.cells}) for one in lone]
    return found


def _group(node: r.Group, rows: Sequence[Row]) -> list[Row]:
    groups: dict[tuple[Value, tuple[Value, ...]], list[Row]] = defaultdict(list)
    if not node.keys and node.state != "unit":
        groups[None, ()] = []
    for row in rows:
        groups[row.unit, tuple(evaluate(key.expr, row.cells) for key in node.keys)].append(row)
    found = []
    for (unit, key), unsorted in groups.items():
        members = sorted(unsorted, key=lambda row: row.place)
        cells = {one.name: value for one, value in zip(node.keys, key, strict=True)}
        for one in node.aggregates:
            values = [tuple(evaluate(part, row.cells) for part in one.parts) for row in members]
            if one.what in (*OF_RELEASED, *OF_PUBLIC):
                cells[one.name] = of_rows(one, values)
            else:
                cells[one.name] = fold(one.what, [row[0] if row else None for row in values], one.type)
        found.append(Row(unit, members[0].place if members else (), cells))
    return found


def _window(node: r.Window, rows: Sequence[Row]) -> list[Row]:
    rows = sorted(rows, key=lambda row: (value_key(row.unit), row.place))
    added: list[dict[str, Value]] = [{} for _ in rows]
    for one in node.over:
        parts: dict[tuple[Value, ...], list[int]] = defaultdict(list)
        for at, row in enumerate(rows):
            parts[row.unit, *(evaluate(expr, row.cells) for expr in one.partition)].append(at)
        values = [None if one.expr is None else evaluate(one.expr, row.cells) for row in rows]
        by = [[evaluate(order.expr, row.cells) for row in rows] for order in one.order]
        for part in parts.values():
            for at, value in over(one, values, by, part).items():
                added[at][one.name] = value
    return [Row(row.unit, row.place, {**row.cells, **more}) for row, more in zip(rows, added, strict=True)]
