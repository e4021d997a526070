"""Rows that a program makes: units are spread over blocks, the program runs on each block by itself and gives numbers.

Sample and aggregate (Nissim, Raskhodnikova and Smith 2007; Mohan and others, GUPT, 2012): whatever the program does, a
unit that comes or goes changes the one row of its own block – one row goes and one comes –, for the block of a unit is
a keyed function of that unit alone. Nothing is made of these rows but what is measured."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.plan.parts import once
from sandbox.plan.scalar import Column, Type
from sandbox.plan.states import State

if TYPE_CHECKING:
    from sandbox.plan.relation import Relation

MOST_BLOCKS = 4096
OWN = "unit"
"""The column by which a program tells the units of its block apart: they are numbered from 0, block by block."""


@dataclass(frozen=True)
class Given:
    """A number that a program gives, rounded to the decimals of its type and clamped to its bounds; `otherwise` where
    it gives none."""

    name: str
    type: Type
    lower: Decimal
    upper: Decimal
    otherwise: Decimal

    def __post_init__(self) -> None:
        if not self.type.numeric or not self.lower <= self.otherwise <= self.upper:
            raise ValueError(f"{self.name} is a number within its bounds")

    @property
    def column(self) -> Column:
        return Column(self.name, self.type, self.lower, self.upper)


@dataclass(frozen=True)
class Worked:
    """One row for each of `blocks` blocks of units of `source`: the numbers that `code` gives of its rows, whose
    columns it finds under the names `shown`. Each block has `milliseconds` and `memory_mb`. `parameters` is canonical
    JSON."""

    source: Relation
    shown: tuple[str, ...]
    code: str
    parameters: str
    blocks: int
    numbers: tuple[Given, ...]
    milliseconds: int
    memory_mb: int

    def __post_init__(self) -> None:
        if self.source.state != "unit" or not 1 <= self.blocks <= MOST_BLOCKS:
            raise ValueError("a program works on blocks of units")
        if len(self.shown) != len(self.source.columns) or len({*self.shown, OWN}) <= len(self.shown):
            raise ValueError(f"a program finds each column under one name, none of them {OWN}")
        if not self.numbers or min(self.milliseconds, self.memory_mb) < 1:
            raise ValueError("a program gives numbers, and takes time and memory")
        once(self.columns)

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(one.column for one in self.numbers)

    @property
    def state(self) -> State:
        return "unit"

    @property
    def rows(self) -> int:
        """A unit that comes or goes: the row of its block as it was, and as it is."""
        return 2
