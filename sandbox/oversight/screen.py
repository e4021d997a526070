"""Which bases a leaked file may show, told from sketches: the index of a trace.

Only an order and a cut: who is looked at closely is decided here, by leak and X alone; what is found, elsewhere. A base
that shares no value of a key with the file, and whose numbers do not turn up in it, is never opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sandbox.oversight.sketch import Part, Tokens, joined, tokens
from watermarking.leak import Leak
from watermarking.numbers import folded, reading

MOST = 1_000  # bases looked at closely
BATCH = 1_000  # sketches compared at a time
ROWS = 50_000  # rows of a leak that are read for this, spread evenly
NEAR = 6.0  # σ within which a leaked number is near that of a base
WIDTHS = (0.5, 3.0)  # σ within which a number turns up: marks alone move it less, noise or rounding more
AWAY = 37.0  # σ by which numbers are moved to see how many are near by chance
CLEAR = 0.15  # share of numbers beyond chance from which a file without keys is worth a look
FEW = 4  # rows below which numbers fit by chance, and no factor is considered
KEYS, NUMBERS = "keys", "numbers"
SURE = 1.0  # score of a base whose numbers fit in most of the rows that it shares with the file
SCALES = tuple(10.0**power for power in range(-6, 7))
Reals = NDArray[np.float64]
Sketches = Iterable[tuple[str, Sequence[Part]]]


class Likely(NamedTuple):
    """The ids of the bases that a leak may show, likeliest first; how many more there are, not to be looked at; and how
    many were set aside, by their `keys` alone or by keys and `numbers`: because nothing of these turned up."""

    bases: list[str]
    left_out: int
    set_aside: int
    by: str


@dataclass(frozen=True)
class Screen:
    """A leak as it is compared with sketches."""

    leak: Leak

    def likely(self, sketches: Sketches, most: int = MOST) -> Likely:
        """Give the bases that the leak may show, likeliest first, `most` of them at most.

        A base scores up to 1 for numbers that fit in the rows of its keys, and half as much for the values of its keys
        themselves. Unless one is sure by that, it also scores up to ½ for numbers that turn up more often than by
        chance: files without keys are found so."""
        scores: dict[str, float] = {}
        held: list[tuple[str, Part]] = []
        stream = iter(sketches)
        while batch := [(base, part) for base, parts in islice(stream, BATCH) for part in parts]:
            for (base, _), score in zip(batch, self._by_keys([part for _, part in batch]), strict=True):
                scores[base] = max(score, scores.get(base, 0.0))
            held += batch
        sure = max(scores.values(), default=0.0) >= SURE
        if not sure:
            for start in range(0, len(held), BATCH):
                batch = held[start : start + BATCH]
                for (base, _), score in zip(batch, self._by_numbers([part for _, part in batch]), strict=True):
                    scores[base] = max(score, scores[base])
        found = sorted((base for base, score in scores.items() if score > 0), key=lambda base: -scores[base])
        return Likely(found[:most], len(found[most:]), len(scores) - len(found), KEYS if sure else NUMBERS)

    def _by_keys(self, parts: Sequence[Part]) -> list[float]:
        counts = np.array([len(key) for part in parts for key in part.keys], np.int64)
        if not len(counts):
            return [0.0] * len(parts)
        values = np.concatenate([key for part in parts for key in part.keys])
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        best, column = np.zeros(len(counts)), np.full(len(counts), -1)
        for at, distinct in self._distinct:
            there = np.add.reduceat(_within(distinct, values).astype(np.float64), starts) / np.maximum(counts, 1)
            column = np.where(there > best, at, column)
            best = np.maximum(there, best)
        scores, at = [], 0
        for part in parts:
            mine = slice(at, at + len(part.keys))
            at = mine.stop
            keys = float(best[mine].mean()) if part.keys else 0.0
            scores.append(keys / 2 + (self._fits(part, [int(c) for c in column[mine]]) if keys else 0.0))
        return scores

    def _fits(self, part: Part, columns: Sequence[int]) -> float:
        """How near some column comes to a primitive in the rows of the chosen groups, up to a factor; less where there
        are few such rows."""
        if min(columns) < 0 or not part.sigma.size or not len(part.groups):
            return 0.0
        rows, order = self._keys_of(tuple(columns))
        at = order[np.minimum(np.searchsorted(rows, part.groups, sorter=order), len(order) - 1)]
        there = rows[at] == part.groups
        if not there.any():
            return 0.0
        shown = self._numbers[at[there]]
        fits = [_fit(shown, x, sigma) for x, sigma in zip(part.values[there].T, part.sigma, strict=True)]
        return max(fits) * len(shown) / (len(shown) + FEW)

    def _by_numbers(self, parts: Sequence[Part]) -> list[float]:
        """Of each part the share of its numbers that turn up in some column, beyond those that do by chance."""
        wanted = [
            (number, x, max(sigma, 0.5))
            for number, part in enumerate(parts)
            for x, sigma in zip(part.values.T, part.sigma, strict=True)
            if len(x)
        ]
        scores = np.zeros(len(parts))
        if not wanted:
            return [0.0] * len(parts)
        values = np.concatenate([x for _, x, _ in wanted])
        sigma = np.concatenate([np.full(len(x), one) for _, x, one in wanted])
        counts = np.array([len(x) for _, x, _ in wanted])
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        best = np.zeros(len(counts))
        for column in self._sorted:
            for scale, width in product(SCALES, WIDTHS):
                within = width * sigma * scale
                beyond = _near(column, values * scale, within) - _near(column, (values + AWAY * sigma) * scale, within)
                best = np.maximum(best, np.add.reduceat(beyond, starts) / counts)
        for (number, _, _), share in zip(wanted, best, strict=True):
            scores[number] = max(scores[number], share)
        return [float(score) / 2 if score > CLEAR else 0.0 for score in scores]

    @cached_property
    def _rows(self) -> list[tuple[str, ...]]:
        every = max(1, -(-len(self.leak.rows) // ROWS))
        return list(self.leak.rows[::every])

    @cached_property
    def _tokens(self) -> list[Tokens]:
        return [tokens(map(folded, column)) for column in zip(*self._rows, strict=True)]

    @cached_property
    def _distinct(self) -> list[tuple[int, Tokens]]:
        """The values of each column; those of the header as column −1, for tables that were turned."""
        heads = tokens(folded(name) for name in self.leak.columns)
        return [*((at, np.unique(column)) for at, column in enumerate(self._tokens)), (-1, np.unique(heads))]

    def _keys_of(self, columns: tuple[int, ...]) -> tuple[Tokens, NDArray[np.int64]]:
        """The token of each row's key in these columns, and the order that sorts them."""
        if columns not in self._joined:
            rows = joined([self._tokens[column] for column in columns], len(self._rows))
            self._joined[columns] = rows, np.argsort(rows, kind="stable")
        return self._joined[columns]

    @cached_property
    def _joined(self) -> dict[tuple[int, ...], tuple[Tokens, NDArray[np.int64]]]:
        return {}

    @cached_property
    def _numbers(self) -> Reals:
        """Every cell as a number, NaN where it is none."""
        return np.array([[_number(text) for text in row] for row in self._rows], np.float64)

    @cached_property
    def _sorted(self) -> list[Reals]:
        columns = [column[~np.isnan(column)] for column in self._numbers.T]
        return [np.sort(column) for column in columns if len(column) * 2 > len(self._rows)]


