"""From sums of squares to norm buckets, for many units at once; what a bucket is is said in `layout`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sandbox.engines.layout import edge

Doubles = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
EXACT = 1 << 52  # whole numbers up to here, and sums of them, are exact in a double
NEAR = 1e-8  # of sums of squares: doubles of a million terms err by less


def buckets_of(squares: Doubles, exactly: Callable[[int], int]) -> Places:
    """Give the bucket of each sum of squares. `exactly` gives one of them as a whole number; it is asked where rounding
    may have moved it across an edge."""
    found = np.searchsorted(_SQUARES, squares)
    for one in np.flatnonzero(_doubtful(squares, found)):
        square = exactly(int(one))
        found[one] = next(j for j in range(len(_SQUARES)) if edge(j) ** 2 >= square)
    return found


def _doubtful(squares: Doubles, found: Places) -> npt.NDArray[np.bool_]:
    """Say which sums of squares may have been rounded across an edge."""
    above, below = _SQUARES[np.minimum(found, len(_SQUARES) - 1)], _SQUARES[np.maximum(found - 1, 0)]
    near = (np.abs(squares - above) <= NEAR * squares) | (np.abs(squares - below) <= NEAR * squares)
    doubtful: npt.NDArray[np.bool_] = (squares >= EXACT) & near
    return doubtful


_SQUARES = np.array([float(edge(j) ** 2) for j in range(1024)])
"""Squares of the edges up to 2¹²⁸, more than declared bounds allow a norm to be."""
