"""Embedding: the channel every recipient's chips act through, and a recipient's copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watermarking.base import Base
from watermarking.cells import ranks
from watermarking.chips import Words, chips, positions, thresholds
from watermarking.design import Design


@dataclass(frozen=True)
class Channel:
    """The cells whose value depends on a chip: where they are, and what each chip makes of them.

    `limits` are the thresholds of all ranks; marked cell i – the `cell[i]`-th of the base, counted group by group –
    has rank `rank[i]` and becomes `low[i]` for chip 0, `high[i]` for chip 1. A cell that both chips leave alike
    (clamped, unmarked) is not in it.
    """

    limits: Words
    cell: NDArray[np.int64]
    rank: NDArray[np.int64]
    low: NDArray[Any]
    high: NDArray[Any]


def channel(base: Base, design: Design, k_base: bytes) -> Channel:
    """Give the channel of `base` under `design`; the same inputs always give the same channel."""
    if len(design.strengths) != len(base.primitives):
        raise ValueError("a design has one strength per primitive")
    rank = ranks(base)
    share = np.tile(np.array([each.share for each in design.strengths], np.uint64), len(base.groups))
    marked = (rank >= 0) & (positions(k_base, base.cells)[rank] < share)
    delta = np.array([each.delta for each in design.strengths], base.matrix.dtype)
    low, high = (base.matrix - delta).ravel()[marked], (base.matrix + delta).ravel()[marked]
    floor = np.tile(_floors(base), len(base.groups))[marked]
    low, high = np.where(floor & (low < 0), 0, low), np.where(floor & (high < 0), 0, high)
    kept = low != high
    limits = thresholds(k_base, base.cells, design.arcsine)
    return Channel(limits, np.flatnonzero(marked)[kept], rank[marked][kept], low[kept], high[kept])


def embed(base: Base, design: Design, k_base: bytes, k_user: bytes) -> list[tuple[int, ...]]:
    """Give the copy Y of one recipient: the values of `base`, group by group, with the recipient's marks."""
    path = channel(base, design, k_base)
    copy = np.where(_floors(base) & (base.matrix < 0), 0, base.matrix)
    copy.ravel()[path.cell] = np.where(chips(k_user, path.limits)[path.rank], path.high, path.low)
    return list(zip(*copy.T.tolist(), strict=True)) if base.primitives else [()] * len(base.groups)


def _floors(base: Base) -> NDArray[np.bool_]:
    return np.array([primitive.nonnegative for primitive in base.primitives], bool)