def _fit(shown: Reals, x: Reals, sigma: float) -> float:
    """How near the nearest column of `shown` is to x, by itself or times a factor: 1 at no distance, 0 where none is
    near. Distance counts against the size of x, not against σ: else who asks for much noise would fit everything, and
    could bury the base that a file really shows under a heap of cheap ones."""
    size = float(np.median(np.abs(x))) or 1.0
    factors = [np.ones(shown.shape[1])]
    if (x != 0).sum() > FEW:
        ratios = shown[x != 0] / x[x != 0][:, None]
        factors.append(np.array([np.median(column) for column in ratios.T]))
    best = 0.0
    for factor in factors:
        with np.errstate(all="ignore"):
            off = np.median(np.abs(shown / factor - x[:, None]), axis=0)
        near = off[off <= max(NEAR * sigma, size / 50)]  # NaN, where a column is no number, is not
        if len(near):
            best = max(best, 1 / (1 + float(near.min()) / size))
    return best


def _within(ordered: Tokens, wanted: Tokens) -> NDArray[np.bool_]:
    at = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
    return np.asarray(ordered[at] == wanted)


def _near(column: Reals, wanted: Reals, within: Reals) -> Reals:
    """For each number whether the sorted column has one that near, as 1 or 0."""
    at = np.searchsorted(column, wanted - within)
    found = (at < len(column)) & (column[np.minimum(at, len(column) - 1)] <= wanted + within)
    return found.astype(np.float64)


def _number(text: str) -> float:
    value = reading(text)
    return float("nan") if value is None else float(value)
