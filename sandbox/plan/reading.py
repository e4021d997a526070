"""What exact service reads (U6): rows of public tables, with what is made of them, as they are.

No noise, no loss, nothing that would be marked: a reading is made of what is the same without any one unit, and
nothing else can be built. Whether its tables may be read so is for `sandbox.privacy.rederive` to say, twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from sandbox.core.canonical import digest
from sandbox.plan.codec import to_json
from sandbox.plan.relation import Released, Scan, Sort
from sandbox.plan.scalar import Column
from sandbox.plan.walk import walk

LATER = ("@", "notes", "most")


@dataclass(frozen=True)
class Reading:
    """`rows`, in their order, ties by all their columns; the answer has the first `shown` columns of the first `most`
    rows. The engine is asked for one row more where there may be one, so that it can be said that there are others."""

    semantics: str
    resource: str
    version: str
    rows: Sort
    shown: int
    most: int
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.rows.state != "public" or any(isinstance(node, Scan | Released) for node in walk(self.rows)):
            raise ValueError("only public rows leave as they are")
        if not 1 <= self.shown <= len(self.rows.columns):
            raise ValueError("an answer shows columns of the rows that are read")
        if self.most < 1 or self.rows.limit is None or self.rows.limit > self.most + 1:
            raise ValueError("an answer has a most of rows")

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the answer."""
        return self.rows.columns[: self.shown]

    @property
    def population(self) -> str:
        """Nobody's budget is spent."""
        return ""

    @property
    def rho(self) -> Decimal:
        return Decimal(0)

    @property
    def delta(self) -> Decimal:
        return Decimal(0)

    @cached_property
    def json(self) -> dict[str, Any]:
        """The reading as JSON, made once; not to be changed."""
        whole: dict[str, Any] = to_json(self)
        return whole

    def base_key(self) -> str:
        """The canonical key: everything that decides which rows leave."""
        return self._base_key

    @cached_property
    def _base_key(self) -> str:
        return digest({"reading": {name: part for name, part in self.json.items() if name not in LATER}})
