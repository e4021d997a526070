"""Embedding: the channel every recipient's chips act through, and a recipient's copy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watermarking.base import Base
from watermarking.cells import ranks
from watermarking.chips import Words, chips, positions, thresholds
from watermarking.design import Design


@dataclass(frozen=True)
class Channel:
    """The cells whose value depends on a chip: where they are, and what each chip makes of them.

    `limits` are the thresholds of all ranks; cell i (group, primitive) has rank `rank[i]` and becomes `low[i]` for
    chip 0, `high[i]` for chip 1. A cell that both chips leave alike (clamped, unmarked) is not in it.
    """

    limits: Words
    cells: tuple[tuple[int, int], ...]
    rank: NDArray[np.int64]
    low: tuple[int, ...]
    high: tuple[int, ...]


def channel(base: Base, design: Design, k_base: bytes) -> Channel:
    """Give the channel of `base` under `design`; the same inputs always give the same channel."""
    if len(design.strengths) != len(base.primitives):
        raise ValueError("a design has one strength per primitive")
    ranked = ranks(base)
    chosen = positions(k_base, base.cells)
    found: list[tuple[tuple[int, int], int, int, int]] = []
    for group, (row, places) in enumerate(zip(base.values, ranked, strict=True)):
        for index, rank in enumerate(places):
            strength, primitive = design.strengths[index], base.primitives[index]
            if rank is None or int(chosen[rank]) >= strength.share:
                continue
            low, high = row[index] - strength.delta, row[index] + strength.delta
            if primitive.nonnegative:
                low, high = max(low, 0), max(high, 0)
            if low != high:
                found.append(((group, index), rank, low, high))
    return Channel(
        thresholds(k_base, base.cells, design.arcsine),
        tuple(cell for cell, _, _, _ in found),
        np.array([rank for _, rank, _, _ in found], np.int64),
        tuple(low for _, _, low, _ in found),
        tuple(high for _, _, _, high in found),
    )


def embed(base: Base, design: Design, k_base: bytes, k_user: bytes) -> list[tuple[int, ...]]:
    """Give the copy Y of one recipient: the values of `base`, group by group, with the recipient's marks."""
    path = channel(base, design, k_base)
    bits = chips(k_user, path.limits)[path.rank]
    signed = [not primitive.nonnegative for primitive in base.primitives]
    copy = [[x if free else max(x, 0) for x, free in zip(row, signed, strict=True)] for row in base.values]
    for (group, index), bit, low, high in zip(path.cells, bits, path.low, path.high, strict=True):
        copy[group][index] = high if bit else low
    return [tuple(row) for row in copy]
