"""The weights of L2 mode for a piece of whole units, where the version has no index of their norms."""

from __future__ import annotations

import numpy as np

from sandbox.engines.duckdb.ordinals import Whole, sort_groups, starting
from sandbox.engines.edges import buckets_of
from sandbox.engines.layout import edge
from sandbox.plan.block import WEIGHT

SPARSE = 8  # cells for each row, beyond which groups are looked for


def weights(unit: Whole, key: Whole, size: int, x: Whole | None, cap: int) -> Whole:
    """Give the weight of each row's unit: min(10⁵, ⌊cap·10⁵/E⌋) with the edge E of the unit's norm. Rows stand by unit;
    keys are below `size`; |x| is what is normed (None: 1), whose sums for a unit are below 2⁵³."""
    number = np.cumsum(starting(unit)) - 1
    units = int(number[-1]) + 1 if len(number) else 0
    ones = None if x is None else np.abs(x)
    if units * size <= SPARSE * len(unit):
        of_group = np.bincount(number * size + key, ones, units * size).astype(np.float64)
        group_unit = None
        squares = np.einsum("ij,ij->i", *[of_group.reshape(units, size)] * 2)
    else:
        places, starts, first = sort_groups(number, key, size)
        lengths = np.diff(np.append(starts, len(unit)))
        of_group = (lengths if ones is None else np.add.reduceat(ones[places], starts)).astype(np.float64)
        group_unit = number[first]
        squares = np.bincount(group_unit, of_group * of_group, units)

    def exactly(one: int) -> int:
        own = of_group[one * size : one * size + size] if group_unit is None else of_group[group_unit == one]
        return sum(int(value) ** 2 for value in own)

    bucket = buckets_of(squares, exactly)
    one = 10**WEIGHT
    listed = np.array([min(one, cap * one // edge(j)) for j in range(int(bucket.max(initial=0)) + 1)], np.int64)
    found: Whole = listed[bucket][number]
    return found
