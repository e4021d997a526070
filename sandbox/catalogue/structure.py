"""What must hold between the parts of a registration: names once, one unit for all, references that can be enforced."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.catalogue.entry import Entry, TableEntry
from sandbox.catalogue.exact import check_shape
from sandbox.catalogue.keys import check_index, check_key, check_order, check_path, invalid
from sandbox.catalogue.promise import check_promise
from sandbox.catalogue.ruled import check_rules
from sandbox.errors import Problem


def check_structure(entry: Entry) -> None:
    """Raise `Problem` (field_invalid, unit_missing) when the parts of `entry` do not fit each other."""
    _once([table.name for table in entry.tables], "tables")
    check_shape(entry)
    for number, table in enumerate(entry.tables):
        if table.name.lower() == "metadata":
            raise invalid(f"tables[{number}].name", "metadata is the part that holds the registration; choose another")
        _once([column.name for column in table.columns], f"tables[{number}].columns")
        (_check_public if table.public else _check_protected)(entry, table, f"tables[{number}]")
    _check_unit(entry)
    for number, table in enumerate(entry.tables):
        check_index(table, f"tables[{number}]")
        check_rules(entry, table, f"tables[{number}]")
        for place, column in enumerate(table.columns):
            check_key(entry, table, column, f"tables[{number}].columns[{place}]")
            if column.references is not None:
                _check_reference(entry, table, column.name, column.references, f"tables[{number}].columns[{place}]")
    check_order(entry)


def _check_public(entry: Entry, table: TableEntry, where: str) -> None:
    if table.unit is not None or table.max_rows_per_unit is not None:
        raise invalid(f"{where}.unit", "a public table has no unit and no max_rows_per_unit; remove them")
    if table.key_sets or table.measures is not None:
        raise invalid(f"{where}.key_sets", "key_sets and measures bound what a unit adds; a public table has none")


def _check_protected(entry: Entry, table: TableEntry, where: str) -> None:
    if table.unit is None or entry.unit is None:
        raise Problem(
            "unit_missing",
            f"Table {table.name} is protected but its privacy unit is not declared: write `unit` in the registration "
            'and in the table, or `"public": true` when the table is the same without any one person.',
            field=f"{where}.unit",
        )
    if "->" in table.unit:
        check_path(entry, table, f"{where}.unit")
    else:
        _check_unit_column(table, f"{where}.unit")
    if table.max_rows_per_unit is None:
        raise invalid(f"{where}.max_rows_per_unit", "write how many rows of one unit count; more are dropped")


def _check_unit_column(table: TableEntry, where: str) -> None:
    column = table.column(table.unit or "")
    if column is None or column.name != table.unit:
        raise invalid(
            where,
            f"{table.unit} is not a column of {table.name}; name the column of the unit, or a path to it like "
            "visit_id -> visits.person_id",
        )
    if column.plan_type.kind not in ("integer", "string"):
        raise invalid(where, "a unit is named by whole numbers or texts; declare its column integer or string")
    if column.domain is not None or column.bounds is not None:
        raise invalid(where, "the column of the unit has no domain and no bounds; remove them")


def _check_unit(entry: Entry) -> None:
    protected = [table for table in entry.tables if not table.public]
    if entry.unit is None:
        return
    if entry.privacy is None:
        raise invalid("privacy", "protected tables need a budget: write epsilon, delta and per_user")
    check_promise(entry.privacy)
    profile = entry.privacy.profile
    if profile is not None and profile.epsilon >= entry.privacy.epsilon:
        raise invalid("privacy.profile.epsilon", "the profile is bought from the budget; write less than epsilon")
    if entry.unit.column not in {f"{table.name}.{table.unit_column}" for table in protected}:
        raise invalid("unit.column", "write table.column of a protected table's own unit")
    kinds = {column.type for table in protected if (column := table.column(table.unit_column or ""))}
    if len(kinds) > 1:
        raise invalid("unit.column", "the unit has one type in all tables; declare its columns alike")


def _check_reference(entry: Entry, table: TableEntry, column: str, target: str, where: str) -> None:
    """A reference is enforced by dropping rows, which may depend on the row's own unit or on public tables only."""
    parent_name, parent_column = target.split(".")
    parent = next((one for one in entry.tables if one.name == parent_name), None)
    found = parent.column(parent_column) if parent else None
    if parent is None or found is None or parent is table:
        raise invalid(f"{where}.references", f"{target} is not a column of another table; write table.column")
    mine = table.column(column)
    assert mine is not None
    if found.type != mine.type:
        raise invalid(f"{where}.references", f"{target} has another type; declare both alike")
    units = parent.unit_column == found.name and table.unit_column == column
    key = found.key and parent.unit_column != found.name
    if not parent.public and (table.public or not (units or key)):
        raise invalid(
            f"{where}.references",
            "a reference goes from a protected table to its unit's column or to a key of another table of that unit, "
            f'or to a public table; declare {target} `"key": true`, or remove it',
        )
    if found.references is not None and not found.key:
        raise invalid(f"{where}.references", f"{target} is a reference itself; refer to what it refers to")


def _once(names: Sequence[str], where: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name.startswith("__"):
            raise invalid(where, f"{name} begins with __, which is kept for the system; choose another name")
        if name.lower() in seen:
            raise invalid(where, f"{name} stands there twice (letter case does not count); name each once")
        seen.add(name.lower())
