"""The weights of L2 mode for a piece of whole units, where the version has no index of their norms."""

from __future__ import annotations

import numpy as np

from sandbox.engines.duckdb.ordinals import Whole, sort_groups, starting
from sandbox.engines.edges import Doubles, buckets_of
from sandbox.engines.layout import edge
from sandbox.plan.block import WEIGHT

SPARSE = 8  # cells for each row, beyond which groups are looked for
CELLS = 1 << 17  # that a cache holds


def weights(unit: Whole, key: Whole, size: int, x: Whole | None, cap: int) -> Whole:
    """Give the weight of each row's unit: min(10⁵, ⌊cap·10⁵/E⌋) with the edge E of the unit's norm. Rows stand by unit;
    keys are below `size`; |x| is what is normed (None: 1), whose sums for a unit are below 2⁵³."""
    new = starting(unit)
    number, starts = np.cumsum(new) - 1, np.append(np.flatnonzero(new), len(unit))
    ones = None if x is None else np.abs(x)
    crowded = (len(starts) - 1) * size <= SPARSE * len(unit)
    squares = _crowded(number, starts, key, size, ones) if crowded else _sparse(number, key, size, ones)

    def exactly(one: int) -> int:
        rows, sums = slice(starts[one], starts[one + 1]), dict[int, int]()
        for place, own in enumerate(key[rows].tolist(), int(starts[one])):
            sums[own] = sums.get(own, 0) + (1 if ones is None else int(ones[place]))
        return sum(total**2 for total in sums.values())

    bucket = buckets_of(squares, exactly)
    one = 10**WEIGHT
    listed = np.array([min(one, cap * one // edge(j)) for j in range(int(bucket.max(initial=0)) + 1)], np.int64)
    found: Whole = listed[bucket][number]
    return found


def _crowded(number: Whole, starts: Whole, key: Whole, size: int, ones: Whole | None) -> Doubles:
    """Give the sum of squares of each unit, with a cell for each of its keys; so many units at a time that a cache
    holds their cells. Unit n has the rows from starts[n] up to starts[n + 1]."""
    units, step = len(starts) - 1, max(1, CELLS // size)
    squares = np.zeros(units)
    for low in range(0, units, step):
        high = min(low + step, units)
        rows = slice(starts[low], starts[high])
        code = (number[rows] - low) * size + key[rows]
        sums = np.bincount(code, None if ones is None else ones[rows], (high - low) * size)
        own = sums.astype(np.float64, copy=False).reshape(high - low, size)
        squares[low:high] = np.einsum("ij,ij->i", own, own)
    return squares


def _sparse(number: Whole, key: Whole, size: int, ones: Whole | None) -> Doubles:
    """The same by sorting."""
    places, groups, first = sort_groups(number, key, size)
    lengths = np.diff(np.append(groups, len(key)))
    sums = (lengths if ones is None else np.add.reduceat(ones[places], groups)).astype(np.float64)
    squares: Doubles = np.bincount(number[first], sums * sums).astype(np.float64, copy=False)
    return squares
