"""Many values to one, and what windows see: the meaning of aggregates and window columns, in plain Python. Used by the
reference engine on rows and by post-processing on released groups."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

from sandbox.plan.ordering import value_key
from sandbox.plan.parts import Fold, Order, Over
from sandbox.plan.scalar import Type, Value


def fold(what: Fold, values: Sequence[Value], kind: Type) -> Value:
    """Give the aggregate of `values`, which stand in the rows' own order. NULL is left out, of all but rows and first;
    without a value left, counts are 0 and the rest NULL."""
    if what == "rows":
        return len(values)
    if what == "first":
        return values[0] if values else None
    known: list[Any] = [value for value in values if value is not None]
    match what:
        case "values":
            return len(known)
        case "distinct":
            return len(set(known))
    if not known:
        return None
    match what:
        case "sum":
            with localcontext(prec=120):
                total: Value = sum(known)
                return total
        case "min":
            return min(known)  # type: ignore[no-any-return]
        case "max":
            return max(known)  # type: ignore[no-any-return]
        case "every":
            return all(known)
        case "some":
            return any(known)
        case "average":
            with localcontext(prec=120):
                return mean(sum(known), len(known), kind)
        case "median":
            return halfway(sorted(known), kind)
        case _:
            exact = [Fraction(one) for one in known]
            return spread(what, len(exact), Fraction(sum(exact)), Fraction(sum(one**2 for one in exact)), kind)


def mean(total: Any, count: int, kind: Type) -> Decimal:
    """Give the average of so many values from their sum."""
    with localcontext(prec=120):
        return (Decimal(total) / count).quantize(Decimal(1).scaleb(-kind.scale), ROUND_HALF_UP) + 0


def halfway(known: Sequence[Any], kind: Type) -> Decimal:
    """Give the median of sorted values."""
    return _rounded(Fraction(known[(len(known) - 1) // 2]) / 2 + Fraction(known[len(known) // 2]) / 2, kind)


def spread(what: Fold, count: int, total: Fraction, squares: Fraction, kind: Type) -> Decimal | None:
    """Give a variance or deviation of so many values from their sum and that of their squares."""
    below = count - (what in ("var_samp", "stddev_samp"))
    if below == 0:
        return None
    variance = (squares - total**2 / count) / below
    if what in ("var_pop", "var_samp"):
        return _rounded(variance, kind)
    with localcontext(prec=120):
        root = (Decimal(variance.numerator) / variance.denominator).sqrt()
        return root.quantize(Decimal(1).scaleb(-kind.scale), ROUND_HALF_UP) + 0


def _rounded(exact: Fraction, kind: Type) -> Decimal:
    """A fraction with the decimals of a type, half away from zero."""
    with localcontext(prec=200):
        found = Decimal(exact.numerator) / exact.denominator
        return found.quantize(Decimal(1).scaleb(-kind.scale), ROUND_HALF_UP) + 0


def ordered(places: Sequence[int], by: Sequence[tuple[Order, Sequence[Value]]]) -> list[int]:
    """Sort `places`, which stand in the order that breaks ties, by columns of values."""
    found = list(places)
    for order, values in reversed(by):
        known = [place for place in found if values[place] is not None]
        known.sort(key=lambda place: value_key(values[place]), reverse=order.descending)  # stable either way
        missing = [place for place in found if values[place] is None]
        found = missing + known if order.nulls_first else known + missing
    return found


def over(
    one: Over, values: Sequence[Value], by: Sequence[Sequence[Value]], partition: Sequence[int]
) -> dict[int, Value]:
    """Give a window column for the rows `partition` (places, in the order that breaks ties): `values` and `by` hold its
    expression and the columns of its order for every row."""
    places = ordered(partition, list(zip(one.order, by, strict=True)))
    peers = _peers(places, by)
    match one.what:
        case "row_number":
            return {place: at for at, place in enumerate(places, 1)}
        case "rank":
            return {place: run[0] + 1 for run in peers for place in places[run[0] : run[1]]}
        case "dense_rank":
            return {place: at for at, run in enumerate(peers, 1) for place in places[run[0] : run[1]]}
        case "lag" | "lead":
            step = one.step if one.what == "lead" else -one.step
            steps = [values[place] for place in places]
            return {place: steps[at + step] if 0 <= at + step < len(steps) else None for at, place in enumerate(places)}
    found: dict[int, Value] = {}
    last: tuple[Sequence[int], Value] = (), None
    for place, others in _seen(one, places, peers).items():
        if others is not last[0]:
            last = others, _of(one, [values[other] for other in others])
        found[place] = last[1]
    return found


def members(one: Over, by: Sequence[Sequence[Value]], partition: Sequence[int]) -> dict[int, Sequence[int]]:
    """Give the rows of a partition that each of its rows looks at: those in its frame, else all of them or, of a fold
    with an order, those up to its peers."""
    places = ordered(partition, list(zip(one.order, by, strict=True)))
    return _seen(one, places, _peers(places, by))


def _seen(one: Over, places: Sequence[int], peers: Sequence[tuple[int, int]]) -> dict[int, Sequence[int]]:
    """The same of rows that stand in the window's order, with runs of `peers`; rows that look at the same have one
    list."""
    if one.frame is not None:
        start, end = one.frame
        size = len(places)
        return {
            place: places[
                0 if start is None else min(max(at + start, 0), size) : size if end is None else max(at + end + 1, 0)
            ]
            for at, place in enumerate(places)
        }
    if not one.order or one.what in ("distinct", "first", "last", "lag", "lead"):
        return dict.fromkeys(places, places)
    found: dict[int, Sequence[int]] = {}
    for run in peers:
        found |= dict.fromkeys(places[run[0] : run[1]], places[: run[1]])
    return found


def _of(one: Over, values: Sequence[Value]) -> Value:
    match one.what:
        case "first":
            return values[0] if values else None
        case "last":
            return values[-1] if values else None
        case "row_number" | "rank" | "dense_rank" | "lag" | "lead":
            raise ValueError("it looks at places, not at values")
        case what:
            return fold(what, values, one.type)


def _peers(places: Sequence[int], by: Sequence[Sequence[Value]]) -> list[tuple[int, int]]:
    """Give the runs [start, stop) of rows that the order does not tell apart."""
    runs: list[tuple[int, int]] = []
    for at, place in enumerate(places):
        if at and all(column[place] == column[places[at - 1]] for column in by):
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    return runs
