"""The contribution index of a chunk of whole units: ordinals of groups and rows, and norm buckets.

What they mean is said in `sandbox.engines.layout`; tests hold them against that, row by row, in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sandbox.catalogue.ingest.order import Places, starting
from sandbox.engines.edges import Doubles, buckets_of
from sandbox.engines.layout import MOST_ORDINAL


@dataclass(frozen=True)
class Groups:
    """The rows of a chunk, sorted by (unit, group) and in their order within: `places` are their positions, `starts`
    where groups begin among them, `unit` the 0-based number of each group's unit, `units` each unit's first row."""

    places: Places
    starts: Places
    unit: Places
    units: Places

    @classmethod
    def of(cls, unit: npt.NDArray[np.int64], key: npt.NDArray[np.int64]) -> Groups:
        """Group rows by their unit's code, ascending, and a dense code of their key."""
        new = starting(unit)
        number = np.cumsum(new) - 1
        both = number * (int(key.max(initial=0)) + 1) + key  # less than rows², so within 64 bits
        places = np.argsort(both, kind="stable")
        starts = np.flatnonzero(starting(both[places]))
        return cls(places, starts, number[places[starts]], np.flatnonzero(new))

    @property
    def sizes(self) -> Places:
        return np.diff(np.append(self.starts, len(self.places)))

    def ordinals(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """Give each row's ordinals: of its group within the unit, of the row within its group; both saturate."""
        rows = np.arange(len(self.places)) - np.repeat(self.starts, self.sizes)
        first = self.places[self.starts]  # each group's first row, which stands first in order
        firsts = np.zeros(len(self.places), np.int64)
        firsts[first] = 1
        upto = np.cumsum(firsts)  # groups of this chunk up to each row; a unit's first row begins its first group
        groups = upto[first] - upto[self.units][self.unit]
        return self._back(np.repeat(_byte(groups), self.sizes)), self._back(_byte(rows))

    def norms(self, x: npt.NDArray[np.int64] | None) -> Places:
        """Give each unit's norm bucket, for |x| given by row (None: 1)."""
        if x is None:
            sums = self.sizes.astype(np.float64)
        else:
            sums = np.add.reduceat(x[self.places].astype(np.float64), self.starts)
        squares: Doubles = np.bincount(self.unit, sums * sums, len(self.units)).astype(np.float64)
        return buckets_of(squares, lambda unit: self._exactly(unit, x))

    def _exactly(self, unit: int, x: npt.NDArray[np.int64] | None) -> int:
        """A unit's sum of squares."""
        ends, square = np.append(self.starts, len(self.places)), 0
        for group in range(*np.searchsorted(self.unit, [unit, unit + 1])):  # groups stand in order of their units
            rows = self.places[ends[group] : ends[group + 1]]
            square += (len(rows) if x is None else sum(int(value) for value in x[rows])) ** 2
        return square

    def _back(self, values: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        found = np.empty(len(values), np.uint8)
        found[self.places] = values
        return found


def dense(columns: Sequence[npt.NDArray[np.int64]], rows: int) -> npt.NDArray[np.int64]:
    """Give one dense code for each combination of values, each column being codes from 0."""
    code = np.zeros(rows, np.int64)
    for column in columns:
        size = int(column.max(initial=0)) + 1
        code = code * size + column
        if int(code.max(initial=0)) >= 1 << 20:
            code = np.unique(code, return_inverse=True)[1].astype(np.int64)
    return code


def _byte(values: Places) -> npt.NDArray[np.uint8]:
    return np.minimum(values, MOST_ORDINAL).astype(np.uint8)
