"""What a trace starts from: a table of text, and how the columns of a copy derive from primitives."""

from __future__ import annotations

from dataclasses import dataclass
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
    """An output column that shows primitive `primitive` divided by 10^scale."""

    name: str
    primitive: int
    scale: int = 0


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
