"""Windows over rows in order, row by row: what each sees is a range that only moves on, so that nothing is looked at
again. The meaning is that of `plan.fold`, which tests hold it to."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from decimal import localcontext
from fractions import Fraction
from itertools import accumulate
from math import sqrt
from typing import Any

from sandbox.plan.fold import fold, halfway, mean, spread
from sandbox.plan.parts import Fold, Frame
from sandbox.plan.scalar import Type, Value
from sandbox.products.query.off import MOST, Off, Source
from sandbox.products.query.table import Width

Ranges = Sequence[tuple[int, int]]  # for each place, the first place that it sees and the one after the last


def framed(frame: Frame, size: int) -> Ranges:
    """Give the ranges of a frame over so many rows."""
    start, end = frame
    found = []
    for at in range(size):
        low = 0 if start is None else min(max(at + start, 0), size)
        high = size if end is None else min(max(at + end + 1, 0), size)
        found.append((low, max(low, high)))
    return found


def folded(what: Fold, values: Sequence[Value], seen: Ranges, kind: Type) -> Sequence[Value]:
    """Give the aggregate of what each row sees of `values`."""
    if len(set(seen)) <= 1:
        return [fold(what, values[low:high], kind) for low, high in seen[:1]] * len(seen)
    match what:
        case "rows":
            return [high - low for low, high in seen]
        case "min" | "max":
            return [values[at] if at is not None else None for at in _extremes(what, values, seen)]
        case "median":
            return _medians(values, seen, kind)
        case "distinct":
            return _distinct(values, seen)
        case "first":
            return [values[low] if low < high else None for low, high in seen]
        case _:
            return _from_sums(what, values, seen, kind)


def _from_sums(what: Fold, values: Sequence[Any], seen: Ranges, kind: Type) -> Sequence[Value]:
    """What follows from how many values there are, their sum and that of their squares, up to each place."""
    squared = what not in ("values", "sum", "average", "every", "some")
    with localcontext(prec=200):  # sums of released numbers have far fewer digits
        numbers = [0 if one is None or what == "values" else one for one in values]
        counts = list(accumulate((one is not None for one in values), initial=0))
        sums = list(accumulate(numbers, initial=0))
        squares = list(accumulate((one * one for one in numbers), initial=0)) if squared else sums
        found: list[Value] = []
        for low, high in seen:
            count, total = counts[high] - counts[low], sums[high] - sums[low]
            if what == "values":
                found.append(count)
            elif not count:
                found.append(None)
            elif what == "sum":
                found.append(total)
            elif what == "average":
                found.append(mean(total, count, kind))
            elif what in ("every", "some"):
                found.append(total == count if what == "every" else total > 0)
            else:
                found.append(spread(what, count, Fraction(total), Fraction(squares[high] - squares[low]), kind))
    return found


def _slid(seen: Ranges, add: Callable[[int], None], drop: Callable[[int], None]) -> Iterator[tuple[int, int]]:
    """Give each range, when exactly its places are added."""
    start = end = 0
    for low, high in seen:
        while end < high:
            add(end)
            end += 1
        while start < low:
            if start < end:
                drop(start)
            start += 1
        end = max(end, start)
        yield low, high


def _extremes(what: Fold, values: Sequence[Any], seen: Ranges) -> Iterator[int | None]:
    """Give the place of the first least – or greatest – value in each range; NULL is none."""
    waiting: deque[int] = deque()

    def add(at: int) -> None:
        if values[at] is None:
            return
        while waiting and (values[waiting[-1]] > values[at] if what == "min" else values[waiting[-1]] < values[at]):
            waiting.pop()
        waiting.append(at)

    def drop(at: int) -> None:
        if waiting and waiting[0] == at:
            waiting.popleft()

    for _ in _slid(seen, add, drop):
        yield waiting[0] if waiting else None


def _medians(values: Sequence[Any], seen: Ranges, kind: Type) -> Sequence[Value]:
    known: list[Any] = []

    def add(at: int) -> None:
        if values[at] is not None:
            insort(known, values[at])

    def drop(at: int) -> None:
        if values[at] is not None:
            del known[bisect_left(known, values[at])]

    return [halfway(known, kind) if known else None for _ in _slid(seen, add, drop)]


def _distinct(values: Sequence[Value], seen: Ranges) -> Sequence[Value]:
    there: Counter[Value] = Counter()

    def add(at: int) -> None:
        if values[at] is not None:
            there[values[at]] += 1

    def drop(at: int) -> None:
        if values[at] is not None:
            there[values[at]] -= 1
            if not there[values[at]]:
                del there[values[at]]

    return [len(there) for _ in _slid(seen, add, drop)]


def widths_of(what: Fold, widths: Sequence[Width], seen: Ranges) -> Sequence[Width]:
    """Give how far off each aggregate may be when each value may be by its own width."""
    match what:
        case "sum" | "average":
            return list(_sums_of(widths, seen, what == "average"))
        case "min" | "max":
            largest = (None if at is None else widths[at] for at in _extremes("max", widths, seen))
            return [None if width is None else Off(width) for width in largest]
        case "first":
            return [widths[low] if low < high else None for low, high in seen]
        case _:
            return [None] * len(seen)


def _sums_of(widths: Sequence[Width], seen: Ranges, averages: bool) -> Iterator[Width]:
    """Errors that several rows share add up, others combine as squares; the unknown is taken for the worst."""
    moves: dict[Source, float] = {}
    times: Counter[Source] = Counter()
    square, unknown, counts = 0.0, 0.0, Counter[bool]()

    def put(at: int, sign: int) -> None:
        nonlocal square, unknown
        width = widths[at]
        if width is None:
            return
        known = width.moves if isinstance(width, Off) else None
        counts[known is None] += sign
        if known is None:
            unknown += sign * width
            return
        for source, move in known.items():
            before = moves.get(source, 0.0)
            moves[source] = before + sign * move
            square += moves[source] ** 2 - before**2
            times[source] += sign
            if not times[source]:
                del times[source], moves[source]

    for _ in _slid(seen, lambda at: put(at, 1), lambda at: put(at, -1)):
        share = 1 / max(counts.total(), 1) if averages else 1.0
        known = {source: move * share for source, move in moves.items()} if len(moves) <= MOST else None
        yield Off((sqrt(max(square, 0.0)) + max(unknown, 0.0)) * share, None if counts[True] else known)
