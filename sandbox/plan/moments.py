"""Statistics of public rows, exactly: from sums of the values and of their products, which engines have as whole
numbers, to the one rounding at the end, half away from zero. Whoever computes them asks here for the last step, so that
every engine gives the same digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isqrt
from typing import Any

from sandbox.plan.ordering import value_key
from sandbox.plan.parts import OF_PUBLIC, OF_RELEASED, Aggregate, Paired, Ranked
from sandbox.plan.relation import Group, Relation
from sandbox.plan.scalar import Value
from sandbox.plan.walk import walk

BETWEEN = ("median", "quantile_cont")
"""What may lie between two values."""


@dataclass(frozen=True)
class Sums:
    """Of `count` rows: the sums of a and of b, and of their products. A statistic of one column has no b."""

    count: int
    a: Fraction
    aa: Fraction
    b: Fraction = Fraction(0)
    bb: Fraction = Fraction(0)
    ab: Fraction = Fraction(0)


def statistic(what: str, sums: Sums, scale: int) -> Decimal | None:
    """Give the statistic with `scale` decimals; NULL where there is none: no rows, one row for a sample, or values all
    alike that are divided by. As in standard SQL, REGR_R2 is 1 where only the values that depend are all alike."""
    below = sums.count - what.endswith("_samp")
    if below <= 0:
        return None
    aa = sums.aa - sums.a**2 / sums.count
    match what:
        case "regr_sxx":
            return nearest(aa, scale)
        case "var_pop" | "var_samp":
            return nearest(aa / below, scale)
        case "stddev_pop" | "stddev_samp":
            return _root(aa / below, scale)
    bb = sums.bb - sums.b**2 / sums.count
    ab = sums.ab - sums.a * sums.b / sums.count
    match what:
        case "covar_pop" | "covar_samp":
            return nearest(ab / below, scale)
        case "regr_sxy":
            return nearest(ab, scale)
        case _ if bb == 0:
            return None
        case "regr_slope":
            return nearest(ab / bb, scale)
        case "regr_intercept":
            return nearest((sums.a - ab / bb * sums.b) / sums.count, scale)
        case "regr_r2":
            return nearest(ab**2 / (aa * bb) if aa else Fraction(1), scale)
        case _ if aa == 0:
            return None
        case _:
            found = _root(ab**2 / (aa * bb), scale)
            return found if ab >= 0 else -found + 0


def has_moments(rows: Relation) -> bool:
    """Say whether a relation has such statistics of groups of public rows, which Spark has not."""
    groups = [node for node in walk(rows) if isinstance(node, Group) and node.state == "public"]
    return any(one.what in (*OF_RELEASED, *OF_PUBLIC) for node in groups for one in node.aggregates)


def rank_of(one: Aggregate) -> tuple[int, int] | None:
    """Give the rank that an aggregate asks for, None for one that is of sums."""
    return one.rank if isinstance(one, Ranked) else (1, 2) if one.what == "median" else None


def place(count: int, rank: tuple[int, int], *, between: bool) -> tuple[int, Fraction]:
    """Give where among `count` values in order, from 0, the one of a rank a/b is and, `between` two of them, how far it
    is towards the next."""
    above, below = rank
    if not between:
        return max(-(-count * above // below), 1) - 1, Fraction(0)
    at = Fraction((count - 1) * above, below)
    return int(at), at - int(at)


def between(low: Fraction, high: Fraction, share: Fraction, scale: int) -> Decimal:
    """Give what lies at a share of the way from `low` to `high`."""
    return nearest(low + (high - low) * share, scale)


def of_rows(one: Aggregate, rows: Sequence[tuple[Value, ...]]) -> Value:
    """Give an aggregate of public rows, of which each gives the values of its `parts`. Rows with a NULL are left
    out."""
    known: list[tuple[Any, ...]] = [row for row in rows if None not in row]
    rank = rank_of(one)
    if rank is not None:
        values = sorted((row[0] for row in known), key=value_key, reverse=one.what == "quantile_desc")
        if not values:
            return None
        at, share = place(len(values), rank, between=one.what in BETWEEN)
        if one.what not in BETWEEN:
            found: Value = values[at]
            return found
        low, high = (Fraction(value) for value in (values[at], values[min(at + 1, len(values) - 1)]))
        return between(low, high, share, one.type.scale)
    a, b = ([Fraction(row[side]) for row in known] for side in (0, -1))
    sums = Sums(len(known), sum(a, Fraction(0)), _product(a, a))
    if isinstance(one, Paired):
        sums = Sums(sums.count, sums.a, sums.aa, sum(b, Fraction(0)), _product(b, b), _product(a, b))
    return statistic(one.what, sums, one.type.scale)


def nearest(exact: Fraction, scale: int) -> Decimal:
    """Give a fraction with so many decimals, half away from zero."""
    steps = (2 * abs(exact.numerator) * 10**scale + exact.denominator) // (2 * exact.denominator)
    return Decimal(f"{-steps if exact < 0 else steps}E-{scale}")


def _root(square: Fraction, scale: int) -> Decimal:
    """The root, rounded once: whether it is above a half is asked of the whole part of twice the root."""
    doubled = isqrt(4 * square.numerator * 10 ** (2 * scale) // square.denominator)
    return Decimal(f"{(doubled + 1) // 2}E-{scale}")


def _product(left: Sequence[Fraction], right: Sequence[Fraction]) -> Fraction:
    return sum((one * other for one, other in zip(left, right, strict=True)), Fraction(0))
