"""Which leaked row shows which group of the base, found by the values of the key columns.

Reads leak and X only. Order, names and further rows or columns of the leak do not matter; a key column may be missing
where the others still tell the groups apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from watermarking.base import Base
from watermarking.cells import canonical
from watermarking.leak import Leak
from watermarking.numbers import folded

SAMPLE = 2_000  # rows that decide on the columns
SEEN = 0.25  # share of the sampled rows in which a key column shows known values
TRIES, KEPT = 600, 4  # assignments of columns to keys: how many are tried, how many go on to the measures

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """For each key of the base the leak's column (None: missing), for each leaked row its group (-1: unknown)."""

    columns: tuple[int | None, ...]
    groups: Places
    by_value: bool = False


@dataclass(frozen=True)
class Keys:
    """The keys of a base as people may spell them."""

    base: Base

    @cached_property
    def codes(self) -> list[dict[str, int]]:
        """For each key its distinct values, numbered."""
        return [{text: code for code, text in enumerate(dict.fromkeys(column))} for column in self._texts]

    @cached_property
    def groups(self) -> list[Places]:
        """For each key the numbers of its values, group by group."""
        return [
            np.array([codes[text] for text in column], np.int64)
            for codes, column in zip(self.codes, self._texts, strict=True)
        ]

    @cached_property
    def _texts(self) -> list[list[str]]:
        found = []
        for place in range(len(self.base.key_names)):
            column = [group[place] for group in self.base.groups]
            spelled = {(type(value), value): folded(canonical(value)) for value in column}
            found.append([spelled[type(value), value] for value in column])
        return found

    def joint(self, chosen: Sequence[int]) -> Places:
        """Give one number for the values of the `chosen` keys, group by group."""
        return self._joint([self.groups[key] for key in chosen], chosen, len(self.base.groups))

    def joint_of(self, leak: Leak, columns: Sequence[int | None], rows: Sequence[int] | None = None) -> Places:
        """Give the same number for leaked rows, -1 where a value is not known."""
        chosen = [key for key, column in enumerate(columns) if column is not None]
        shown = []
        for key in chosen:
            texts, codes = leak.texts[columns[key] or 0], self.codes[key]
            taken = texts if rows is None else [texts[row] for row in rows]
            shown.append(np.array([codes.get(text, -1) for text in taken], np.int64))
        count = len(leak.rows) if rows is None else len(rows)
        known = np.all([column >= 0 for column in shown], axis=0) if shown else np.ones(count, bool)
        return np.where(known, self._joint(shown, chosen, count), -1)

    def _joint(self, shown: Sequence[Places], chosen: Sequence[int], count: int) -> Places:
        found = np.zeros(count, object if self._many(chosen) else np.int64)
        for key, column in zip(chosen, shown, strict=True):
            found = found * len(self.codes[key]) + column
        return found

    def _many(self, chosen: Sequence[int]) -> bool:
        size = 1
        for key in chosen:
            size *= len(self.codes[key]) + 1
        return size >= 2**62


def row_matches(leak: Leak, keys: Keys) -> list[Rows]:
    """Give the few most plausible matchings, best first; none when no group is found in the leak."""
    scored = []
    for columns in _assignments(leak, keys, sample(len(leak.rows))):
        groups = matched(leak, keys, columns, sample(len(leak.rows)))
        hits = groups[groups >= 0]
        if len(hits):
            used = sum(column is not None for column in columns)
            scored.append(((len(np.unique(hits)), len(hits), used), columns))
    scored.sort(key=lambda entry: entry[0], reverse=True)
    best = scored[0][0][0] if scored else 0
    chosen = [columns for (distinct, _, _), columns in scored[:KEPT] if 2 * distinct >= best]
    return [Rows(columns, matched(leak, keys, columns)) for columns in chosen]


def partial_matches(leak: Leak, keys: Keys) -> list[tuple[int | None, ...]]:
    """Give assignments of columns to keys that show known values, whether or not these tell the groups apart; the last
    shows no key."""
    found = []
    for columns in _assignments(leak, keys, sample(len(leak.rows))):
        seen = int((keys.joint_of(leak, columns, sample(len(leak.rows))) >= 0).sum())
        found.append(((sum(column is not None for column in columns), seen), columns))
    found.sort(key=lambda entry: entry[0], reverse=True)
    return [columns for _, columns in found[:KEPT]] + [(None,) * len(keys.codes)]


def sample(count: int) -> range:
    """Give evenly spread row numbers, at most about `SAMPLE`."""
    return range(0, count, max(1, count // SAMPLE))


def matched(leak: Leak, keys: Keys, columns: Sequence[int | None], rows: Sequence[int] | None = None) -> Places:
    """Give the group of each row by its key values, -1 where they name no group or several."""
    known = keys.joint([key for key, column in enumerate(columns) if column is not None])
    values, first, times = np.unique(known, return_index=True, return_counts=True)
    shown = keys.joint_of(leak, columns, rows)
    if not len(values):
        return np.full(len(shown), -1)
    place = np.minimum(np.searchsorted(values, shown), len(values) - 1)
    found = (values[place] == shown) & (times[place] == 1)
    return np.where(found, first[place], -1).astype(np.int64)


def _assignments(leak: Leak, keys: Keys, chosen: range) -> Iterator[tuple[int | None, ...]]:
    """Give injective choices of a leaked column, or none, for each key; plausible columns only."""
    if not keys.codes:
        yield ()
        return
    most = max(1, int(TRIES ** (1 / len(keys.codes))) - 1)
    options: list[list[int | None]] = []
    for codes in keys.codes:
        seen = [(sum(text[row] in codes for row in chosen), -c) for c, text in enumerate(leak.texts)]
        best = sorted((entry for entry in seen if entry[0] >= SEEN * len(chosen) and entry[0]), reverse=True)
        options.append([*(-c for _, c in best[:most]), None])
    for columns in product(*options):
        used = [column for column in columns if column is not None]
        if used and len(set(used)) == len(used):
            yield columns
