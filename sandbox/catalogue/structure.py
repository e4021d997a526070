"""What must hold between the parts of a registration: names once, one unit for all, references that can be enforced."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.catalogue.entry import Entry, TableEntry
from sandbox.errors import Problem


def check_structure(entry: Entry) -> None:
    """Raise `Problem` (field_invalid, unit_missing) when the parts of `entry` do not fit each other."""
    _once([table.name for table in entry.tables], "tables")
    for number, table in enumerate(entry.tables):
        if table.name.lower() == "metadata":
            raise _invalid(f"tables[{number}].name", "metadata is the part that holds the registration; choose another")
        _once([column.name for column in table.columns], f"tables[{number}].columns")
        (_check_public if table.public else _check_protected)(entry, table, f"tables[{number}]")
    _check_unit(entry)
    for number, table in enumerate(entry.tables):
        for place, column in enumerate(table.columns):
            if column.references is not None:
                _check_reference(entry, table, column.name, column.references, f"tables[{number}].columns[{place}]")


def _check_public(entry: Entry, table: TableEntry, where: str) -> None:
    if table.unit is not None or table.max_rows_per_unit is not None:
        raise _invalid(f"{where}.unit", "a public table has no unit and no max_rows_per_unit; remove them")


def _check_protected(entry: Entry, table: TableEntry, where: str) -> None:
    if table.unit is None or entry.unit is None:
        raise Problem(
            "unit_missing",
            f"Table {table.name} is protected but its privacy unit is not declared: write `unit` in the registration "
            'and in the table, or `"public": true` when the table is the same without any one person.',
            field=f"{where}.unit",
        )
    if "->" in table.unit:
        raise _invalid(f"{where}.unit", "a path to the unit is not offered yet; write the unit's column into the table")
    column = table.column(table.unit)
    if column is None or column.name != table.unit:
        raise _invalid(f"{where}.unit", f"{table.unit} is not a column of {table.name}; name the column of the unit")
    if column.plan_type.kind not in ("integer", "string"):
        raise _invalid(
            f"{where}.unit", "a unit is named by whole numbers or texts; declare its column integer or string"
        )
    if column.domain is not None or column.bounds is not None:
        raise _invalid(f"{where}.unit", "the column of the unit has no domain and no bounds; remove them")
    if table.max_rows_per_unit is None:
        raise _invalid(f"{where}.max_rows_per_unit", "write how many rows of one unit count; more are dropped")


def _check_unit(entry: Entry) -> None:
    protected = [table for table in entry.tables if not table.public]
    if entry.unit is None:
        return
    if entry.privacy is None:
        raise _invalid("privacy", "protected tables need a budget: write epsilon, delta and per_user")
    if entry.privacy.per_user.epsilon > entry.privacy.epsilon or entry.privacy.per_user.delta > entry.privacy.delta:
        raise _invalid("privacy.per_user", "a user's share cannot exceed the whole; write at most epsilon and delta")
    if entry.unit.column not in {f"{table.name}.{table.unit}" for table in protected}:
        raise _invalid("unit.column", "write table.column of a protected table's own unit")
    kinds = {column.type for table in protected if table.unit and (column := table.column(table.unit))}
    if len(kinds) > 1:
        raise _invalid("unit.column", "the unit has one type in all tables; declare its columns alike")


def _check_reference(entry: Entry, table: TableEntry, column: str, target: str, where: str) -> None:
    """A reference is enforced by dropping rows, which may depend on the row's own unit or on public tables only."""
    parent_name, parent_column = target.split(".")
    parent = next((one for one in entry.tables if one.name == parent_name), None)
    found = parent.column(parent_column) if parent else None
    if parent is None or found is None or parent is table:
        raise _invalid(f"{where}.references", f"{target} is not a column of another table; write table.column")
    mine = table.column(column)
    assert mine is not None
    if found.type != mine.type:
        raise _invalid(f"{where}.references", f"{target} has another type; declare both alike")
    if not parent.public and (table.public or parent.unit != found.name or table.unit != column):
        raise _invalid(
            f"{where}.references",
            "a reference goes from the column of the unit to the same unit's column, or to a public table; remove it",
        )
    if found.references is not None:
        raise _invalid(f"{where}.references", f"{target} is a reference itself; refer to what it refers to")


def _once(names: Sequence[str], where: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name.startswith("__"):
            raise _invalid(where, f"{name} begins with __, which is kept for the system; choose another name")
        if name.lower() in seen:
            raise _invalid(where, f"{name} stands there twice (letter case does not count); name each once")
        seen.add(name.lower())


def _invalid(field: str, say: str) -> Problem:
    return Problem("field_invalid", f"Field {field}: {say}.", field=field)
