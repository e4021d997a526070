"""Facts about public tables, exact and for everybody: a public table is the same, byte for byte, without any one unit.

Measured at ingest, stored with the data version, and read here by whoever compiles a statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.catalogue.declared import column_type, constant
from sandbox.catalogue.records import DataVersion
from sandbox.plan.scalar import Value

MOST_CELLS = 10_000
"""Values of a public table whose rows are known to everybody as a whole."""


@dataclass(frozen=True)
class ColumnFacts:
    """A public column. `fan_out` is the largest number of rows that share one value, NULL aside, 0 if there is none;
    `values` are its values in order, None if there are more than 1000 or one is long; `least` and `most` of numbers and
    dates."""

    distinct: int
    nulls: int
    fan_out: int
    values: tuple[Value, ...] | None
    least: Value
    most: Value

    @property
    def unique(self) -> bool:
        """No two rows share a value."""
        return self.fan_out <= 1


@dataclass(frozen=True)
class TableFacts:
    """A public table. `lines` are its rows, in the order of `columns`; None when they hold more than 10,000 values, or
    a long one."""

    rows: int
    columns: Mapping[str, ColumnFacts]
    lines: tuple[tuple[Value, ...], ...] | None = None


def public_facts(version: DataVersion) -> dict[str, TableFacts]:
    """Give the facts of each public table of `version`, by its declared name."""
    return {
        name: TableFacts(
            table["rows"],
            {column: _column(raw) for column, raw in table["columns"].items()},
            _lines(table.get("lines"), [raw["type"] for raw in table["columns"].values()]),
        )
        for name, table in version.facts.items()
    }


def _lines(raw: Sequence[Sequence[Any]] | None, kinds: Sequence[str]) -> tuple[tuple[Value, ...], ...] | None:
    if raw is None:
        return None
    return tuple(tuple(_value(kind, value) for kind, value in zip(kinds, line, strict=True)) for line in raw)


def _column(raw: Mapping[str, Any]) -> ColumnFacts:
    kind, values = raw["type"], raw["values"]
    return ColumnFacts(
        raw["distinct"],
        raw["nulls"],
        raw["fan_out"],
        None if values is None else tuple(_value(kind, value) for value in values),
        _value(kind, raw["least"]),
        _value(kind, raw["most"]),
    )


def _value(kind: str, raw: Any) -> Value:
    if raw is None or column_type(kind).kind == "string":
        found: str | None = raw
        return found
    return constant(kind, raw)
