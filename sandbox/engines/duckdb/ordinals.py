"""The child's own numbering: rows of whole units, piece by piece, cut to the bounds as they stream into the statement.

Of each unit the groups stand in order of their first rows; the first groups are kept, and of each its first rows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.engines.duckdb.facts import FIRST, FROM, TO

Whole = npt.NDArray[np.int64]
AHEAD = 3  # pieces that are waited for or wait
PACKED = 24  # bits of a row's number in a piece
FEW = 1 << 16


def bounded(connection: duckdb.DuckDBPyConnection, asked: Mapping[str, Any], threads: int) -> pa.RecordBatchReader:
    """Give the rows that count, in a stream: keys, values, and whether a row is its unit's first in its group.

    `asked` has the statement of a piece, its parameters, how many keys and places it names, whether the `unit` is
    shown, the limits, and the ranges of units."""
    starts = range(0, asked["units"], asked["step"])
    pieces = ((start, start + asked["step"] - 1) for start in starts)

    def piece(units: tuple[int, int]) -> pa.Table:
        sql = asked["sql"].replace(f"${FROM}", str(units[0])).replace(f"${TO}", str(units[1]))  # values would not prune
        with connection.cursor() as cursor:
            return kept(cursor.execute(sql, asked["parameters"]).to_arrow_table(), asked)

    first = piece(next(pieces))

    def batches() -> Iterator[pa.RecordBatch]:
        yield from first.to_batches()
        with ThreadPoolExecutor(threads) as pool:
            waiting: deque[Future[pa.Table]] = deque(pool.submit(piece, one) for one in islice(pieces, AHEAD))
            while waiting:
                made = waiting.popleft().result()
                waiting.extend(pool.submit(piece, one) for one in islice(pieces, 1))
                yield from made.cast(first.schema).to_batches()

    return pa.RecordBatchReader.from_batches(first.schema, batches())


def kept(rows: pa.Table, asked: Mapping[str, Any]) -> pa.Table:
    """Give the rows of a piece that count: its columns are the unit, the places, the keys and the values. Without any
    limit it is taken as it comes."""
    if asked["groups"] is None and asked["rows"] is None:
        return rows
    columns = [column.combine_chunks() for column in rows.columns]
    unit = columns[0].to_numpy().astype(np.int64)
    count = 1 + asked["places"]
    places = [pc.fill_null(column.cast(pa.int64()), -1).to_numpy() for column in columns[1:count]]
    taken: Whole | None = None if _ascending(unit, places) else np.lexsort((*reversed(places), unit))
    keys = columns[count : count + asked["keys"]]
    if taken is not None:
        unit, keys = unit[taken], [column.take(pa.array(taken)) for column in keys]
    group, row = numbers(unit, *dense(keys, len(unit)))
    stays = np.ones(len(unit), np.bool_)
    if asked["groups"] is not None:
        stays &= group < asked["groups"]
    if asked["rows"] is not None:
        stays &= row < asked["rows"]
    shown = rows if taken is None else rows.take(pa.array(taken))
    hidden = rows.column_names[1 if asked["unit"] else 0 : count]
    return shown.append_column(FIRST, pa.array(row == 0)).drop_columns(hidden).filter(pa.array(stays))


def _ascending(unit: Whole, places: list[Whole]) -> bool:
    """Say whether rows stand by unit and place already; places of more than one column are sorted in any case."""
    if len(unit) < 2:
        return True
    same = unit[1:] == unit[:-1]
    upwards = (unit[1:] > unit[:-1]) | (same & (places[0][1:] > places[0][:-1]))
    return len(places) == 1 and bool(upwards.all())


def dense(keys: list[pa.Array], rows: int) -> tuple[Whole, int]:
    """Give one code for each combination of key values, NULL among them, and how many codes there may be."""
    code, size = np.zeros(rows, np.int64), 1
    for key in keys:
        own, most = _coded(key)
        if size * most >= 1 << 40:
            code = np.unique(code, return_inverse=True)[1].astype(np.int64)
            size = int(code.max(initial=0)) + 1
        code, size = code * most + own, size * most
    return code, size


def _coded(key: pa.Array) -> tuple[Whole, int]:
    if pa.types.is_integer(key.type) and not key.null_count:
        numbers = key.to_numpy()
        if not len(numbers) or (numbers.min() >= 0 and numbers.max() < FEW):
            return numbers.astype(np.int64), int(numbers.max(initial=0)) + 1
    found = pc.dictionary_encode(key, null_encoding="encode")
    return found.indices.to_numpy(zero_copy_only=False).astype(np.int64), max(len(found.dictionary), 1)


def numbers(unit: Whole, key: Whole, size: int) -> tuple[Whole, Whole]:
    """Give the ordinals of rows that stand by unit and place: of the group among its unit's, of the row in its group.
    Keys are below `size`."""
    n = len(unit)
    new = _starting(unit)
    number = np.cumsum(new) - 1
    places, groups = _sorted(number, key, size)
    starts = np.flatnonzero(_starting(groups))
    lengths = np.diff(np.append(starts, n))
    row = np.empty(n, np.int64)
    row[places] = np.arange(n) - np.repeat(starts, lengths)
    first = places[starts]  # each group's first row
    firsts = np.zeros(n, np.int64)
    firsts[first] = 1
    upto = np.cumsum(firsts)
    ordinal = upto[first] - upto[np.flatnonzero(new)][number[first]]
    group = np.empty(n, np.int64)
    group[places] = np.repeat(ordinal, lengths)
    return group, row


def _sorted(number: Whole, key: Whole, size: int) -> tuple[Whole, npt.NDArray[np.uint64]]:
    """Give the places of the rows by (unit, key, place), and the code of (unit, key) in that order. Numbers that carry
    their place sort several times as fast as places."""
    n = len(number)
    code = number.astype(np.uint64) * np.uint64(size) + key.astype(np.uint64)
    if n and int(code.max()) < 1 << (64 - PACKED) and n <= 1 << PACKED:
        packed = (code << np.uint64(PACKED)) | np.arange(n, dtype=np.uint64)
        packed.sort()
        return (packed & np.uint64((1 << PACKED) - 1)).astype(np.int64), packed >> np.uint64(PACKED)
    places = np.argsort(code, kind="stable")
    return places, code[places]


def _starting(codes: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    new = np.ones(len(codes), np.bool_)
    np.not_equal(codes[1:], codes[:-1], out=new[1:])
    return new
