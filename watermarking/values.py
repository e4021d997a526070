"""Which leaked row shows which group, where the keys are gone or no longer tell groups apart: by the values themselves.

A copy's value is X ± δ, so a row is matched to the group whose values lie just so far away. Reads leak and X only (δ is
a function of X's shape and declared noise).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from watermarking.axes import FEW, Axis, Known, axes, near
from watermarking.base import Base
from watermarking.design import Design
from watermarking.leak import Leak, Reals, View
from watermarking.rows import Keys, Places, Rows, partial_matches

ENOUGH = 0.25  # share of the rows that may be matched, that must be
SHARP = 0.6  # share of rows that some group explains to a fraction of δ, from which only such groups count
TURNS = 20  # how often a group that is taken is taken from the choice of other rows


def value_matches(leak: Leak, base: Base, views: Sequence[View], keys: Keys) -> Iterator[Rows]:
    """Give a matching of rows to groups by values, none where the values are no nearer to X than by chance."""
    if not len(base.groups):
        return
    for columns in partial_matches(leak, keys):
        known = _known(leak, keys, columns)
        found = axes(leak, base, views, columns, known)
        if found:
            groups = _matched(found, Design.of(base), known)
            if (groups >= 0).sum() >= max(FEW, ENOUGH * (known.rows >= 0).sum()):
                yield Rows(columns, groups, by_value=True)
                return


def _known(leak: Leak, keys: Keys, columns: Sequence[int | None]) -> Known:
    names, groups = np.unique(
        keys.joint([key for key, column in enumerate(columns) if column is not None]), return_inverse=True
    )
    shown = keys.joint_of(leak, columns)
    place = np.minimum(np.searchsorted(names, shown), len(names) - 1)
    return Known(np.where(names[place] == shown, place, -1).astype(np.int64), groups.astype(np.int64))


def _matched(found: Sequence[Axis], design: Design, known: Known) -> Places:
    """Give each row the one group that its values fit, each group to one row; -1 where none does or several do."""
    first, count = found[0], len(known.rows)
    rows = np.flatnonzero(known.rows >= 0)
    delta = [float(design.strengths[axis.primitive].delta) for axis in found]
    row, group = near(first, known, rows, 3 * first.near + 2 * delta[0])
    away = [axis.away(row, group) for axis in found]
    sharp = _cost([(far - d) / max(d / 4, 0.5) for far, d in zip(away, delta, strict=True)])
    kept = sharp <= 1
    if len(np.unique(row[kept])) >= SHARP * len(rows):
        row, group = _single(row[kept], group[kept], count)
    else:
        cost = _cost([far / axis.sigma for far, axis in zip(away, found, strict=True)])
        best = _best(row, cost)
        row, group = row[best], group[best]
        best = _best(group, cost[best])
        row, group = row[best], group[best]
    matched = np.full(count, -1, np.int64)
    matched[row] = group
    return matched


def _single(row: Places, group: Places, count: int) -> tuple[Places, Places]:
    """The pairs that are the only choice of their rows, once groups that are the only choice of one row are taken from
    the others."""
    for _ in range(TURNS):
        only = np.bincount(row, minlength=count)[row] == 1
        taken = np.unique(group[only])
        kept = only | ~np.isin(group, taken)
        if kept.all():
            break
        row, group = row[kept], group[kept]
    only = np.bincount(row, minlength=count)[row] == 1
    row, group = row[only], group[only]
    alone = np.bincount(group, minlength=1)[group] == 1
    return row[alone], group[alone]


def _best(of: Places, cost: Reals) -> Places:
    """Of each number in `of` the place where its cost is least."""
    order = np.lexsort((cost, of))
    _, first = np.unique(of[order], return_index=True)
    return np.asarray(order[first], np.int64)


def _cost(parts: Sequence[Reals]) -> Reals:
    """The mean square; a value that is missing or nowhere near says nothing against the others."""
    squares = [np.where(np.isfinite(part), np.minimum(part**2, 100), 1.0) for part in parts]
    return np.asarray(np.mean(squares, axis=0), np.float64)
