"""Which leaked row shows which group, where the keys are gone or no longer tell groups apart: by the values themselves.

A copy's value is X ± δ, so a row is matched to the group whose values lie just so far away. Reads leak and X only (δ is
a function of X's shape and declared noise).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from watermarking.base import Base
from watermarking.design import Design
from watermarking.leak import Direct, Leak, Reals, View
from watermarking.rows import Keys, Places, Rows, partial_matches, sample

WIDTHS = (0.05, 0.15, 0.35)  # of σ: how near is near
SHIFTS = np.array([-37, -23, -17, -11, -7, 7, 11, 17, 23, 37])  # of widths: what chance would find
SURE = 6.0  # standard deviations by which more values must be near than by chance
MOST = 4_000_000  # pairs of a row and a group that are looked at
FEW, ENOUGH = 8, 0.25  # rows, and share of those that may be matched, that must be
SHARP = 0.6  # share of rows that some group explains to a fraction of δ, from which only such groups count


@dataclass(frozen=True)
class Axis:
    """A leaked column that shows a primitive in a power of ten; the values of both in the primitive's unit."""

    column: int
    primitive: int
    leaked: Reals
    x: Reals
    near: float
    sure: float


def value_matches(leak: Leak, base: Base, views: Sequence[View], keys: Keys) -> Iterator[Rows]:
    """Give matchings of rows to groups by values, none where the values are no nearer to X than by chance."""
    if not len(base.groups):
        return
    for columns in partial_matches(leak, keys):
        chosen = [key for key, column in enumerate(columns) if column is not None]
        known = keys.joint(chosen)
        names, codes = np.unique(known, return_inverse=True)
        shown = keys.joint_of(leak, columns)
        place = np.minimum(np.searchsorted(names, shown), len(names) - 1)
        code = np.where(names[place] == shown, place, -1).astype(np.int64)
        axes = _axes(leak, base, views, columns, code, codes)
        if axes:
            groups = _matched(axes, Design.of(base), code, codes, base)
            if (groups >= 0).sum() >= max(FEW, ENOUGH * (code >= 0).sum()):
                yield Rows(columns, groups, by_value=True)


def _axes(
    leak: Leak, base: Base, views: Sequence[View], columns: Sequence[int | None], code: Places, codes: Places
) -> list[Axis]:
    """The columns whose values are nearer to a primitive's than by chance, surest first; each once."""
    rows = np.array(sample(len(leak.rows)), np.int64)
    rows = rows[code[rows] >= 0]
    found = []
    for column in (c for c in range(len(leak.columns)) if c not in columns):
        values = leak.numbers(column)
        read = rows[np.isfinite(values[rows])]
        if len(read) < FEW or 2 * len(read) < len(rows):
            continue
        for view in views:
            if not isinstance(view, Direct):
                continue
            x = base.matrix[:, view.primitive].astype(np.float64)
            sigma = float(base.primitives[view.primitive].sigma)
            if not sigma:
                continue
            unit = 10.0**view.scale * float(view.kept)
            for power in _powers(values[read] * unit, x):
                leaked = values * unit * 10.0**-power
                near, sure = _surest(leaked[read], code[read], x, codes, sigma)
                if sure >= SURE:
                    found.append(Axis(column, view.primitive, leaked, x, near, sure))
    found.sort(key=lambda axis: -axis.sure)
    kept: list[Axis] = []
    for axis in found:
        if all(axis.column != other.column and axis.primitive != other.primitive for other in kept):
            kept.append(axis)
    return kept


def _powers(leaked: Reals, x: Reals) -> list[int]:
    """Powers of ten that bring both to like sizes, the product's own unit first."""
    sizes = float(np.median(np.abs(leaked))), float(np.median(np.abs(x)))
    if not all(0 < size < 1e200 for size in sizes):
        return [0]
    ratio = round(math.log10(sizes[0] / sizes[1]))
    return list(dict.fromkeys([0, ratio, ratio - 1, ratio + 1]))


