"""Columns of exact cells as arrays: whole numbers, where they lie among others, and sums that never overflow.

Numbers are int64 where nothing can overflow, else Python's in an array of objects: exact either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.engines.base import Coded, Columns, Numbers
from sandbox.plan.ordering import value_key
from sandbox.plan.scalar import Value

Whole = NDArray[Any]
Places = NDArray[np.int64]

SAFE = 1 << 62


def whole(column: Sequence[Any]) -> Whole:
    """Give a column of whole numbers as an array. Raises ValueError for anything else."""
    if isinstance(column, Numbers):
        return column.array
    try:
        exact = list(map(index, column))
    except TypeError:
        raise ValueError("an engine gave bins for a number") from None
    try:
        return np.fromiter(exact, np.int64, len(exact))
    except OverflowError:
        return np.array(exact, object)


def column_of(numbers: Whole) -> Sequence[int]:
    """Give an array of whole numbers as a column."""
    return numbers.tolist() if numbers.dtype == object else Numbers(numbers)


def nearest(numbers: Whole, up: int, down: int) -> Whole:
    """Give numbers·up / down, one by one, rounded half to even; `up` and `down` are positive."""
    if down >= SAFE or not _safe(numbers, up):
        numbers = numbers.astype(object)
    product = numbers * up
    whole = product // down
    twice = 2 * (product - whole * down)
    found: Whole = whole + ((twice > down) | ((twice == down) & (whole % 2 == 1)))
    return found


def added(exact: Whole, noise: Whole) -> Whole:
    """Give the sums, one by one."""
    if not (_safe(exact) and _safe(noise)):
        exact = exact.astype(object)
    total: Whole = exact + noise
    return total


def _safe(numbers: Whole, times: int = 1) -> bool:
    """Say whether all of them, times a positive number, are safe."""
    if numbers.dtype == object:
        return False
    return bool(int(numbers.min(initial=0)) * times > -SAFE and int(numbers.max(initial=0)) * times < SAFE)


def picked(column: Sequence[Any], places: Places) -> Sequence[Any]:
    """Give the cells of a column at `places`, in their order."""
    if isinstance(column, Numbers):
        return Numbers(column.array[places])
    if isinstance(column, Coded):
        return Coded(column.codes[places], column.values)
    return list(map(column.__getitem__, places.tolist()))


def numbered(column: Sequence[Value], domain: Sequence[Value]) -> Places:
    """Give the place in `domain` of each value of a column, −1 for one that is not in it."""
    known = {value: place for place, value in enumerate(domain)}
    if isinstance(column, Coded):
        of_code = np.array([known.get(value, -1) for value in column.values], np.int64)
        return of_code[column.codes]
    return np.fromiter((known.get(value, -1) for value in column), np.int64, len(column))


def laid_out(keys: Columns, domains: Sequence[Sequence[Value]]) -> tuple[Places, Places]:
    """Give which of the groups lie in the product of the domains, and for each its place there. Raises ValueError when
    two are one."""
    cells, inside = np.zeros(len(keys), np.int64), np.ones(len(keys), np.bool_)
    for column, domain in zip(keys.columns, domains, strict=True):
        place = numbered(column, domain)
        inside &= place >= 0
        cells = cells * len(domain) + place
    cells = cells[inside]
    if (np.bincount(cells, minlength=1) > 1).any():
        raise ValueError("an engine gave one group twice")
    return np.flatnonzero(inside), cells


def spread(column: Sequence[Any], groups: Places, cells: Places, size: int, nothing: Any) -> Sequence[Any]:
    """Give `size` cells with those of a column at their places, `nothing` in all others."""
    found = picked(column, groups)
    if nothing == 0:
        numbers = whole(found)
        laid = np.zeros(size, numbers.dtype)
        laid[cells] = numbers
        return Numbers(laid) if laid.dtype != object else laid.tolist()
    spelled = [nothing] * size
    for cell, one in zip(cells.tolist(), found, strict=True):
        spelled[cell] = one
    return spelled


def in_order(columns: Sequence[Sequence[Value]]) -> Places:
    """Give the order of groups by their key values. Raises ValueError when two groups are one."""
    ranks = [ranked(column) for column in columns]
    order = np.lexsort(ranks[::-1])
    if len(order) > 1 and np.logical_and.reduce([np.diff(rank[order]) == 0 for rank in ranks]).any():
        raise ValueError("an engine gave one group twice")
    return order


def ranked(column: Sequence[Value]) -> Places:
    """Give for each value of a column its rank among them, NULL last; equal ones have one rank."""
    if isinstance(column, Coded):
        used = np.flatnonzero(np.bincount(column.codes, minlength=1))
        of_code = np.zeros(len(column.values), np.int64)
        of_code[used] = ranked([column.values[code] for code in used.tolist()])
        return of_code[column.codes]
    rank = {value: place for place, value in enumerate(sorted(set(column), key=value_key))}
    return np.fromiter(map(rank.__getitem__, column), np.int64, len(column))
