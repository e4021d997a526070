"""What must hold of keys, paths to the unit, and the key sets of the contribution index."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from sandbox.catalogue.entry import ColumnEntry, Entry, TableEntry
from sandbox.errors import Problem


def check_key(entry: Entry, table: TableEntry, column: ColumnEntry, where: str) -> None:
    """Raise `Problem` when values of a key, or what names one on the way to the unit, could be made equal by ingest."""
    names_parent = table.path is not None and table.path.column == column.name
    if (column.key or names_parent) and column.bounds is not None:
        raise invalid(f"{where}.bounds", "values moved to a bound would name another row; a key has none, remove them")
    if column.key and column.plan_type.kind == "boolean":
        raise invalid(f"{where}.key", "true and false cannot tell rows apart; declare another column as key")


def check_path(entry: Entry, table: TableEntry, where: str) -> None:
    """Raise `Problem` unless the path goes to the key of a protected table and on as that table's own unit does."""
    path = table.path
    if path is None:
        raise invalid(where, "this is no path; write column -> table.column, for example visit_id -> visits.person_id")
    mine = table.column(path.column)
    if mine is None or mine.name != path.column:
        raise invalid(where, f"{path.column} is not a column of {table.name}; begin the path with one")
    parent = next((one for one in entry.tables if one.name == path.parent), None)
    if parent is None or parent is table or parent.public or parent.unit is None:
        raise invalid(where, f"{path.parent} is not another protected table; lead the path through one")
    onward = [str(parent.unit)]
    if parent.path is not None:
        onward = [f"{parent.path.column} -> {parent.path.parent}.{parent.path.rest}", parent.path.column]
    if path.rest not in onward:
        raise invalid(
            where, f"the unit of {parent.name} is {parent.unit}; write {path.column} -> {parent.name}.{onward[0]}"
        )
    found = entry.parent(table)
    if found is None or not found[1].key:
        raise invalid(
            where,
            f"{path.column} must name one row of {parent.name}: declare the column there that it names "
            f'`"key": true`, and if that has another name write `"references"` on {path.column}',
        )
    if found[1].name == parent.unit_column:
        raise invalid(where, f"{parent.name}.{found[1].name} is the unit itself; write {mine.name} alone")
    if found[1].type != mine.type:
        raise invalid(where, f"{path.column} and {parent.name}.{found[1].name} differ in type; declare both alike")


def check_order(entry: Entry) -> None:
    """Raise `Problem` when tables refer to each other in a circle: none of them could be read first."""
    try:
        TopologicalSorter({table.name: entry.needs(table) for table in entry.tables}).prepare()
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise invalid("tables", f"tables refer to each other in a circle ({circle}); remove one reference") from None


def check_index(table: TableEntry, where: str) -> None:
    """Raise `Problem` unless key sets and measures name columns that a contribution index can have."""
    seen: set[frozenset[str]] = set()
    for number, keys in enumerate(table.key_sets):
        place = f"{where}.key_sets[{number}]"
        for name in keys:
            _exactly(table, name, place)
            if name == table.unit_column:
                raise invalid(place, f"{name} is the unit itself; leave it out")
        if len(set(keys)) != len(keys) or frozenset(keys) in seen:
            raise invalid(place, "write each column once and each set once, in any order")
        seen.add(frozenset(keys))
    for number, name in enumerate(table.measures or ()):
        place = f"{where}.measures[{number}]"
        column = _exactly(table, name, place)
        if column.lower is None or column.upper is None:
            raise invalid(place, f"{name} has no enforced bounds; declare them, or leave it out")
        if name in (table.measures or ())[:number]:
            raise invalid(place, f"{name} stands there twice; name it once")


def _exactly(table: TableEntry, name: str, where: str) -> ColumnEntry:
    column = table.column(name)
    if column is None or column.name != name:
        raise invalid(where, f"{name} is not a column of {table.name}; name one")
    return column


def invalid(field: str, say: str) -> Problem:
    """The refusal of one field, with what to write there."""
    return Problem("field_invalid", f"Field {field}: {say}.", field=field)