def _surest(leaked: Reals, code: Places, x: Reals, codes: Places, sigma: float) -> tuple[float, float]:
    """The width at which values stand out most from chance – from the same values moved –, and by how much."""
    best = (0.0, 0.0)
    for width in (sigma * share + 1 for share in WIDTHS):
        line, values = _line(leaked, code, x, codes, 40 * width)
        hits = float(np.mean(_nearest(line, values) <= width))
        chance = float(np.mean([_nearest(line, values + shift * width) <= width for shift in SHIFTS]))
        deviation = math.sqrt(len(values) * chance * (1 - chance) + 1)
        if hits >= 0.5:
            best = max(best, (len(values) * (hits - chance) / deviation, width))
    return best[1], best[0]


def _line(leaked: Reals, code: Places, x: Reals, codes: Places, room: float) -> tuple[Reals, Reals]:
    """Values of both on one line on which groups of different known keys lie far apart; X's in ascending order."""
    low, high = min(x.min(), leaked.min()), max(x.max(), leaked.max())
    span = 2 * room + high - low
    return np.sort(codes * span + (x - low)), code * span + (leaked - low)


def _nearest(line: Reals, values: Reals) -> Reals:
    after = np.searchsorted(line, values)
    above = np.abs(line[np.minimum(after, len(line) - 1)] - values)
    below = np.abs(line[np.maximum(after - 1, 0)] - values)
    return np.asarray(np.minimum(above, below), np.float64)


def _matched(axes: Sequence[Axis], design: Design, code: Places, codes: Places, base: Base) -> Places:
    """Give each row the one group that its values fit, each group to one row; -1 where none does or several do."""
    first = axes[0]
    usable = np.flatnonzero((code >= 0) & np.isfinite(first.leaked))
    reach = 3 * first.near + 2 * design.strengths[first.primitive].delta
    low, high = min(first.x.min(), first.leaked[usable].min()), max(first.x.max(), first.leaked[usable].max())
    span = 4 * reach + high - low
    line = codes * span + (first.x - low)
    order = np.argsort(line)
    values = code[usable] * span + (first.leaked[usable] - low)
    while True:
        begin = np.searchsorted(line[order], values - reach)
        count = np.searchsorted(line[order], values + reach, side="right") - begin
        if count.sum() <= MOST:
            break
        reach /= 2
    row = np.repeat(usable, count)
    place = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(begin, count)
    group = order[place]
    away = [np.abs(axis.leaked[row] - axis.x[group]) for axis in axes]
    delta = [float(design.strengths[axis.primitive].delta) for axis in axes]
    sigma = [float(base.primitives[axis.primitive].sigma) for axis in axes]
    found = np.full(len(code), -1, np.int64)
    sharp = _cost([(far - d) / max(d / 4, 0.5) for far, d in zip(away, delta, strict=True)])
    explained = len(np.unique(row[sharp <= 1])) / max(1, len(usable))
    if explained >= SHARP:
        row, group, cost = row[sharp <= 1], group[sharp <= 1], sharp[sharp <= 1]
        single = np.bincount(row, minlength=len(code))[row] == 1
        row, group, cost = row[single], group[single], cost[single]
    else:
        cost = _cost([far / s for far, s in zip(away, sigma, strict=True)])
    order = np.lexsort((cost, row))
    _, best = np.unique(row[order], return_index=True)
    row, group, cost = row[order][best], group[order][best], cost[order][best]
    order = np.lexsort((cost, group))
    _, best = np.unique(group[order], return_index=True)
    found[row[order][best]] = group[order][best]
    return found


def _cost(parts: Sequence[Reals]) -> Reals:
    """The mean square; a value that is missing or nowhere near says nothing against the others."""
    squares = [np.where(np.isfinite(part), np.minimum(part**2, 100), 1.0) for part in parts]
    return np.asarray(np.mean(squares, axis=0), np.float64)
