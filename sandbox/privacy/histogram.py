"""The bins of a histogram as runs of equal distance from a rank: those near it one by one, the rest as two far ends."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[Any]
"""Whole numbers: of 64 bits where nothing can overflow, else Python's."""

SAFE = 1 << 62


class Histogram:
    """How far each of the bins 0 … size − 1 is from the rank a/b: with A rows in all, `below` in lower bins and `up_to`
    in these and the bin itself, b·below − a·A where that is positive, a·A − b·up_to where that is, else 0: the rank
    lies in the bin.

    `numbers` are the bins that may hold rows, rising, `counts` the rows in each. A gap of empty bins, perhaps of none,
    lies before each and behind the last. With A_j rows before gap j and s_j = b·A_j − a·A, which rises, gap j is |s_j|
    away, and the bin behind it as far as 0 is from s_j … s_{j+1}. Raises ValueError when the arguments are no histogram
    or no rank.
    """

    def __init__(self, numbers: Whole, counts: Whole, size: int, rank: tuple[int, int]) -> None:
        a, b = rank
        if not 0 <= a <= b or b < 1 or not 1 <= size < SAFE:
            raise ValueError("a rank is a fraction between 0 and 1, of at least one bin")
        self.edges = np.concatenate(([-1], numbers, [size]))
        if (self.edges[1:] <= self.edges[:-1]).any() or counts.min(initial=0) < 0:
            raise ValueError("the bins of a histogram rise and hold no fewer than 0 rows")
        if int(counts.max(initial=1)) * (len(counts) + 1) * b >= SAFE:
            counts = counts.astype(object)
        self.counts = counts
        before = np.concatenate(([0], np.cumsum(counts)))
        self.signed = b * before - a * before[-1]

    def near(self, reach: int) -> tuple[Whole, Whole, Whole]:
        """Give runs of bins that together are all bins: the first bin of each, its length, a distance.

        The distance is the true one where that is less than `reach` more than the least of all; elsewhere it may be
        lower than the true one, but never by so much that it were less than that."""
        last = len(self.counts)
        middle = int(np.searchsorted(self.signed, 0))  # the first gap at or above the rank: the least is close by
        least = int(self._runs(max(middle - 2, 0), min(middle + 1, last))[2].min())
        far = least + reach if self.signed.dtype == object else min(least + reach, SAFE)
        begin = max(int(np.searchsorted(self.signed, -far)) - 1, 0)
        end = min(int(np.searchsorted(self.signed, far, side="right")), last)
        starts, lengths, distances = self._runs(begin, end)
        ends = [self.edges[begin] + 1, self.edges[-1] - self.edges[end + 1]]
        return (
            np.concatenate((starts, [0, self.edges[end + 1]])),
            np.concatenate((lengths, ends)),
            np.concatenate((distances, np.array([far, far], distances.dtype))),
        )

    def distance(self, number: int) -> int:
        """Give how far one bin is."""
        place = int(np.searchsorted(self.edges, number)) - 1  # bins before it that may hold rows
        behind = self.signed[place + (self.edges[place + 1] == number)]
        return max(int(self.signed[place]), -int(behind), 0)

    def _runs(self, begin: int, end: int) -> tuple[Whole, Whole, Whole]:
        """Give first bins, lengths and distances of the gaps begin … end and the bins between; empty gaps are none."""
        edges, signed = self.edges[begin : end + 2], self.signed[begin : end + 1]
        starts = np.concatenate((edges[:-1] + 1, edges[1:-1]))
        lengths = np.concatenate((np.diff(edges) - 1, np.ones(end - begin, np.int64)))
        bins = np.maximum(np.maximum(signed[:-1], -signed[1:]), 0)
        distances = np.concatenate((abs(signed), bins))
        runs = np.flatnonzero(lengths)
        return starts[runs], lengths[runs], distances[runs]
