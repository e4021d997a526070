"""What a trace starts from: a table of text, and how the columns of a copy derive from primitives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from watermarking.numbers import folded, reading

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Leak:
    """A leaked table as text. A name of a column is read only where it may be a value of a key (a pivoted table)."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        width = len(self.columns)
        if any(len(row) != width for row in self.rows):
            raise ValueError("a row has one value per column")

    @cached_property
    def texts(self) -> list[list[str]]:
        """The folded spelling of every value, column by column."""
        found = []
        for place in range(len(self.columns)):
            column = [row[place] for row in self.rows]
            spelled = {text: folded(text) for text in set(column)}
            found.append([spelled[text] for text in column])
        return found

    def numbers(self, column: int) -> Reals:
        """Give the numbers of a column, NaN where a value is none."""
        if column not in self._numbers:
            values = map(reading, (row[column] for row in self.rows))
            self._numbers[column] = np.array([math.nan if value is None else float(value) for value in values])
        return self._numbers[column]

    @cached_property
    def _numbers(self) -> dict[int, Reals]:
        return {}


@dataclass(frozen=True)
class Direct:
    """An output column that shows primitive `primitive` divided by `kept`, then moved by `around`, then divided by
    10^scale."""

    name: str
    primitive: int
    scale: int = 0
    kept: Fraction = Fraction(1)
    around: int = 0

    @property
    def place(self) -> int:
        return self.primitive


@dataclass(frozen=True)
class Average:
    """An output column that shows (S / n + centre) / 10^scale of the primitives S = `total` and n = `count`, kept
    within `bounds` (before the division by 10^scale)."""

    name: str
    total: int
    count: int
    centre: int
    scale: int
    bounds: tuple[int, int]

    @property
    def place(self) -> int:
        return self.total


@dataclass(frozen=True)
class Total:
    """An output column that shows (S + centre·n) / (kept·10^scale) of the primitives S = `total` and n = `count`."""

    name: str
    total: int
    count: int
    centre: int
    scale: int
    kept: Fraction = Fraction(1)
    around: ClassVar[int] = 0

    @property
    def place(self) -> int:
        return self.total


View = Direct | Average | Total
