"""What is marked: the released primitives X of one plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

Value = int | Decimal | str | bool | date | None


@dataclass(frozen=True)
class Primitive:
    """A measured quantity: its canonical name, the σ of its noise in its own integer unit (0: exact, never marked),
    and whether marks must keep it at 0 or above."""

    name: str
    sigma: Fraction
    nonnegative: bool


@dataclass(frozen=True)
class Base:
    """X: for each group its key values (in the order of `key_names`) and one integer per primitive.

    Names are canonical, never a user's aliases: they enter the cell hashes."""

    id: bytes
    key_names: tuple[str, ...]
    groups: tuple[tuple[Value, ...], ...]
    primitives: tuple[Primitive, ...]
    values: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        if len(self.groups) != len(self.values):
            raise ValueError("a base needs one row of values per group")
        if any(len(group) != len(self.key_names) for group in self.groups):
            raise ValueError("a group has one value per key")
        if any(len(row) != len(self.primitives) for row in self.values):
            raise ValueError("a row has one value per primitive")

    @property
    def cells(self) -> int:
        """The table's size: groups times primitives."""
        return len(self.groups) * len(self.primitives)
