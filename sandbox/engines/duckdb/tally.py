"""The child's own sums: rows that are bounded or weighed piece by piece are added up by the codes of their keys here,
without going through DuckDB again. Every sum is exact: what doubles add up is cut into parts that they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.engines.duckdb.ordinals import Whole, first_rows, in_order, placed
from sandbox.engines.duckdb.pieces import pieces
from sandbox.engines.duckdb.weights import weights

DOUBLE = 53  # bits of the whole numbers that a double holds
Mask = npt.NDArray[np.bool_]


def tallied(connection: duckdb.DuckDBPyConnection, asked: Mapping[str, Any], threads: int) -> pa.Table:
    """Give the groups that have rows: the codes of their keys, the bin of a histogram, and the sums.

    `asked` has what `pieces` takes and, as `tally`: the `sizes` of the keys k0, k1, … – codes are below, the last one
    stands for NULL; `bins` of a histogram, whose bin is e0, or None; the `norms` – places of their keys, the column
    that is normed, the cap –; and `measured`: of each the `column` that is summed, or counted where it is there, None
    for rows; whether it is a `sum`; whether only the `first` rows of units in groups count; the place of the `norm`
    that weighs it, None without; and how many `bits` its numbers have. A column q, if there is one, says which rows
    count."""
    tally = asked["tally"]
    sizes, bins = tally["sizes"], tally["bins"]
    every: list[Whole] | None = None
    for part in pieces(connection, asked, threads, lambda rows: _part(rows, asked)):
        every = part if every is None else [total + more for total, more in zip(every, part, strict=True)]
    assert every is not None
    present, *sums = every
    found = np.flatnonzero(present)
    made: dict[str, pa.Array] = {}
    cell = found // (bins or 1)
    for place in reversed(range(len(sizes))):
        code = cell % sizes[place]
        cell = cell // sizes[place]
        made[f"k{place}"] = pa.array(code, mask=code == sizes[place] - 1)
    made = dict(reversed(made.items()))
    if bins:
        made["b"] = pa.array(found % bins)
    shown = [present] if bins else sums
    return pa.table(made | {f"m{at}": pa.array(one[found]) for at, one in enumerate(shown)})


def _part(rows: pa.Table, asked: Mapping[str, Any]) -> list[Whole]:
    """Give how many rows of a piece each cell has, and its sums."""
    tally = asked["tally"]
    weighing: list[Whole] = []
    if tally["norms"]:
        rows, stays, weighing = _weighed(rows, tally)
        first = stays
    else:
        rows, stays, first = _bounded(rows, asked)
    code = cells(rows, range(len(tally["sizes"])), tally["sizes"])
    every = bool(stays.all())
    code = code if every else code[stays]
    size = prod(tally["sizes"])
    if tally["bins"]:
        column = rows["e0"].combine_chunks()
        there = _valid(column)[stays]
        code = code * tally["bins"] + _numbers(column)[stays]
        return [np.bincount(code[there], minlength=size * tally["bins"])]
    present = np.bincount(code, minlength=size)
    made = [present]
    for one in tally["measured"]:
        column = None if one["column"] is None else rows[one["column"]].combine_chunks()
        if one["first"]:
            made.append(np.bincount(code[first[stays]], minlength=size))
            continue
        if one["norm"] is None and not one["sum"]:
            whole = column is None or not column.null_count
            made.append(present if whole else np.bincount(code[_valid(column)[stays]], minlength=size))
            continue
        number = _factor(column, one["sum"], len(rows))
        if one["norm"] is not None:
            number = weighing[one["norm"]] if number is None else number * weighing[one["norm"]]
        assert number is not None
        made.append(sums(code, number if every else number[stays], size, one["bits"]))
    return made


def _bounded(rows: pa.Table, asked: Mapping[str, Any]) -> tuple[pa.Table, Mask, Mask]:
    """Give the rows in an order, which of them count, and which are the first of their unit in their group."""
    sizes = asked["tally"]["sizes"]
    if asked["rows"] == 1:
        rows, unit = in_order(rows, asked["places"])
        first = first_rows(unit, cells(rows, range(len(sizes)), sizes), asked["groups"])
        return rows, first, first
    rows, group, row = placed(rows, asked)
    stays = np.ones(len(group), np.bool_)
    if asked["groups"] is not None:
        stays &= group < asked["groups"]
    if asked["rows"] is not None:
        stays &= row < asked["rows"]
    return rows, stays, row == 0


def _weighed(rows: pa.Table, tally: Mapping[str, Any]) -> tuple[pa.Table, Mask, list[Whole]]:
    """Give the rows in an order, which of them count, and the weights of each for every norm."""
    rows, unit = in_order(rows, 0)
    found, known = [], dict[tuple[int, ...], Whole]()
    for norm in tally["norms"]:
        names = tuple(norm["keys"])
        if names not in known:
            known[names] = cells(rows, names, [tally["sizes"][place] for place in names])
        key = known[names]
        x = None if norm["column"] is None else _numbers(rows[norm["column"]].combine_chunks())
        found.append(weights(unit, key, prod(tally["sizes"][place] for place in norm["keys"]), x, norm["cap"]))
    stays = np.ones(len(unit), np.bool_)
    if "q" in rows.column_names:
        stays = pc.fill_null(rows["q"].combine_chunks(), False).to_numpy(zero_copy_only=False)
    return rows, stays, found


def cells(rows: pa.Table, keys: Sequence[int], sizes: Sequence[int]) -> Whole:
    """Give one code for the codes of the named keys of each row."""
    code = np.zeros(len(rows), np.int64)
    for place, size in zip(keys, sizes, strict=True):
        own = rows[f"k{place}"].combine_chunks().cast(pa.int64())
        code = code * size + pc.fill_null(own, size - 1).to_numpy()
    return code


def sums(code: Whole, numbers: Whole, size: int, bits: int) -> Whole:
    """Give the sum of the numbers of each code below `size`. A number has `bits` bits, and a sum at most 63."""
    step = DOUBLE - len(code).bit_length()
    total, at = np.zeros(size, np.int64), 0
    while bits - at >= step:
        low = np.bincount(code, numbers & ((1 << step - 1) - 1), size).astype(np.int64)
        total, numbers, at = total + (low << at), numbers >> (step - 1), at + step - 1
    return total + (np.bincount(code, numbers, size).astype(np.int64) << at)


def _factor(column: pa.Array | None, summed: bool, rows: int) -> Whole | None:
    """What a row's weight is taken times: its number, or whether it is there; None for once."""
    if column is None:
        return None
    return _numbers(column) if summed else _valid(column).astype(np.int64)


def _valid(column: pa.Array) -> Mask:
    found: Mask = column.is_valid().to_numpy(zero_copy_only=False)
    return found


def _numbers(column: pa.Array) -> Whole:
    """A column of whole numbers, NULL as 0."""
    found: Whole = pc.fill_null(column.cast(pa.int64()), 0).to_numpy()
    return found
