"""Alignment: what a leaked table says about the cells of a base. Computed from leak and X alone, before any recipient's
key is read – on this rests the error bound of the trace.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from watermarking.base import Base
from watermarking.cells import reading
from watermarking.columns import Measure, measures
from watermarking.leak import Direct, Leak, View
from watermarking.rows import Rows, row_matches

Cell = tuple[int, int]


@dataclass(frozen=True)
class Observation:
    """The leaked value of one cell, in the primitive's unit, and the grid it was rounded to (0: exact)."""

    value: Fraction
    grid: Fraction


@dataclass(frozen=True)
class Alignment:
    """One observation per cell, and how it was found."""

    rows: Rows
    measures: tuple[Measure, ...]
    observed: dict[Cell, Observation]

    def report(self, leak: Leak, base: Base, key_names: Sequence[str]) -> dict[str, Any]:
        """Give in JSON what was done to the file, as far as leak and X show it; `key_names` are for people."""
        shown = [group for group in self.rows.groups if group is not None]
        order = list(dict.fromkeys(shown))
        keys = {name: leak.columns[c] for name, c in zip(key_names, self.rows.columns, strict=True) if c is not None}
        return {
            "rows": len(leak.rows),
            "rows_matched": len(shown),
            "rows_repeated": len(shown) - len(order),
            "groups": len(base.groups),
            "groups_missing": len(base.groups) - len(order),
            "keys": keys,
            "measures": [
                {"view": m.view.name, "column": leak.columns[m.column], "factor": str(m.factor), "step": str(m.step)}
                for m in self.measures
            ],
            "columns_unexplained": len(leak.columns) - len(keys) - len(self.measures),
        }


def align(leak: Leak, base: Base, views: Sequence[View]) -> Alignment | None:
    """Give the alignment that explains most cells (then: most closely), or None when the leak does not show `base`."""
    best: tuple[tuple[int, float], Alignment] | None = None
    for rows in row_matches(leak, base):
        found = measures(leak, base, views, rows)
        observed = _observe(leak, base, rows, found)
        if observed:
            score = (len(observed), -sum(measure.cost for measure in found))
            if best is None or score > best[0]:
                best = score, Alignment(rows, tuple(found), observed)
    return best[1] if best else None


def _observe(leak: Leak, base: Base, rows: Rows, found: Sequence[Measure]) -> dict[Cell, Observation]:
    """Give at most one observation per cell.

    Why a chip contributes exactly one factor: every observation is a function of leak and X alone, and the cell
    (group, primitive) has one. Where a primitive is shown by itself this is its value. Where only an average shows
    it, S = (avg − centre)·n is taken with the leak's own n for that group, else with X's n – again leak and X alone.
    So n may enter the values of two cells, but the chip of n is looked up for the cell of n only and the chip of S
    for the cell of S only: for a recipient whose copy played no part both are fresh, independent random bits, the
    product over cells of f/g has mean 1, and likewise any mixture of such products over models.
    Rows that show a cell twice: of the distinct values one is taken by a checksum of the cell, which knows no key.
    """
    observed: dict[Cell, Observation] = {}
    for measure in sorted(found, key=lambda each: not isinstance(each.view, Direct)):
        view = measure.view
        primitive = view.primitive if isinstance(view, Direct) else view.total
        grid = measure.step * Fraction(10) ** view.scale / abs(measure.factor)
        for group, value in _values(leak, rows, measure, primitive).items():
            if (group, primitive) in observed:
                continue
            scaled = value * Fraction(10) ** view.scale / measure.factor
            if isinstance(view, Direct):
                rough = grid * view.kept
                exact = view.whole(scaled * view.kept, rough)
                observed[group, primitive] = Observation(exact, rough if rough > 1 else Fraction(0))
                continue
            seen = observed.get((group, view.count))
            count = seen.value if seen and seen.value > 0 else Fraction(base.values[group][view.count])
            if count > 0 and view.bounds[0] < scaled < view.bounds[1]:  # at a bound it shows no chip
                observed[group, primitive] = Observation((scaled - view.centre) * count, grid * count)
    return observed


def _values(leak: Leak, rows: Rows, measure: Measure, primitive: int) -> dict[int, Fraction]:
    found: dict[int, set[Fraction]] = {}
    for row, group in zip(leak.rows, rows.groups, strict=True):
        value = reading(row[measure.column])
        if group is not None and value is not None:
            found.setdefault(group, set()).add(Fraction(value))
    return {group: sorted(seen)[_turn(group, primitive) % len(seen)] for group, seen in found.items()}


def _turn(group: int, primitive: int) -> int:
    return zlib.crc32(f"{group}:{primitive}".encode())
