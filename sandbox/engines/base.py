"""The port of engines: run a plan's bounded exact aggregates over one encrypted data version.

Every engine gives the same integers for the same plan (tests/spec). An engine adds no noise, knows no thresholds and
sees no post-processing. What it gives back never leaves the vault's memory but through `release`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from operator import eq
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, overload

from sandbox.engines.own import OwnRows
from sandbox.plan.plan import Plan
from sandbox.plan.reading import Reading
from sandbox.plan.relation import Relation
from sandbox.plan.scalar import Value

if TYPE_CHECKING:  # every process imports the port; only the vault has arrays
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

Histogram = Sequence[tuple[int, int]]
"""The bins of a quantile that have rows, in order: (bin, rows); perhaps as `Bins`."""


class EngineFailed(Exception):
    """Time-out, out of memory, a lost process: one uniform failure, without detail that could depend on data."""


@dataclass(frozen=True)
class OpenVersion:
    """A data version as an engine opens it: read-only file and its key, and own tables of the asker beside it, by what
    the plan calls them."""

    id: str
    path: Path
    key: bytes
    own: Mapping[str, OwnRows] = field(default_factory=dict, compare=False, repr=False)


class Numbers(Sequence[int]):
    """A column of whole numbers that fit 64 bits, as one array."""

    def __init__(self, array: NDArray[np.int64]) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[int]:
        return iter(self.array.tolist())

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> Numbers: ...
    def __getitem__(self, place: int | slice) -> int | Numbers:
        return Numbers(self.array[place]) if isinstance(place, slice) else int(self.array[place])


class Bins(Sequence[tuple[int, int]]):
    """A histogram as an array of two columns: bins, rows."""

    def __init__(self, array: NDArray[np.int64]) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return map(tuple, self.array.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    @overload
    def __getitem__(self, place: int) -> tuple[int, int]: ...
    @overload
    def __getitem__(self, place: slice) -> Bins: ...
    def __getitem__(self, place: int | slice) -> tuple[int, int] | Bins:
        return Bins(self.array[place]) if isinstance(place, slice) else tuple(self.array[place].tolist())


class Coded(Sequence[Value]):
    """A column as numbers of its values, so that only the cells that are looked at are spelled out: cell i is
    `values[codes[i]]`."""

    def __init__(self, codes: NDArray[np.int64], values: Sequence[Value]) -> None:
        self.codes, self.values = codes, values

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[Value]:
        return map(self.values.__getitem__, self.codes.tolist())

    @overload
    def __getitem__(self, place: int) -> Value: ...
    @overload
    def __getitem__(self, place: slice) -> Coded: ...
    def __getitem__(self, place: int | slice) -> Value | Coded:
        return Coded(self.codes[place], self.values) if isinstance(place, slice) else self.values[self.codes[place]]


class Columns(Sequence[tuple[Any, ...]]):
    """Rows that stand column by column, so that a hundred thousand of them cost nothing to hold."""

    def __init__(self, columns: Sequence[Sequence[Any]], size: int) -> None:
        if any(len(column) != size for column in columns):
            raise ValueError("columns have one length")
        self.columns, self._size = tuple(columns), size

    @classmethod
    def of(cls, rows: Sequence[tuple[Any, ...]], width: int) -> Columns:
        """Give `rows`, each of `width` values, as columns; raises ValueError when one has another width."""
        if isinstance(rows, Columns):
            if len(rows.columns) != width:
                raise ValueError("rows have another width")
            return rows
        if any(len(row) != width for row in rows):
            raise ValueError("rows have another width")
        return cls(tuple(zip(*rows, strict=True)) if rows else ((),) * width, len(rows))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return zip(*self.columns, strict=True) if self.columns else repeat((), self._size)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]

    @overload
    def __getitem__(self, place: int) -> tuple[Any, ...]: ...
    @overload
    def __getitem__(self, place: slice) -> Columns: ...
    def __getitem__(self, place: int | slice) -> tuple[Any, ...] | Columns:
        if isinstance(place, slice):
            return Columns([column[place] for column in self.columns], len(range(self._size)[place]))
        return tuple(column[place] for column in self.columns) if range(self._size)[place] >= 0 else ()


@dataclass(frozen=True)
class Exact:
    """Exact bounded aggregates of one block: for each present group its key values (in the block's key order) and, per
    measurement, one integer or, of a quantile, a histogram. Without keys there is exactly one group `()`. Groups come
    in no particular order; both may be `Columns`."""

    groups: Sequence[tuple[Value, ...]]
    values: Sequence[tuple[int | Histogram, ...]]


class Engine(Protocol):
    """Runs plans, and readings of public tables."""

    def run(self, version: OpenVersion, plan: Plan) -> list[Exact]:
        """Execute the blocks of `plan`, one result each; raises `EngineFailed`."""

    def read(self, version: OpenVersion, reading: Reading) -> list[tuple[Value, ...]]:
        """Give the rows of `reading`, with the columns that it shows; decimals have the places of their type. Raises
        `EngineFailed`, also for a table that is stored with units."""

    def rows(self, version: OpenVersion, relation: Relation) -> pa.Table:
        """Give the rows of a relation of units: its columns, and first `__unit`, a name of the row's unit that does not
        depend on other units. Units in order of names, rows of a unit in their own order. Raises `EngineFailed`.

        They are raw: nothing made of them leaves but through `release`."""

    def close(self) -> None:
        """Let go of processes and files."""
