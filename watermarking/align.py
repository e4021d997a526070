"""Alignment: what a leaked table says about the cells of a base. Computed from leak and X alone, before any recipient's
key is read – on this rests the error bound of the trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from watermarking.base import Base
from watermarking.columns import Measure, measures
from watermarking.leak import Leak, View
from watermarking.observed import Observed, joined, observe
from watermarking.rows import Keys, Rows, row_matches
from watermarking.shapes import Shape, shapes
from watermarking.values import value_matches

PLAIN = 0.8  # share of rows that, found in the table as it stands, make other readings of it unnecessary

ENOUGH = 0.5  # share of rows that, found by their keys, make it unnecessary to look at values

FEW = 8  # cells below which a table is read as it stands only: among many readings one shows a few cells by chance


@dataclass(frozen=True)
class Part:
    """One table of the leak (as it stands, a piece, or turned), and where it shows the base."""

    leak: Leak
    rows: Rows
    measures: tuple[Measure, ...]
    observed: Observed


@dataclass(frozen=True)
class Alignment:
    """One observation per cell, and how it was found: the parts, the most telling first; how the table was turned; the
    ids of other bases that it was seen together with."""

    parts: tuple[Part, ...]
    shape: str
    observed: Observed
    beside: tuple[bytes, ...] = ()

    def report(self, base: Base, key_names: Sequence[str]) -> dict[str, Any]:
        """Give in JSON what was done to the file, as far as leak and X show it; `key_names` are for people."""
        first, leak = self.parts[0], self.parts[0].leak
        matched = [part.rows.groups[part.rows.groups >= 0] for part in self.parts]
        groups, count = len(np.unique(np.concatenate(matched))), sum(map(len, matched))
        keys = {name: leak.columns[c] for name, c in zip(key_names, first.rows.columns, strict=True) if c is not None}
        return {
            "shape": self.shape,
            "parts": len(self.parts),
            "rows": sum(len(part.leak.rows) for part in self.parts),
            "rows_matched": count,
            "rows_repeated": count - groups,
            "rows_by_value": any(part.rows.by_value for part in self.parts),
            "groups": len(base.groups),
            "groups_missing": len(base.groups) - groups,
            "keys": keys,
            "measures": [
                {
                    "view": m.view.name,
                    "column": leak.columns[m.column],
                    "factor": str(m.factor),
                    "offset": str(m.offset),
                    "step": str(m.step),
                }
                for m in first.measures
            ],
            "bases_beside": len(self.beside),
            "columns_unexplained": len(leak.columns) - len(keys) - len(first.measures),
        }


def align(leak: Leak, base: Base, views: Sequence[View]) -> Alignment | None:
    """Give the alignment that explains most cells (then: most closely), or None when the leak does not show `base`."""
    keys = Keys(base)
    best: tuple[tuple[int, float], Alignment] | None = None
    for shape in shapes(leak, keys):
        found = _shape(shape, base, views, keys)
        if found is None or (shape.name != "plain" and len(found.observed) < FEW):
            continue
        cost = sum(measure.cost for part in found.parts for measure in part.measures)
        score = (len(found.observed), -cost)
        if best is None or score > best[0]:
            best = score, found
        if shape.name == "plain" and _explained(found) >= PLAIN:
            break
    return best[1] if best else None


def _explained(found: Alignment) -> float:
    """The share of rows that show a group. What was matched by value, and where most columns say nothing, may be better
    seen otherwise: in a wide table a column of small numbers passes for a key."""
    [part] = found.parts
    used = len(part.measures) + sum(column is not None for column in part.rows.columns)
    if part.rows.by_value or 2 * used < len(part.leak.columns):
        return 0.0
    return float(np.mean(part.rows.groups >= 0))


def _shape(shape: Shape, base: Base, views: Sequence[View], keys: Keys) -> Alignment | None:
    found = [part for leak in shape.parts if (part := _part(leak, base, views, keys)) is not None]
    found.sort(key=lambda part: -len(part.observed))
    return Alignment(tuple(found), shape.name, joined(part.observed for part in found)) if found else None


def _part(leak: Leak, base: Base, views: Sequence[View], keys: Keys) -> Part | None:
    best: tuple[tuple[int, float], Part] | None = None
    for rows in row_matches(leak, keys):
        best = _better(best, leak, base, views, rows)
    if best is None or np.mean(best[1].rows.groups >= 0) < ENOUGH:
        for rows in value_matches(leak, base, views, keys):
            best = _better(best, leak, base, views, rows)
    return best[1] if best else None


def _better(
    best: tuple[tuple[int, float], Part] | None, leak: Leak, base: Base, views: Sequence[View], rows: Rows
) -> tuple[tuple[int, float], Part] | None:
    found = measures(leak, base, views, rows)
    observed = observe(leak, base, rows, found)
    score = (len(observed), -sum(measure.cost for measure in found))
    if not len(observed) or (best is not None and score <= best[0]):
        return best
    return score, Part(leak, rows, tuple(found), observed)
