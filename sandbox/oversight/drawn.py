"""Leaked rows of a synthetic table, seen as codes of its columns; and how well each recipient's own rows fit them.

Which columns they are, and what they hold, is read from leak and base alone; no recipient's key."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from math import prod
from typing import Any

import numpy as np

from sandbox.modelling.drawing import draw, seed_of
from sandbox.modelling.network import Codes, Network, network, probabilities
from sandbox.oversight.sketch import Part, tokens
from sandbox.plan.drawn import Coded
from sandbox.plan.plan import Plan
from sandbox.plan.scalar import DATE
from watermarking import drawn as scoring
from watermarking.base import Base
from watermarking.design import Design
from watermarking.embed import embed
from watermarking.leak import Leak, Reals
from watermarking.numbers import folded, reading

LEAST = 8  # rows that show anything at all
READABLE = 0.5  # share of a column's values that must be ones that it can have
DAY = re.compile(r"(\d{4})(?:-(\d\d?)(?:-(\d\d?)(?:[t ][\d:.]+z?)?)?)?", re.ASCII)
NONE = frozenset({"", "null", "none", "nan", "na", "n/a", "\\n"})


@dataclass(frozen=True)
class Rows:
    """What a leak shows of a synthetic table: the place of the leak's column for each of the model's `columns` that is
    there; the different rows of codes, how often each occurs, and L/q of each."""

    columns: tuple[int, ...]
    places: tuple[int, ...]
    codes: Codes
    counts: Reals
    ratios: Reals
    read: int
    net: Network

    def report(self, plan: Plan, leak: Leak) -> dict[str, Any]:
        """Give in JSON what was done to the file, as far as leak and base show it."""
        assert plan.drawn is not None
        names = [one.name for one in plan.drawn.columns]
        return {
            "shape": "rows",
            "parts": 1,
            "rows": len(leak.rows),
            "rows_matched": self.read,
            "rows_repeated": self.read - len(self.codes),
            "rows_by_value": True,
            "groups": plan.drawn.count,
            "groups_missing": max(plan.drawn.count - self.read, 0),
            "keys": {
                names[column]: leak.columns[place] for column, place in zip(self.columns, self.places, strict=True)
            },
            "measures": [],
            "bases_beside": 0,
            "columns_unexplained": len(leak.columns) - len(self.columns),
        }


def sketched(plan: Plan) -> Part:
    """Give the sketch of a synthetic table: a leak names its columns in the header, or has their values."""
    assert plan.drawn is not None
    names = np.unique(tokens(folded(one.name) for one in plan.drawn.columns))
    values = [
        np.unique(tokens(folded(_spelled(value)) for value in one.values)) for one in plan.drawn.columns if one.values
    ]
    nothing = np.zeros((0, 0), np.float64)
    return Part((names, *values), np.zeros(0, np.uint64), nothing, np.zeros(0, np.float64))


def rows_of(leak: Leak, plan: Plan, marks: Sequence[Base]) -> Rows | None:
    """Give what the leak shows of the table; None where that is nothing. Columns are found by their names; without
    names, where there are as many as the table has, by their order."""
    if plan.drawn is None or len(leak.rows) < LEAST:
        return None
    drawn = plan.drawn
    heads = {folded(name): place for place, name in enumerate(leak.columns)}
    named = {number: heads.get(folded(one.name)) for number, one in enumerate(drawn.columns)}
    if all(place is None for place in named.values()) and len(leak.columns) == len(drawn.columns):
        named = {number: number for number in named}
    found = {
        number: (place, codes)
        for number, place in named.items()
        if place is not None and (codes := _codes(leak, place, drawn.columns[number])) is not None
    }
    if not found:
        return None
    told = np.stack([codes for _, codes in found.values()], axis=1)
    told = told[(told >= 0).all(axis=1)]
    if len(told) < LEAST:
        return None
    different, counts = np.unique(told, axis=0, return_counts=True)
    net = network(drawn.sizes, drawn.marginals[: drawn.fitted], [weight for (weight,) in marks[-2].values])
    try:
        law = probabilities(net, tuple(found), different)
    except ValueError:  # too many columns are gone to say how probable the rows are
        return None
    share: Reals = np.asarray(counts / len(told), np.float64)
    ratios: Reals = np.divide(share, law, out=np.zeros(len(share)), where=law > 0)  # what is never drawn names nobody
    return Rows(
        tuple(found),
        tuple(place for place, _ in found.values()),
        different,
        np.asarray(counts, np.float64),
        ratios,
        len(told),
        net,
    )


def log_e_values(
    rows: Rows, plan: Plan, seeds: Base, design: Design, k_base: bytes, k_users: Sequence[bytes]
) -> list[float]:
    """Give ln E of each recipient: its rows are drawn again by its key and held against the leak's."""
    assert plan.drawn is not None
    sizes = [rows.net.sizes[column] for column in rows.columns]
    known = dict(zip(_numbered(rows.codes, sizes), rows.ratios.tolist(), strict=True))
    before = [value for (value,) in seeds.values]
    found = []
    for k_user in k_users:
        marked = [value for (value,) in embed(seeds, design, k_base, k_user)]
        own = draw(rows.net, plan.drawn.count, seed_of(before, marked))[:, list(rows.columns)]
        found.append(scoring.log_e(np.array([known.get(row, 0.0) for row in _numbered(own, sizes)])))
    return found


