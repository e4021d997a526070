"""Buckets of the public profile: where they end, from declarations alone, and the expression that gives a row's."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sandbox.catalogue.entry import ColumnEntry
from sandbox.engines.fixed import from_grains, grains
from sandbox.plan.scalar import INTEGER, Case, Column, Compare, Constant, IsNull, Scalar, Type

BUCKETS = 64
EXACT = 16  # counts up to here have a bucket each
STEPS = 4  # buckets in a doubling, from there on
NO_VALUE = -1  # the bucket of NULL, which is not shown


def count_ends(most: int) -> tuple[int, ...]:
    """Give the upper ends of buckets of counts from 1 to `most`: one each, then `STEPS` to a doubling."""
    ends = list(range(1, min(most, EXACT) + 1))
    while ends[-1] < most:
        ends.append(min(max(int(ends[-1] * 2 ** (1 / STEPS)), ends[-1] + 1), most))
    return tuple(ends)


def value_ends(column: ColumnEntry) -> tuple[int, tuple[int, ...]]:
    """Give where the buckets of a bounded column begin and their upper ends, in grains: each value where there are
    few, even ones where the bounds are of one order, otherwise narrow ones near 0."""
    assert column.lower is not None and column.upper is not None
    low, high = grains(column.lower, column.plan_type.scale), grains(column.upper, column.plan_type.scale)
    if high - low < BUCKETS:
        return low, tuple(range(low, high + 1))
    if low >= 0 and high > 4 * max(low, 1):
        return low, falling_ends(low, high)
    if low < 0 < high:
        below = tuple(-end - 1 for end in reversed(falling_ends(0, -low, BUCKETS // 2)[:-1]))
        return low, (*below, *falling_ends(-1, high, BUCKETS // 2))
    return low, tuple(low + (high - low) * place // BUCKETS for place in range(1, BUCKETS + 1))


def falling_ends(low: int, high: int, most: int = BUCKETS) -> tuple[int, ...]:
    """Give at most `most` upper ends from above `low` to `high`, `STEPS` to a doubling from the top."""
    found, end, place = [high], high, 0
    while len(found) < most and end > max(low, 0):
        place += 1
        end = min(int(high / 2 ** (place / STEPS)), found[-1] - 1)
        if end >= max(low, 0):
            found.append(end)
    return tuple(reversed(found))


def bucket(column: Column, ends: Sequence[int], kind: Type) -> Scalar:
    limits = [from_grains(end, kind.scale) if kind.scale else end for end in ends]
    return case(column, limits, kind)


def case(column: Column, limits: Sequence[int | Decimal], kind: Type, null: int = NO_VALUE) -> Scalar:
    """Give the number of the bucket: the first whose end is not passed."""
    none = (IsNull(column), Constant(null, INTEGER))
    whens = [
        (Compare("<=", column, Constant(limit, kind)), Constant(place, INTEGER)) for place, limit in enumerate(limits)
    ]
    return Case((none, *whens[:-1]), whens[-1][1], INTEGER)
