"""Which leaked column shows which measure, and in which unit: by closeness of its values to X once rows are matched.

Reads leak and X only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from watermarking.base import Base
from watermarking.cells import reading
from watermarking.leak import Direct, Leak, View
from watermarking.rows import Rows, sample

FAR, NEAR = 30.0, 3.0  # median residual in σ: the most that is looked at, and what passes without further proof
FEW = 8  # matched values below which no unit other than the product's own is considered
MANY = 24  # values that all lie on a grid by rounding, not by chance


@dataclass(frozen=True)
class Measure:
    """A leaked column that shows `view` times `factor`; `step` is the grid its values lie on (rounding), in its own
    unit; `cost` its typical distance from X in σ."""

    view: View
    column: int
    factor: Fraction
    step: Fraction
    cost: float


def measures(leak: Leak, base: Base, views: Sequence[View], rows: Rows) -> list[Measure]:
    """Give the measures that the leak shows, each view and each column at most once, closest first.

    Aliases of a column collapse here: of two leaked columns that fit a view, the closer one (then the first) counts.
    """
    matched = [row for row in sample(len(leak.rows)) if rows.groups[row] is not None]
    candidates = []
    for column in (c for c in range(len(leak.columns)) if c not in rows.columns):
        texts = [reading(leak.rows[row][column]) for row in matched]
        pairs = [(rows.groups[row], value) for row, value in zip(matched, texts, strict=True) if value is not None]
        if 2 * len(pairs) < len(matched) or not pairs:
            continue
        step = _step([value for _, value in pairs])
        for order, view in enumerate(views):
            if (fit := _fit(base, view, pairs)) is not None:
                factor, cost = fit
                candidates.append((cost, order, column, Measure(view, column, factor, step, cost)))
    candidates.sort(key=lambda entry: entry[:3])
    chosen: list[Measure] = []
    for _, _, column, measure in candidates:
        if all(column != other.column and measure.view != other.view for other in chosen):
            chosen.append(measure)
    return chosen


def _fit(base: Base, view: View, pairs: Sequence[tuple[int | None, Decimal]]) -> tuple[Fraction, float] | None:
    """Give the factor and the typical distance in σ at which the values fit the view, or None where they do not."""
    shown, expected = [], []
    for group, value in pairs:
        assert group is not None
        x = base.values[group]
        scaled = float(value) * 10.0**view.scale
        if isinstance(view, Direct):
            shown.append(scaled * float(view.kept))
            expected.append(float(x[view.primitive]))
        elif x[view.count] > 0:
            shown.append((scaled - view.centre) * x[view.count])
            expected.append(float(x[view.total]))
    if not shown:
        return None
    z, e = np.array(shown), np.array(expected)
    sigma = float(base.primitives[view.primitive if isinstance(view, Direct) else view.total].sigma) or 1.0
    spread = float(np.median(np.abs(e - np.median(e))))
    cost = float(np.median(np.abs(z - e)))
    if cost <= FAR * sigma and (cost <= NEAR * sigma or 2 * cost <= spread):
        return Fraction(1), _trimmed(z - e) / sigma
    if not isinstance(view, Direct) or len(z) < FEW or not (e != 0).any():
        return None
    factor = _factor(float(np.median(z[e != 0] / e[e != 0])))
    if not factor:
        return None
    cost = float(np.median(np.abs(z / float(factor) - e)))
    if cost > NEAR * sigma or FEW * cost > spread:
        return None
    return factor, _trimmed(z / float(factor) - e) / sigma


def _trimmed(residuals: NDArray[np.float64]) -> float:
    """Root mean square of the smaller nine tenths: tells apart what a median cannot, and edited cells do not count."""
    kept = np.sort(np.abs(residuals))[: max(1, len(residuals) * 9 // 10)]
    return float(np.sqrt(np.mean(kept**2)))


def _factor(ratio: float) -> Fraction:
    """A change of unit: the power of ten if the ratio is within 1 % of one, else the ratio itself."""
    if not ratio or not math.isfinite(ratio):
        return Fraction(0)
    power = Fraction(10) ** round(math.log10(abs(ratio)))
    return power if abs(ratio / float(power) - 1) < 0.01 else Fraction(ratio)


def _step(values: Sequence[Decimal]) -> Fraction:
    """The coarsest grid that all values lie on; from few values, only what their decimals say."""
    decimals = max(0, *(-int(value.as_tuple().exponent) for value in values))
    unit = Fraction(1, 10**decimals)
    if len(values) < MANY:
        return unit
    return unit * (reduce(math.gcd, (int(Fraction(value) / unit) for value in values)) or 1)
