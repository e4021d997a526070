"""Privacy states, and what most relations have from what they are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sandbox.plan.relation import Relation
    from sandbox.plan.scalar import Column

State = Literal["unit", "released", "public"]


def mixed(states: Iterable[State]) -> State:
    """Give the state of rows made of rows in `states`: the most private of them."""
    found = set(states)
    return "unit" if "unit" in found else "released" if "released" in found else "public"


class Leaf:
    """A relation without units: their number bounds nothing."""

    @property
    def rows(self) -> int:
        return 0


class Through:
    """A relation whose rows are rows of its source."""

    source: Relation

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.source.columns

    @property
    def state(self) -> State:
        return self.source.state

    @property
    def rows(self) -> int:
        return self.source.rows
