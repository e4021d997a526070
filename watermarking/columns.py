"""Which leaked column shows which measure, and in which unit: by closeness of its values to X once rows are matched.

Reads leak and X only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from watermarking.base import Base
from watermarking.fit import Fit, fit
from watermarking.leak import Average, Leak, Reals, Total, View
from watermarking.numbers import reading
from watermarking.rows import Places, Rows, sample

MANY = 24  # values that all lie on a grid by rounding, not by chance


@dataclass(frozen=True)
class Measure:
    """A leaked column that shows `view` times `factor` plus `offset`; `step` is the grid its values lie on (rounding),
    in its own unit; `cost` its typical distance from X in σ."""

    view: View
    column: int
    factor: Fraction
    offset: Fraction
    step: Fraction
    cost: float


def measures(leak: Leak, base: Base, views: Sequence[View], rows: Rows) -> list[Measure]:
    """Give the measures that the leak shows, each view and each column at most once, closest first.

    Aliases of a column collapse here: of two leaked columns that fit a view, the closer one (then the first) counts.
    """
    chosen = np.array(sample(len(leak.rows)), np.int64)
    chosen = chosen[rows.groups[chosen] >= 0]
    groups = rows.groups[chosen]
    shown = [expected(base, view, groups) for view in views]
    candidates = []
    for column in (c for c in range(len(leak.columns)) if c not in rows.columns):
        values = leak.numbers(column)[chosen]
        read = np.isfinite(values)
        if 2 * read.sum() < len(chosen) or not read.any():
            continue
        step = _step([leak.rows[row][column] for row in chosen[read].tolist()])
        for order, (view, (x, sigma)) in enumerate(zip(views, shown, strict=True)):
            scale = 10.0**view.scale
            found = fit(values[read] * scale, x[read], sigma[read], float(step) * scale, not isinstance(view, Average))
            if found is not None:
                candidates.append((_late(view, found), found.rank, order, column, _measure(view, column, found, step)))
    candidates.sort(key=lambda entry: entry[:4])
    kept: list[Measure] = []
    for *_, column, measure in candidates:
        if all(column != other.column and measure.view != other.view for other in kept):
            kept.append(measure)
    return kept


def _late(view: View, found: Fit) -> bool:
    """A total is mostly a multiple of its count: in a unit of its own it is looked for where nothing else shows."""
    return isinstance(view, Total) and (found.factor != 1 or found.offset != 0)


def expected(base: Base, view: View, groups: Places) -> tuple[Reals, Reals]:
    """Give what X shows through `view` for each group (before the division by 10^scale; NaN: nothing), and its σ."""
    x, sigma = whole(base, view)
    x = x[groups]
    if not isinstance(view, Average):
        return x / float(view.kept) + view.around, np.full(len(x), sigma / float(view.kept))
    count = base.matrix[groups, view.count].astype(np.float64)
    count[count <= 0] = math.nan
    return x / count + view.centre, sigma / count


def whole(base: Base, view: View) -> tuple[Reals, float]:
    """Give the number behind what a view shows for every group, before it is divided or moved, and its σ."""
    x, sigma = base.matrix[:, view.place].astype(np.float64), float(base.primitives[view.place].sigma) or 1.0
    if not isinstance(view, Total):
        return x, sigma
    count = base.matrix[:, view.count].astype(np.float64)
    return x + view.centre * count, math.hypot(sigma, view.centre * float(base.primitives[view.count].sigma))


def _measure(view: View, column: int, found: Fit, step: Fraction) -> Measure:
    offset = found.offset / Fraction(10) ** view.scale
    return Measure(view, column, found.factor, offset, step, found.cost)


def _step(texts: Sequence[str]) -> Fraction:
    """The coarsest grid that all values lie on; from few values, only what their decimals say."""
    values = [value for value in map(reading, texts) if value is not None]
    finest = min(0, *(int(value.as_tuple().exponent) for value in values))
    unit = Fraction(10) ** finest
    if len(values) < MANY:
        return unit
    return unit * (math.gcd(*(int(value.scaleb(-finest)) for value in values)) or 1)
