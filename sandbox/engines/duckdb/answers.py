"""From the Arrow streams of a block's statements to its exact groups, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sandbox.engines.base import Bins, Coded, Columns, Exact, Histogram, Numbers
from sandbox.engines.duckdb.render import Query
from sandbox.engines.fixed import from_grains
from sandbox.plan.block import Block, Key
from sandbox.plan.scalar import Type, Value

Group = tuple[Value, ...]


def exact(block: Block, queries: list[Query], answers: list[bytes]) -> Exact:
    """Put the answers of a block's statements together, group by group; a group that a statement does not have counts
    nothing in it."""
    read = [_read(block, query, answer) for query, answer in zip(queries, answers, strict=True)]
    everything = list(range(len(block.measurements)))
    if len(read) == 1 and list(queries[0].measured) == everything and block.keys:
        return Exact(*read[0])
    nothing: list[int | Histogram] = [() if m.what == "quantile" else 0 for m in block.measurements]
    found: dict[Group, list[int | Histogram]] = {} if block.keys else {(): list(nothing)}
    for query, (groups, values) in zip(queries, read, strict=True):
        for group, numbers in zip(groups, values, strict=True):
            own = found.setdefault(group, list(nothing))
            for place, number in zip(query.measured, numbers, strict=True):
                own[place] = number
    return Exact(list(found), [tuple(values) for values in found.values()])


def _read(block: Block, query: Query, answer: bytes) -> tuple[Columns, Columns]:
    """Read one statement's stream: keys first, then its measurements."""
    with pa.ipc.open_stream(answer) as stream:
        table = stream.read_all()
    count, size = len(block.keys), table.num_rows
    coded = table.columns[:count]
    keys = [_key(*one) for one in zip(block.keys, query.scales, query.values, coded, strict=True)]
    numbers = [_integers(column) for column in table.columns[count:]]
    if block.measurements[query.measured[0]].what != "quantile":
        return Columns(keys, size), Columns(numbers, size)
    starts = _starts(coded, size)
    histograms = _histograms(starts, *numbers)
    shown = [[column[start] for start in starts] for column in keys]
    return Columns(shown, len(starts)), Columns([histograms] * len(query.measured), len(starts))


def _starts(keys: Sequence[pa.ChunkedArray], size: int) -> list[int]:
    """Give where groups begin, whose bins come one after the other."""
    new = np.zeros(size, np.bool_)
    new[:1] = True
    for key in keys:
        codes = key.combine_chunks().dictionary_encode(null_encoding="encode").indices.to_numpy()
        new[1:] |= codes[1:] != codes[:-1]
    return [int(start) for start in np.flatnonzero(new)]


def _histograms(starts: list[int], bins: Sequence[int], rows: Sequence[int]) -> list[Histogram]:
    pairs = np.column_stack([_array(bins), _array(rows)])
    return [Bins(pairs[start:end]) for start, end in pairwise([*starts, len(pairs)])]


def _array(numbers: Sequence[int]) -> NDArray[np.int64]:
    return numbers.array if isinstance(numbers, Numbers) else np.array(numbers, np.int64)


def _key(key: Key, scale: int | None, values: tuple[Value, ...] | None, column: pa.ChunkedArray) -> Sequence[Value]:
    """The values of a key: of its codes, of its fixed point, or as they come."""
    if values is not None:
        return Coded(column.cast(pa.int64()).fill_null(len(values)).to_numpy(), (*values, None))
    cells = column.to_pylist()
    return cells if scale is None else [_number(cell, key.expr.type, scale) for cell in cells]


def _integers(column: pa.ChunkedArray) -> Sequence[int]:
    """The integers of a column without NULL; those of 128 bits come as decimals, most of which fit 64."""
    try:
        return Numbers(column.cast(pa.int64()).to_numpy())
    except pa.ArrowInvalid:
        return [int(number) for number in column.to_pylist()]


def _number(value: Any, kind: Type, scale: int) -> Value:
    if value is None:
        return None
    return int(value) if kind.kind == "integer" else from_grains(int(value), scale)
