"""What a trace starts from: a table of text, and how the columns of a copy derive from primitives."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from watermarking.cells import canonical


@dataclass(frozen=True)
class Leak:
    """A leaked table as text. Names of columns are only reported; nothing is found by them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("a row has one value per column")

    @cached_property
    def texts(self) -> list[list[str]]:
        """The canonical spelling of every value, column by column."""
        return [[canonical(text) for text in column] for column in zip(*self.rows, strict=True)]


@dataclass(frozen=True)
class Direct:
    """An output column that shows primitive `primitive` divided by `kept` and by 10^scale."""

    name: str
    primitive: int
    scale: int = 0
    kept: Fraction = Fraction(1)

    def whole(self, value: Fraction, grid: Fraction) -> Fraction:
        """Give the primitive that is shown as `value`·`kept`, on a grid of that width: the whole number nearest to it
        where it was not rounded further than to one."""
        return value if self.kept == 1 or grid > 1 else Fraction(round(value))


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


View = Direct | Average
