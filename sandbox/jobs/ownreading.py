"""The cells of an own table as values: which types and bounds its user declared, and what the vault makes of them.

Its user knows what is in it, so that a cell may be refused by name when it is brought. What was admitted is read the
same way each time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.catalogue.declared import MOST_DIGITS, column_type, constant
from sandbox.engines.own import OwnRows
from sandbox.plan.scalar import Value
from sandbox.sql.own import OwnColumn, OwnTable
from sandbox.sql.terms import Bound

Cells = Mapping[str, Sequence[str | None]]
MOST_TEXT = 10_000  # characters of a cell
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(?:\.(\d+))?")  # 007 is the name of something
_TRUTH = {"true": True, "false": False}


def guessed(cells: Sequence[str | None]) -> str:
    """Give the type that all cells that are not empty can have: integer, decimal, date, boolean, else string."""
    present = [cell for cell in cells if cell is not None]
    numbers = [found for cell in present if (found := _NUMBER.fullmatch(cell))]
    if present and len(numbers) == len(present):
        scale = max(len(found[2] or "") for found in numbers)
        whole = max(len(found[1]) for found in numbers)
        if whole + scale <= MOST_DIGITS:
            return f"decimal({MOST_DIGITS},{scale})" if scale else "integer"
    for kind in ("date", "boolean"):
        if present and all(_is(kind, cell) for cell in present):
            return kind
    return "string"


def _is(kind: str, cell: str) -> bool:
    try:
        return value(kind, cell) is not None
    except ValueError:  # 2026-02-31 is a name of something
        return False


def value(kind: str, cell: str | None) -> Value:
    """Give a cell as a value of the declared type `kind`, NULL if it is empty. Raises ValueError with what to write."""
    if cell is None:
        return None
    if kind == "string":
        if len(cell) > MOST_TEXT or "\0" in cell:
            raise ValueError(f"write texts of at most {MOST_TEXT} characters")
        return cell
    return constant(kind, _TRUTH.get(cell.lower()) if kind == "boolean" else cell)


def within(found: Value, bounds: tuple[Bound, Bound]) -> Value:
    """Give a number or date that its declared bounds allow: what is beyond one becomes it, as in a registration."""
    low, high = bounds
    if found is None or low is None or high is None:
        return found
    nearest: Any = min(max(found, low), high)
    return int(nearest) if isinstance(found, int) else nearest


def declared(told: Mapping[str, Any], admission: str) -> OwnTable:
    """Give an own table as it stands in its admission. Raises ValueError for one that was brought for code alone."""
    if "schema" not in told:
        raise ValueError("its columns are not declared")
    columns = tuple(_column(one) for one in told["schema"])
    return OwnTable(told["name"], columns, told["rows"], told["identifier"], admission, told["digest"])


def read_rows(table: OwnTable, told: Mapping[str, Any], cells: Cells, key: bytes) -> OwnRows:
    """Give the rows of an own table for the engine; `key` names units. Raises ValueError for cells that are not what
    was declared."""
    from sandbox.catalogue.ingest.units import unit_name  # loads the database, which web has no use for

    kinds = {one["name"]: one["type"] for one in told["schema"]}
    found = {
        one.name: tuple(within(value(kinds[one.name], cell), one.bounds) for cell in cells[one.name])
        for one in table.columns
        if one.name != table.identifier
    }
    names = None
    if table.identifier is not None:
        names = tuple(unit_name(one, key) for one in identifiers(kinds[table.identifier], cells[table.identifier]))
    types = {one.name: one.type for one in table.columns if one.name in found}
    return OwnRows(types, found, table.rows, names)


def identifiers(kind: str, cells: Sequence[str | None]) -> list[str]:
    """Give identifiers as registration spells them. Raises ValueError where one is missing or stands twice: with one
    row each, a unit has one row at most."""
    found = [value(kind, cell) for cell in cells]
    if any(one is None or one == "" for one in found):
        raise ValueError("an identifier is missing; leave such rows out")
    spelled = [str(one) for one in found]
    if len(set(spelled)) != len(spelled):
        raise ValueError("an identifier stands in more than one row; bring one row for each, summed up if need be")
    return spelled


def _column(one: Mapping[str, Any]) -> OwnColumn:
    kind = one["type"]
    domain = None if one.get("domain") is None else tuple(constant(kind, raw) for raw in one["domain"])
    bounds = read_bounds(kind, one.get("bounds"), domain)
    return OwnColumn(one["name"], column_type(kind), bounds, domain, one["nullable"], one["fan_out"])


def read_bounds(kind: str, raw: Sequence[Any] | None, domain: Sequence[Value] | None) -> tuple[Bound, Bound]:
    """Give the declared bounds of a number or date, or the ends of its domain."""
    ends: list[Value] = [constant(kind, one) for one in raw] if raw else sorted(domain or [], key=str)
    if not ends or column_type(kind).kind in ("string", "boolean"):
        return None, None
    low, high = min(ends), max(ends)  # type: ignore[type-var]
    if isinstance(low, date) and isinstance(high, date):
        return low, high
    return Decimal(str(low)), Decimal(str(high))
