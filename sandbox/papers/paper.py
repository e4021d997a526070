"""What a paper says, whoever shows it: a heading, facts, tables, remarks. `pdf` draws it, web shows it as a page – so
that both say the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True)
class Facts:
    """Names and values."""

    KIND: ClassVar[str] = "facts"
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Heading:
    """Begins a part."""

    KIND: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True)
class Table:
    """Columns from number `right` on are set flush right; `widths` are in proportion."""

    KIND: ClassVar[str] = "table"
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]
    right: int


@dataclass(frozen=True)
class Note:
    """A remark."""

    KIND: ClassVar[str] = "note"
    text: str


@dataclass(frozen=True)
class Total:
    """The sum, flush right."""

    KIND: ClassVar[str] = "total"
    text: str


Block = Facts | Heading | Table | Note | Total


@dataclass
class Paper:
    """Written from top to bottom. `at` is the time of what it shows; `language` is zh or en."""

    title: str
    subtitle: str
    at: datetime
    language: str
    blocks: list[Block] = field(default_factory=list)

    def facts(self, rows: Iterable[tuple[str, str]]) -> None:
        """Write names and values."""
        self.blocks.append(Facts(tuple(rows)))

    def heading(self, text: str) -> None:
        """Begin a part."""
        self.blocks.append(Heading(text))

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int], right: int) -> None:
        """Write a table."""
        self.blocks.append(Table(tuple(heads), tuple(map(tuple, rows)), tuple(widths), right))

    def note(self, text: str) -> None:
        """Write a remark."""
        self.blocks.append(Note(text))

    def total(self, text: str) -> None:
        """Write the sum."""
        self.blocks.append(Total(text))
