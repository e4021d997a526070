"""Own tables of a user, as they were declared when they were brought: what a text may name as `own.table`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.catalogue.facts import ColumnFacts, TableFacts
from sandbox.plan import scalar as s
from sandbox.plan.own import SCHEMA
from sandbox.sql.terms import Bound


@dataclass(frozen=True)
class OwnColumn:
    """A column: its type, the bounds or the list of values that its user declared, whether a cell may be missing, and
    the most rows that share one value."""

    name: str
    type: s.Type
    bounds: tuple[Bound, Bound] = (None, None)
    domain: tuple[s.Value, ...] | None = None
    nullable: bool = True
    fan_out: int = 0

    @property
    def ends(self) -> tuple[Decimal | None, Decimal | None]:
        """The bounds of a number, as plans have them."""
        low, high = self.bounds
        return (low, high) if isinstance(low, Decimal) and isinstance(high, Decimal) else (None, None)


@dataclass(frozen=True)
class OwnTable:
    """An own table: with one row for each value of the column `identifier`, which names units, or without one. Plans
    name it by its admission and digest."""

    name: str
    columns: tuple[OwnColumn, ...]
    rows: int
    identifier: str | None
    admission: str
    digest: str

    @property
    def full_name(self) -> str:
        """What plans call it."""
        return f"{SCHEMA}.{self.name}"

    def facts(self) -> TableFacts:
        """Give what plans may rely on of a table without identifiers: nothing that its values are."""
        return TableFacts(
            self.rows,
            {one.name: ColumnFacts(0, int(one.nullable), one.fan_out, None, None, None) for one in self.columns},
        )


def public_facts_of(tables: Mapping[str, OwnTable]) -> dict[str, TableFacts]:
    """Give the facts of own tables without identifiers, by what plans call them."""
    return {one.full_name: one.facts() for one in tables.values() if one.identifier is None}


def fan_out(values: Sequence[Any]) -> int:
    """Give the most rows that share one value, NULL aside."""
    return max(Counter(value for value in values if value is not None).values(), default=0)
