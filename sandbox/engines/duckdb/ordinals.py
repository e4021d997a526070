"""The child's own numbering: rows of whole units, piece by piece, cut to the bounds as they stream into the statement.

Of each unit the groups stand in order of their first rows; the first groups are kept, and of each its first rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, count
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.engines.duckdb.facts import FIRST
from sandbox.engines.duckdb.pieces import pieces

Whole = npt.NDArray[np.int64]
PACKED = 24  # bits of a row's number in a piece
ROOM = 4  # slots for a row
MULTIPLIERS = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1)  # odd, of many ones and noughts
FEW = 1 << 16


def bounded(connection: duckdb.DuckDBPyConnection, asked: Mapping[str, Any], threads: int) -> pa.RecordBatchReader:
    """Give the rows that count, in a stream: keys, values, and whether a row is its unit's first in its group.

    `asked` has what `pieces` takes, how many keys and places its statement names, whether the `unit` is shown, and the
    limits."""
    made = pieces(connection, asked, threads, lambda rows: kept(rows, asked))
    first = next(made)

    def batches() -> Iterator[pa.RecordBatch]:
        yield from first.to_batches()
        for piece in made:
            yield from piece.cast(first.schema).to_batches()

    return pa.RecordBatchReader.from_batches(first.schema, batches())


def kept(rows: pa.Table, asked: Mapping[str, Any]) -> pa.Table:
    """Give the rows of a piece that count: its columns are the unit, the places, the keys and the values. Without any
    limit it is taken as it comes."""
    if asked["groups"] is None and asked["rows"] is None:
        return rows
    rows, group, row = placed(rows, asked)
    stays = np.ones(len(group), np.bool_)
    if asked["groups"] is not None:
        stays &= group < asked["groups"]
    if asked["rows"] is not None:
        stays &= row < asked["rows"]
    hidden = rows.column_names[1 if asked["unit"] else 0 : 1 + asked["places"]]
    return rows.append_column(FIRST, pa.array(row == 0)).drop_columns(hidden).filter(pa.array(stays))


def placed(rows: pa.Table, asked: Mapping[str, Any]) -> tuple[pa.Table, Whole, Whole]:
    """Give the rows of a piece in order, and their ordinals."""
    rows, unit = in_order(rows, asked["places"])
    count = 1 + asked["places"]
    keys = [column.combine_chunks() for column in rows.columns[count : count + asked["keys"]]]
    return rows, *numbers(unit, *dense(keys, len(unit)))


def in_order(rows: pa.Table, places: int) -> tuple[pa.Table, Whole]:
    """Give rows – the unit first, then `places` columns of their order – by unit and place, and their units."""
    unit = rows.column(0).combine_chunks().to_numpy().astype(np.int64)
    order = [pc.fill_null(column.cast(pa.int64()), -1).to_numpy() for column in rows.columns[1 : 1 + places]]
    if _ascending(unit, order):
        return rows, unit
    taken = np.lexsort((*reversed(order), unit))
    return rows.take(pa.array(taken)), unit[taken]


def _ascending(unit: Whole, places: list[Whole]) -> bool:
    """Say whether rows stand by unit and place already; places of more than one column are sorted in any case."""
    if len(unit) < 2:
        return True
    if not places:
        return bool((unit[1:] >= unit[:-1]).all())
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
    new = starting(unit)
    number = np.cumsum(new) - 1
    places, starts, first = sort_groups(number, key, size)
    lengths = np.diff(np.append(starts, n))
    row = np.empty(n, np.int64)
    row[places] = np.arange(n) - np.repeat(starts, lengths)
    firsts = np.zeros(n, np.int64)
    firsts[first] = 1
    upto = np.cumsum(firsts)
    ordinal = upto[first] - upto[np.flatnonzero(new)][number[first]]
    group = np.empty(n, np.int64)
    group[places] = np.repeat(ordinal, lengths)
    return group, row


def first_rows(unit: Whole, key: Whole, groups: int | None) -> npt.NDArray[np.bool_]:
    """Say which rows, standing by unit and place, are the first of a group of their unit – of its first `groups`. Keys
    are below 2³²."""
    new = starting(unit)
    begins = np.flatnonzero(new)
    lengths = np.diff(np.append(begins, len(unit)))
    firsts = _first_of_equal(begins, lengths, key.astype(np.uint32))
    if groups is None:
        return firsts
    upto = np.cumsum(firsts)
    before: Whole = (upto - firsts)[new]  # groups of this piece that begin before each unit
    return firsts & (upto <= np.repeat(before + groups, lengths))


def _first_of_equal(begins: Whole, lengths: Whole, key: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    """Say which rows are the first of their unit with their key. Each unit has slots of its own, `ROOM` for a row: a
    key names one, and the first row there owns it. Rows of another key than its owner's try again with another
    multiplier; a round settles a key for each slot at least. Takes half the time of sorting, for a unit's slots lie
    together."""
    n = len(key)
    found, owners = np.zeros(n, np.bool_), np.empty(n * ROOM, np.int32)
    base = np.repeat((begins * ROOM).astype(np.int32), lengths)
    room = np.repeat((lengths * ROOM).astype(np.uint64), lengths)
    left, own, multipliers = np.arange(n, dtype=np.int32), key, chain(MULTIPLIERS, count(MULTIPLIERS[-1] + 2, 2))
    while len(left):
        spread = (own * np.uint32(next(multipliers) % (1 << 32))).astype(np.uint64)
        slot = base + ((spread * room) >> np.uint64(32)).astype(np.int32)
        owners[slot[::-1]] = left[::-1]  # of several the last that is written stays: the first
        owner = owners[slot]
        found[owner] = True
        again = np.flatnonzero(key[owner] != own)
        left, own, base, room = left[again], own[again], base[again], room[again]
    return found


def sort_groups(number: Whole, key: Whole, size: int) -> tuple[Whole, Whole, Whole]:
    """Give the places of the rows by (unit, key, place), where groups start among them, and each group's first row."""
    places, groups = _sorted(number, key, size)
    starts = np.flatnonzero(starting(groups))
    return places, starts, places[starts]


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


def starting(codes: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Say where a run of equal codes begins."""
    new = np.ones(len(codes), np.bool_)
    np.not_equal(codes[1:], codes[:-1], out=new[1:])
    return new
