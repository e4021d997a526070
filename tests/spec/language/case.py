"""A question and its exact answer, or why it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Answer = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Case:
    """`answer`: the rows without noise, in any order unless `ordered`; `refusal`: words of the sentence that refuses.
    `most`: the most rows of one unit that the first measure has. `plainly`: DuckDB gives the same for the same text."""

    section: str
    title: str
    sql: str
    answer: Answer | None = None
    refusal: str | None = None
    ordered: bool = False
    most: int | None = None
    plainly: bool = True
