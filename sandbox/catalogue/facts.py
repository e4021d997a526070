"""Facts about public tables, exact and for everybody: a public table is the same, byte for byte, without any one unit.

Measured at ingest, stored with the data version, and read here by whoever compiles a statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.catalogue.declared import column_type, constant
from sandbox.catalogue.records import DataVersion
from sandbox.plan.scalar import Value


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
    rows: int
    columns: Mapping[str, ColumnFacts]


def public_facts(version: DataVersion) -> dict[str, TableFacts]:
    """Give the facts of each public table of `version`, by its declared name."""
    return {
        name: TableFacts(table["rows"], {column: _column(raw) for column, raw in table["columns"].items()})
        for name, table in version.facts.items()
    }


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