def most(rows: Rows, plan: Plan) -> float:
    """Give what nobody's ln E is above."""
    assert plan.drawn is not None
    return scoring.most(rows.ratios, plan.drawn.count)


def _numbered(codes: Codes, sizes: Sequence[int]) -> list[Hashable]:
    """Each row as one number, or as its bytes where numbers would not do."""
    if prod(sizes) < 2**62:
        return list(np.ravel_multi_index(tuple(codes.T), sizes).tolist())
    return [row.tobytes() for row in np.ascontiguousarray(codes)]


def _codes(leak: Leak, place: int, column: Coded) -> Codes | None:
    """The codes of a column of the leak, −1 where a value is none; None where most are none."""
    texts = leak.texts[place]
    empty = column.size - 1 if column.nulls else -1
    if column.values:
        spelled = {folded(_spelled(value)): code for code, value in enumerate(column.values)}
        if not column.type.numeric:
            found = np.array([spelled.get(text, empty if text in NONE else -1) for text in texts], np.int64)
        else:
            known = {float(str(value)): code for code, value in enumerate(column.values)}
            found = np.array([_known(text, known, empty) for text in texts], np.int64)
    else:
        found = np.array([_bin(text, column, empty) for text in texts], np.int64)
    return found if len(found) and float(np.mean(found >= 0)) >= READABLE else None


def _known(text: str, known: dict[float, int], empty: int) -> int:
    number = reading(text)
    if number is None:
        return empty if text in NONE else -1
    return known.get(float(number), -1)


def _bin(text: str, column: Coded, empty: int) -> int:
    dated = column.type == DATE
    step = _day(text, column.edges[0]) if dated else _steps(text, column.type.scale)
    if step is None:
        return empty if text in NONE else -1
    slack = 0 if dated else 0.5  # of rounding
    if not column.edges[0] - slack <= step < column.edges[-1] + slack:
        return -1
    at = int(np.searchsorted(np.array(column.edges), step + 1e-9, side="right")) - 1
    return min(max(at, 0), len(column.edges) - 2)


def _steps(text: str, scale: int) -> float | None:
    number = reading(text)
    return None if number is None else float(number) * 10**scale


def _day(text: str, first: int) -> int | None:
    """A folded day as its number; of a month or a year alone its first day, or the `first` that there is in it."""
    if (found := DAY.fullmatch(text)) is None:
        return None
    year, month, day = (int(part or 0) for part in found.groups())
    try:
        step = date(year, month or 1, day or 1).toordinal()
    except ValueError:
        return None
    begins = date.fromordinal(first)
    within = not day and year == begins.year and month in (0, begins.month)
    return max(step, first) if within else step


def _spelled(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
