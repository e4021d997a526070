"""The model of a synthetic table: a directed network of conditional tables in whole numbers, one for each column.

Which tables there are follows from the plan; what stands in them is settled once, with the base. From then on there
are whole numbers only: the same rows come out on every machine, and nobody who checks needs what fitted them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from sandbox.plan.families import Family, families, size_of

Codes = NDArray[np.int64]
Reals = NDArray[np.float64]
WHOLE = 2**32
"""What the weights of a conditional distribution add up to."""
DENSE = 10**7
"""Cells that are summed over at a time where columns of a leak are missing."""


@dataclass(frozen=True)
class Network:
    """Tables in the order in which columns are drawn: configurations of the parents × codes, rows of whole weights."""

    sizes: tuple[int, ...]
    families: tuple[Family, ...]
    tables: tuple[Codes, ...]


def weights(sizes: Sequence[int], family: Family, marginal: Reals) -> Codes:
    """Give the whole weights of a table from the fitted probabilities of parents and column: each conditional
    distribution in 2⁻³², what is left going to the largest remainders. Configurations that never occur are uniform."""
    rows = np.clip(np.asarray(marginal, np.float64).reshape(-1, sizes[family.column]), 0, None)
    mass = rows.sum(axis=1, keepdims=True)
    share = np.where(mass > 0, rows / np.where(mass > 0, mass, 1), 1 / rows.shape[1]) * WHOLE
    whole = np.floor(share).astype(np.int64)
    left = WHOLE - whole.sum(axis=1)
    order = np.argsort(whole - share, axis=1, kind="stable")  # the largest remainder first
    place = np.argsort(order, axis=1, kind="stable")
    whole += place < left[:, None]
    whole[:, 0] += WHOLE - whole.sum(axis=1)  # where floats rounded up: a few of 2³²
    return np.asarray(whole, np.int64)


def network(sizes: Sequence[int], cliques: Sequence[Sequence[int]], stored: Sequence[int]) -> Network:
    """Read the tables as they stand in a base, one after the other. Raises ValueError for numbers that are none."""
    found, at, tables = families(sizes, cliques), 0, []
    held = np.array(stored, np.int64)
    for family in found:
        count = size_of(sizes, family)
        table = held[at : at + count].reshape(-1, sizes[family.column])
        at += count
        if (table < 0).any() or (table.sum(axis=1) != WHOLE).any():
            raise ValueError("a table of the model does not add up")
        tables.append(table)
    if at != len(held):
        raise ValueError("the base holds another model")
    return Network(tuple(sizes), found, tuple(tables))


def configuration(net: Network, family: Family, codes: Mapping[int, Codes], count: int) -> Codes:
    """Give for each row which configuration of the parents it has."""
    at = np.zeros(count, np.int64)
    for parent in family.parents:
        at = at * net.sizes[parent] + codes[parent]
    return at


def probabilities(net: Network, columns: Sequence[int], codes: Codes) -> Reals:
    """Give how probable the model holds each row of `codes` (rows × `columns`) to be, whatever the other columns are.

    Tables of columns that are neither asked for nor needed add up to 1 and are left out; the others are summed over.
    Raises ValueError where that would take too much."""
    known, needed = set(columns), set(columns)
    for family in reversed(net.families):
        if family.column in needed:
            needed |= set(family.parents)
    hidden = [family.column for family in net.families if family.column in needed - known]
    told = {column: codes[:, place] for place, column in enumerate(columns)}
    factors = [
        (family.columns, table.astype(np.float64).reshape([net.sizes[one] for one in family.columns]) / WHOLE)
        for family, table in zip(net.families, net.tables, strict=True)
        if family.column in needed
    ]
    rows = len(codes)
    found = [_seen(axes, table, told, rows) for axes, table in factors]
    for column in reversed(hidden):  # what is drawn last is summed out first
        mine = [one for one in found if column in one[0]]
        found = [one for one in found if column not in one[0]] + [_summed(mine, column, net.sizes, rows)]
    total = np.ones(rows)
    for _, values in found:
        total = total * values
    return total


Factor = tuple[tuple[int, ...], Reals]


def _seen(axes: tuple[int, ...], table: Reals, told: Mapping[int, Codes], rows: int) -> Factor:
    """A table with the rows' own codes put in: rows × the axes that are hidden."""
    open_axes = tuple(axis for axis in axes if axis not in told)
    if rows * prod(table.shape[axes.index(axis)] for axis in open_axes) > DENSE:
        raise ValueError("too many columns are missing to say how probable the rows are")
    order = [axes.index(axis) for axis in axes if axis in told] + [axes.index(axis) for axis in open_axes]
    turned = table.transpose(order)
    index = tuple(told[axis] for axis in axes if axis in told)
    values = turned[index] if index else np.broadcast_to(turned, (rows, *turned.shape))
    return open_axes, np.asarray(values, np.float64)


def _summed(factors: Sequence[Factor], column: int, sizes: Sequence[int], rows: int) -> Factor:
    """The product of factors, summed over a hidden column."""
    axes = tuple(sorted(set().union(*(set(one) for one, _ in factors))))
    if rows * prod(sizes[axis] for axis in axes) > DENSE:
        raise ValueError("too many columns are missing to say how probable the rows are")
    product = np.ones((rows, *(1 for _ in axes)))
    for mine, values in factors:
        order = sorted(range(len(mine)), key=lambda place: mine[place])
        turned = values.transpose([0, *(place + 1 for place in order)])
        product = product * turned.reshape([rows, *(sizes[axis] if axis in mine else 1 for axis in axes)])
    return tuple(axis for axis in axes if axis != column), product.sum(axis=axes.index(column) + 1)
