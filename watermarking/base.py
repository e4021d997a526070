"""What is marked: the released primitives X of one plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST = 2**61  # values beyond are computed with as Python's integers

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
        if not set(map(len, self.groups)) <= {len(self.key_names)}:
            raise ValueError("a group has one value per key")
        if not set(map(len, self.values)) <= {len(self.primitives)}:
            raise ValueError("a row has one value per primitive")

    @cached_property
    def matrix(self) -> NDArray[Any]:
        """The values as an array, groups × primitives: int64, or Python's integers where one is very large."""
        shape = (len(self.groups), len(self.primitives))
        try:
            found = np.array(self.values, np.int64).reshape(shape)
        except OverflowError:
            return np.array(self.values, object).reshape(shape)
        return found if not found.size or np.abs(found).max() < LARGEST else found.astype(object)

    @property
    def cells(self) -> int:
        """The table's size: groups times primitives."""
        return len(self.groups) * len(self.primitives)
