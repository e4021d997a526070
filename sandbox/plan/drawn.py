"""Drawn rows in a plan: synthetic tables. Blocks of the plan count units by the codes of columns; a model is fitted to
the noisy counts, and every recipient gets rows of its own, drawn from it: all that follows the counts is
post-processing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import prod

from sandbox.plan.block import Block
from sandbox.plan.fitted import Slots
from sandbox.plan.of_numbers import from_whole
from sandbox.plan.scalar import DATE, Type, Value

SEED = Slots(256, Decimal("0.1"))
"""Places that hold nothing private: by a recipient's marks in them its rows are drawn."""
MOST_ROWS = 50_000
MOST_STEPS = 2**32
"""Steps from the least to the largest value of a column."""
MOST_CELLS = 200_000
"""Cells of one marginal, and of all tables of a model."""


@dataclass(frozen=True)
class Coded:
    """A column of drawn rows. Its codes count from 0: the `values` it can have or, of a number or a date, the bins
    between `edges`, in steps of its last decimal, or in days from 0001-01-01, which is 1, each from its first step up
    to the next bin's; and last, where the column shows them, NULL."""

    name: str
    type: Type
    values: tuple[Value, ...] = ()
    edges: tuple[int, ...] = ()
    nulls: bool = False

    def __post_init__(self) -> None:
        if bool(self.values) == bool(self.edges) or len(set(self.values)) != len(self.values) or None in self.values:
            raise ValueError(f"{self.name} has values or bins, each once")
        if len(self.edges) == 1 or any(low >= high for low, high in zip(self.edges, self.edges[1:], strict=False)):
            raise ValueError(f"the bins of {self.name} follow each other")
        if self.edges and not (self.type.numeric or self.type == DATE):
            raise ValueError("bins are of numbers and dates")
        if self.edges and self.type == DATE and not 1 <= self.edges[0] < self.edges[-1] <= date.max.toordinal() + 1:
            raise ValueError(f"the bins of {self.name} are of the years 1 to 9999")
        if self.edges and self.edges[-1] - self.edges[0] >= MOST_STEPS:
            raise ValueError(f"the bins of {self.name} have too many steps")
        if self.size < 2:
            raise ValueError(f"{self.name} has one value only")

    @property
    def size(self) -> int:
        """How many codes there are."""
        return (len(self.values) or len(self.edges) - 1) + self.nulls

    def at(self, step: int) -> Value:
        """Give the value of a step."""
        if self.type == DATE:
            return date.fromordinal(step)
        return step if self.type.kind == "integer" else from_whole(step, self.type.scale)


@dataclass(frozen=True)
class Drawn:
    """`count` rows of these columns. Block i of the plan counts by the columns `marginals[i]`; the first `fitted` of
    them are what the model is fitted to, the others only tell how good it is. The base holds, behind the blocks, the
    tables of the fitted model and what the places of `SEED` hold before marks."""

    columns: tuple[Coded, ...]
    marginals: tuple[tuple[int, ...], ...]
    fitted: int
    count: int

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names) or not 1 <= self.count <= MOST_ROWS:
            raise ValueError("drawn rows have columns of different names, and are counted")
        if not 1 <= self.fitted <= len(self.marginals):
            raise ValueError("a model is fitted to some of the marginals")
        for marginal in self.marginals:
            if sorted(set(marginal)) != list(marginal) or not set(marginal) <= set(range(len(names))) or not marginal:
                raise ValueError("a marginal names columns in their order, each once")
            if self.cells(marginal) > MOST_CELLS:
                raise ValueError("a marginal has too many cells")
        if set().union(*self.marginals[: self.fitted]) != set(range(len(names))):
            raise ValueError("every column is in some marginal that is fitted")

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many codes each column has."""
        return tuple(column.size for column in self.columns)

    def cells(self, marginal: Sequence[int]) -> int:
        """How many cells a marginal has."""
        return prod(self.columns[place].size for place in marginal)

    def check(self, blocks: Sequence[Block]) -> None:
        """Raise ValueError unless the blocks count units by the codes of the marginals."""
        if len(blocks) != len(self.marginals):
            raise ValueError("each marginal is counted by a block")
        for block, marginal in zip(blocks, self.marginals, strict=True):
            domains = [key.domain for key in block.keys]
            if domains != [tuple(range(self.columns[place].size)) for place in marginal]:
                raise ValueError("a block of a marginal counts by the codes of its columns")
            if [one.what for one in block.measurements] != ["rows"] or block.bounds.rows != 1:
                raise ValueError("a block of a marginal counts units, of which each has one row")
