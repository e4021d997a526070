"""Own tables of a user as engines get them: rows that the vault opened for one plan, read beside a data version.

An own table by identifier comes with the names of its units (`unit_name`): which of them are in the data only the
engine sees, and what it makes of it leaves through `release` alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.engines.layout import ORDER, UNIT, Layout, Stored, TableLayout
from sandbox.plan.own import Own, OwnPublic
from sandbox.plan.scalar import Type, Value
from sandbox.plan.walk import stored

_SQL = {"integer": "BIGINT", "string": "VARCHAR", "boolean": "BOOLEAN", "date": "DATE"}


@dataclass(frozen=True)
class OwnRows:
    """The rows of an own table, column by column. `names`: of each row the name of its unit, no two alike; None for a
    table without identifiers."""

    types: Mapping[str, Type]
    columns: Mapping[str, tuple[Value, ...]]
    rows: int
    names: tuple[int, ...] | None

    def __post_init__(self) -> None:
        if set(self.types) != set(self.columns) or any(len(one) != self.rows for one in self.columns.values()):
            raise ValueError("every column has a type, and a value for each row")
        if self.names is not None and (len(self.names) != self.rows or len(set(self.names)) != self.rows):
            raise ValueError("a unit has one row of an own table at most")


def sql_type(kind: Type) -> str:
    """Give the SQL type of a column's values."""
    return _SQL.get(kind.kind) or f"DECIMAL(18,{kind.scale})"


def with_own(layout: Layout, tables: Mapping[str, OwnRows]) -> Layout:
    """Give the layout of a data version with own tables beside its own."""
    made = {name: _laid_out(name, rows.types, rows.names is not None) for name, rows in tables.items()}
    return Layout({**layout.tables, **made})


def with_named(layout: Layout, nodes: Iterable[Own | OwnPublic]) -> Layout:
    """Give the same from a plan alone, which names them and the columns that it reads."""
    types: dict[str, dict[str, Type]] = {}
    of_units = {}
    for node in nodes:
        of_units[node.table] = isinstance(node, Own)
        named = {stored(one): one.type for one in node.columns if stored(one) != UNIT}
        types[node.table] = types.get(node.table, {}) | named
    made = {name: _laid_out(name, columns, of_units[name]) for name, columns in types.items()}
    return Layout({**layout.tables, **made})


def rows_in(table: OwnRows, names: Mapping[int, int]) -> list[dict[str, Any]]:
    """Give the rows for plain Python; `names` are those of units by their codes. Who is not in the data has none."""
    cells = [dict(zip(table.columns, row, strict=True)) for row in zip(*table.columns.values(), strict=True)]
    if not table.columns:
        cells = [{} for _ in range(table.rows)]
    if table.names is None:
        return [{**row, ORDER: place} for place, row in enumerate(cells)]
    codes = {name: code for code, name in names.items()}
    found = zip(table.names, cells, strict=True)
    return [{**row, UNIT: codes[name], ORDER: 0} for name, row in found if name in codes]


def _laid_out(name: str, types: Mapping[str, Type], of_units: bool) -> TableLayout:
    columns = [Stored(column, kind, "plain", column, sql_type(kind)) for column, kind in types.items()]
    return TableLayout(name, name, tuple(columns), "UINTEGER" if of_units else None)
