"""What the leak says about each cell: one observation, in the primitive's unit. Reads leak and X only.

Why a chip contributes exactly one factor: every observation is a function of leak and X alone, and the cell (group,
primitive) has one. Where a primitive is shown by itself this is its value. Where only a total or an average shows it,
S = total − centre·n or S = (avg − centre)·n is taken with the leak's own n for that group, else with X's n – again leak
and X alone. So n may enter the values of several cells, but the chip of n is looked up for the cell of n only and the
chip of S for the cell of S only: for a recipient whose copy played no part both are fresh, independent random bits, the
product over cells of f/g has mean 1, and likewise any mixture of such products over models.
Rows that show a cell several times: of the distinct values that are not far off, one is taken by a checksum of the
cell, which knows no key.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watermarking.base import Base
from watermarking.columns import Measure
from watermarking.leak import Average, Direct, Leak, Reals, Total
from watermarking.numbers import reading
from watermarking.rows import Places, Rows

_ORDER = (Direct, Total, Average)  # of what shows one cell several times: counts first, for all need them
FLOATS = 2**50  # values beyond are subtracted exactly
OFF = 6.0  # σ: of several values of a cell, those farther off than this and than thrice the nearest do not count


@dataclass(frozen=True)
class Observed:
    """Cells (counted group by group, ascending, each once), how far the leaked value is above X in the primitive's
    unit, and the grid it was rounded to (0: exact)."""

    cell: Places
    away: Reals
    grid: Reals

    def __len__(self) -> int:
        return len(self.cell)

    def at(self, cell: Places) -> tuple[Reals, Reals]:
        """Give `away` and `grid` of cells that are observed."""
        place = np.searchsorted(self.cell, cell)
        return self.away[place], self.grid[place]


def joined(parts: Iterable[Observed]) -> Observed:
    """Give the observations of several parts of a leak: the first that shows a cell counts."""
    parts = list(parts)
    cell = np.concatenate([part.cell for part in parts])
    found, first = np.unique(cell, return_index=True)
    away, grid = (np.concatenate([getattr(part, name) for part in parts]) for name in ("away", "grid"))
    return Observed(found, away[first], grid[first])


def observe(leak: Leak, base: Base, rows: Rows, found: Sequence[Measure]) -> Observed:
    """Give at most one observation per cell."""
    parts: list[Observed] = []
    shown: dict[int, tuple[Places, Reals]] = {}
    for measure in sorted(found, key=lambda each: _ORDER.index(type(each.view))):
        view, width = measure.view, len(base.primitives)
        primitive = view.place
        sigma = float(base.primitives[primitive].sigma) or 1.0
        ten = Fraction(10) ** view.scale
        grid = float(measure.step * ten / abs(measure.factor))
        row, value = _values(leak, base, rows, measure)
        group = rows.groups[row]
        if isinstance(view, Direct):
            grid *= float(view.kept)
            if view.kept != 1 and grid <= 1:
                value = np.rint(value)  # of a whole number that was divided
            at, away = _one(group, value, primitive, width, sigma)
            shown[primitive] = at, away
            # Whole numbers lie on a grid of 1 by themselves.
            parts.append(Observed(at * width + primitive, away, np.full(len(at), grid if grid > 1 else 0.0)))
            continue
        counts = _counts(base, view.count, shown.get(view.count))
        if isinstance(view, Total):
            whole = np.rint(value * float(view.kept)) if grid * float(view.kept) <= 1 else value * float(view.kept)
            total, step = whole - view.centre * counts[group], np.full(len(counts), grid * float(view.kept))
            step[step <= 1] = 0.0
        else:
            seen = (value > view.bounds[0]) & (value < view.bounds[1])  # at a bound it shows no chip
            seen &= counts[group] > 0
            group, value = group[seen], value[seen]
            total, step = (value - view.centre) * counts[group], grid * counts
        at, away = _one(group, total - base.matrix[group, view.total].astype(np.float64), primitive, width, sigma)
        parts.append(Observed(at * width + primitive, away, step[at]))
    return joined(parts) if parts else Observed(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))


def _values(leak: Leak, base: Base, rows: Rows, measure: Measure) -> tuple[Places, Reals]:
    """Give the rows that show the measure, and there the leaked value less X, or of an average the value itself; in the
    unit of the primitive."""
    view = measure.view
    values = leak.numbers(measure.column)
    row = np.flatnonzero((rows.groups >= 0) & np.isfinite(values))
    ten = Fraction(10) ** view.scale
    if not isinstance(view, Direct):
        return row, (values[row] - float(measure.offset)) * float(ten / measure.factor)
    around, ten = view.around * view.kept, ten * view.kept
    x = base.matrix[rows.groups[row], view.primitive]
    if x.dtype == object or (len(x) and np.abs(x).max() >= FLOATS):
        exact = (Fraction(reading(leak.rows[place][measure.column]) or 0) for place in row.tolist())
        pairs = zip(exact, x.tolist(), strict=True)
        return row, np.array([_float((z - measure.offset) * ten / measure.factor - around - one) for z, one in pairs])
    return row, (values[row] - float(measure.offset)) * float(ten / measure.factor) - float(around) - x


def _float(value: Fraction) -> float:
    """A float; how far values from nowhere are away says nothing."""
    return float(max(Fraction(-(10**200)), min(Fraction(10**200), value)))


def _counts(base: Base, primitive: int, shown: tuple[Places, Reals] | None) -> Reals:
    """Give n for each group: the leak's own where it shows one above 0, else X's."""
    count = base.matrix[:, primitive].astype(np.float64)
    if shown is not None:
        own = count[shown[0]] + shown[1]
        count[shown[0]] = np.where(own > 0, own, count[shown[0]])
    return count


def _one(group: Places, away: Reals, primitive: int, width: int, sigma: float) -> tuple[Places, Reals]:
    """Give each group once, with one of its values."""
    order = np.lexsort((away, group))
    group, away = group[order], away[order]
    new = np.ones(len(group), bool)
    new[1:] = (group[1:] != group[:-1]) | (away[1:] != away[:-1])
    group, away = group[new], away[new]
    at, start, times = np.unique(group, return_index=True, return_counts=True)
    chosen: NDArray[Any] = start.copy()
    for place in np.flatnonzero(times > 1).tolist():
        values = np.abs(away[start[place] : start[place] + times[place]])
        near = np.flatnonzero(values <= max(OFF * sigma, 3 * float(values.min())))
        chosen[place] += near[zlib.crc32(f"{at[place]}:{primitive}".encode()) % len(near)]
    return at, away[chosen]
