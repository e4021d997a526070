"""Leaked columns whose numbers are nearer to a primitive's than by chance, where keys do not say which row is which.

Reads leak and X only. Chance is what the same numbers find when they are moved away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from watermarking.base import Base
from watermarking.columns import whole
from watermarking.leak import Average, Leak, Reals, View
from watermarking.rows import Places, sample

FEW = 8  # rows below which numbers say nothing
WIDTHS = (0.05, 0.15, 0.35)  # of σ: how near is near
SHIFTS = (-8, -7, -6, -5, -4, 4, 5, 6, 7, 8)  # of widths: how far numbers are moved, as little as tells them apart
SURE = 6.0  # standard deviations by which more numbers must be near than by chance
HITS = 0.5  # share of numbers that must be near
PAIRS = 40  # pairs of columns that are looked at together
MOST = 4_000_000  # pairs of a row and a group that are looked at


@dataclass(frozen=True)
class Known:
    """What the remaining keys say: a number for their values, of rows (-1: unknown) and of groups."""

    rows: Places
    groups: Places


@dataclass(frozen=True)
class Axis:
    """A leaked column that may show a primitive, in a power of ten of its unit: the values of both in the primitive's
    own; how near they are, and by how many standard deviations more often than by chance."""

    column: int
    primitive: int
    leaked: Reals
    x: Reals
    sigma: float
    near: float = 0.0
    sure: float = 0.0

    def fits(self, other: Axis) -> bool:
        """Whether both may be shown at once."""
        return self.column != other.column and self.primitive != other.primitive

    def away(self, row: Places, group: Places) -> Reals:
        """How far leaked values are from those of groups."""
        return np.asarray(np.abs(self.leaked[row] - self.x[group]), np.float64)


def axes(leak: Leak, base: Base, views: Sequence[View], columns: Sequence[int | None], known: Known) -> list[Axis]:
    """Give the columns that show a primitive by themselves or, where values lie too close for that, together; the
    surest first, none twice."""
    rows = np.array(sample(len(leak.rows)), np.int64)
    rows = rows[known.rows[rows] >= 0]
    found = [_alone(axis, known, rows) for axis in _possible(leak, base, views, columns, rows)]
    found = sorted((axis for axis in found if axis.near), key=lambda axis: -axis.sure)
    kept: list[Axis] = []
    for axis in found:
        if axis.sure >= SURE and all(map(axis.fits, kept)):
            kept.append(axis)
    if not kept:
        pairs = [pair for pair in combinations(found, 2) if pair[0].fits(pair[1])][:PAIRS]
        sure = [_together(one, other, known, rows) for one, other in pairs]
        if max(sure, default=0.0) < SURE:
            return []
        kept = list(pairs[sure.index(max(sure))])
    for axis in found:
        if all(map(axis.fits, kept)) and _together(kept[0], axis, known, rows) >= SURE:
            kept.append(axis)
    return kept


def near(axis: Axis, known: Known, rows: Places, reach: float) -> tuple[Places, Places]:
    """Give all pairs of a row and a group of the same known keys whose values are within `reach`, row by row; within
    less, where these would be too many."""
    rows = rows[np.isfinite(axis.leaked[rows])]
    if not len(rows):
        return rows, rows
    low, high = min(axis.x.min(), axis.leaked[rows].min()), max(axis.x.max(), axis.leaked[rows].max())
    span = 4 * reach + high - low  # on one line, groups of different known keys lie far apart
    line = known.groups * span + (axis.x - low)
    order = np.argsort(line)
    values = known.rows[rows] * span + (axis.leaked[rows] - low)
    while True:
        begin = np.searchsorted(line[order], values - reach)
        count = np.searchsorted(line[order], values + reach, side="right") - begin
        if count.sum() <= MOST:
            break
        reach /= 2
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(begin, count)
    return np.repeat(rows, count), order[place]


def _possible(leak: Leak, base: Base, views: Sequence[View], columns: Sequence[int | None], rows: Places) -> list[Axis]:
    found = []
    for column in (c for c in range(len(leak.columns)) if c not in columns):
        values = leak.numbers(column)
        read = rows[np.isfinite(values[rows])]
        if len(read) < FEW or 2 * len(read) < len(rows):
            continue
        for view in views:
            if isinstance(view, Average) or not base.primitives[view.place].sigma:
                continue
            x, sigma = whole(base, view)
            unit = 10.0**view.scale * float(view.kept)
            for power in _powers(values[read] * unit, x):
                moved = values * unit * 10.0**-power - view.around * float(view.kept)
                found.append(Axis(column, view.place, moved, x, sigma))
    return found


def _powers(leaked: Reals, x: Reals) -> list[int]:
    """Powers of ten that bring both to like sizes, the product's own unit first."""
    sizes = float(np.median(np.abs(leaked))), float(np.median(np.abs(x)))
    if not all(0 < size < 1e200 for size in sizes):
        return [0]
    ratio = round(math.log10(sizes[0] / sizes[1]))
    return list(dict.fromkeys([0, ratio, ratio - 1, ratio + 1]))


def _alone(axis: Axis, known: Known, rows: Places) -> Axis:
    """The axis with the width at which its numbers stand out most from chance; none if hardly any are near."""
    rows = rows[np.isfinite(axis.leaked[rows])]
    best = (-math.inf, 0.0)
    for width in (axis.sigma * share + 1 for share in WIDTHS):
        hits = _share(axis, known, rows, width, 0)
        if hits >= HITS:
            chance = float(np.mean([_share(axis, known, rows, width, shift * width) for shift in SHIFTS]))
            best = max(best, (_sure(len(rows), hits, chance), width))
    return replace(axis, near=best[1], sure=best[0])


def _share(axis: Axis, known: Known, rows: Places, width: float, shift: float) -> float:
    """The share of rows to which some group is near, when the leaked values are moved by `shift`."""
    leaked = axis.leaked[rows] + shift
    low, high = min(axis.x.min(), leaked.min()), max(axis.x.max(), leaked.max())
    span = 4 * width + high - low
    line, values = np.sort(known.groups * span + (axis.x - low)), known.rows[rows] * span + (leaked - low)
    begin, end = np.searchsorted(line, values - width), np.searchsorted(line, values + width, side="right")
    return float(np.mean(end > begin))


def _together(first: Axis, second: Axis, known: Known, rows: Places) -> float:
    """By how many standard deviations more rows than by chance have a group that is near in both columns."""
    best = 0.0
    for share in WIDTHS:
        row, group = near(first, known, rows, first.sigma * share + 1)
        width = second.sigma * share + 1
        gap = second.leaked[row] - second.x[group]
        shares = [len(np.unique(row[np.abs(gap + s * width) <= width])) / len(rows) for s in (0, *SHIFTS)]
        hits, chance = shares[0], shares[1:]
        if hits >= HITS:
            best = max(best, _sure(len(rows), hits, float(np.mean(chance))))
    return best


def _sure(count: int, hits: float, chance: float) -> float:
    return count * (hits - chance) / math.sqrt(count * chance * (1 - chance) + 1)
