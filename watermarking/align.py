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

NEAR = 1.0  # σ from X beyond which rows may have been found by accident: numbers that happen to be values of a key

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
    """One observation per cell, and how it was found: the parts, the most telling first; how the table was turned."""

    parts: tuple[Part, ...]
    shape: str
    observed: Observed

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
            "columns_unexplained": len(leak.columns) - len(keys) - len(first.measures),
        }


def align(leak: Leak, base: Base, views: Sequence[View]) -> Alignment | None:
    """Give the alignment that explains most cells (then: most closely), or None when the leak does not show `base`."""
    keys = Keys(base)
    best: tuple[float, Alignment] | None = None
    for shape in shapes(leak, keys):
        found = _shape(shape, base, views, keys)
        if found is None or (shape.name != "plain" and len(found.observed) < FEW):
            continue
        score = sum(_worth(part) for part in found.parts)
        if best is None or score > best[0]:
            best = score, found
        if shape.name == "plain" and _explained(found) >= PLAIN:
            break
    return best[1] if best else None


def _explained(found: Alignment) -> float:
    """The share of rows that show a group; what was matched by value, is far from X, or leaves most columns without
    a meaning may be better seen otherwise."""
    [part] = found.parts
    used = len(part.measures) + sum(column is not None for column in part.rows.columns)
    doubtful = part.rows.by_value or _far(part) > NEAR or 2 * used < len(part.leak.columns)
    return 0.0 if doubtful else float(np.mean(part.rows.groups >= 0))


def _far(part: Part) -> float:
    """How far in σ the values of a part usually are from X."""
    return float(np.mean([measure.cost for measure in part.measures]))


def _worth(part: Part) -> float:
    """How much a part tells: its cells, less the farther they are from X."""
    return len(part.observed) / (1 + _far(part) ** 2)


def _shape(shape: Shape, base: Base, views: Sequence[View], keys: Keys) -> Alignment | None:
    found = [part for leak in shape.parts if (part := _part(leak, base, views, keys)) is not None]
    found.sort(key=lambda part: -len(part.observed))
    return Alignment(tuple(found), shape.name, joined(part.observed for part in found)) if found else None


def _part(leak: Leak, base: Base, views: Sequence[View], keys: Keys) -> Part | None:
    found = [part for rows in row_matches(leak, keys) if (part := _seen(leak, base, views, rows)) is not None]
    best = max(found, key=_worth, default=None)
    if best is None or np.mean(best.rows.groups >= 0) < ENOUGH or _far(best) > NEAR:
        found += [part for rows in value_matches(leak, base, views, keys) if (part := _seen(leak, base, views, rows))]
    return max(found, key=_worth, default=None)


def _seen(leak: Leak, base: Base, views: Sequence[View], rows: Rows) -> Part | None:
    """What rows matched like this show; None where no column fits."""
    found = measures(leak, base, views, rows)
    observed = observe(leak, base, rows, found)
    return Part(leak, rows, tuple(found), observed) if len(observed) else None
