"""From the Arrow streams of a block's statements to its exact groups, column by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from sandbox.engines.base import Bins, Coded, Columns, Exact, Histogram, Numbers
from sandbox.engines.duckdb.ordinals import dense
from sandbox.engines.duckdb.render import Query
from sandbox.engines.fixed import from_grains
from sandbox.plan.block import Block, Key
from sandbox.plan.scalar import Type, Value

Group = tuple[Value, ...]


def exact(block: Block, queries: list[Query], answers: list[bytes], listed: Mapping[str, Sequence[Value]]) -> Exact:
    """Put the answers of a block's statements together, group by group; a group that a statement does not have counts
    nothing in it. `listed` are the texts of the dictionaries that keys have."""
    read = [_read(block, query, answer, listed) for query, answer in zip(queries, answers, strict=True)]
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


def texts(answer: bytes) -> tuple[Value, ...]:
    """Give the values of a dictionary in order of their codes, None for a code that there is not."""
    codes, values = _table(answer).columns
    found: list[Value] = [None] * (max(codes.to_pylist(), default=-1) + 1)
    for code, value in zip(codes.to_pylist(), values.to_pylist(), strict=True):
        found[code] = value
    return tuple(found)


def _table(answer: bytes) -> pa.Table:
    with pa.ipc.open_stream(answer) as stream:
        return stream.read_all()


def _read(block: Block, query: Query, answer: bytes, listed: Mapping[str, Sequence[Value]]) -> tuple[Columns, Columns]:
    """Read one statement's stream: keys first, then its measurements."""
    table = _table(answer)
    count = len(block.keys)
    coded, measured = table.columns[:count], table.columns[count:]
    if block.measurements[query.measured[0]].what == "quantile":
        coded, histograms = _histograms(coded, *measured)
        size = len(histograms)
        numbers: list[Sequence[Any]] = [histograms] * len(query.measured)
    else:
        size, numbers = table.num_rows, [_integers(column) for column in measured]
    own = query.keys
    values = [listed[name] if name else known for name, known in zip(own.dictionaries, own.values, strict=True)]
    keys = [_key(*one) for one in zip(block.keys, own.scales, values, coded, strict=True)]
    return Columns(keys, size), Columns(numbers, size)


def _histograms(
    keys: Sequence[pa.ChunkedArray], bins: pa.ChunkedArray, rows: pa.ChunkedArray
) -> tuple[list[pa.ChunkedArray], list[Bins]]:
    """Give the keys of each group, and its bins in order. Bins of a group mostly come so already."""
    group, groups = dense([key.combine_chunks() for key in keys], len(bins))
    pairs = np.empty((len(bins), 2), np.int64)
    pairs[:, 0], pairs[:, 1] = bins.to_numpy(), rows.to_numpy()
    width = int(pairs[:, 0].max(initial=0)) + 1
    place = group * width + pairs[:, 0] if groups * width < 1 << 62 else np.zeros_like(group)
    if not (place[1:] > place[:-1]).all():
        order = np.lexsort((pairs[:, 0], group))
        group, pairs, keys = group[order], pairs[order], [key.take(pa.array(order)) for key in keys]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    histograms = [Bins(pairs[start:end]) for start, end in pairwise([*starts.tolist(), len(pairs)])]
    return [key.take(pa.array(starts)) for key in keys], histograms


def _key(key: Key, scale: int | None, values: Sequence[Value] | None, column: pa.ChunkedArray) -> Sequence[Value]:
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
