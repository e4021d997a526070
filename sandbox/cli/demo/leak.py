"""Damage a copy the way somebody would who does not want to be found."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass

KEPT = 0.7


@dataclass(frozen=True)
class Leak:
    """A damaged copy as CSV; `rows` of `out_of` rows are left."""

    content: bytes
    rows: int
    out_of: int


def damage(original: bytes) -> Leak:
    """Drop 30 % of the rows of a CSV download, rename every column, shuffle what is left."""
    head, *rows = csv.reader(io.StringIO(original.decode("utf-8-sig")))
    chance = random.Random(7)  # noqa: S311 – the same damage on every run, so that the story can be checked
    kept = chance.sample(rows, int(len(rows) * KEPT))
    text = io.StringIO()
    csv.writer(text).writerows([[f"c{number}" for number in range(len(head))], *kept])
    return Leak(text.getvalue().encode(), len(kept), len(rows))
