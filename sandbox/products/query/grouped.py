"""Groups and windows of released rows, with how far off each may be. Work grows with the rows times their logarithm,
whatever the frame."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

from sandbox.plan import relation as r
from sandbox.plan.evaluate import evaluate
from sandbox.plan.fold import fold, ordered
from sandbox.plan.parts import Aggregate, Over
from sandbox.plan.scalar import Scalar, Value, columns
from sandbox.products.query.off import Off, combined
from sandbox.products.query.sliding import folded, framed, widths_of
from sandbox.products.query.table import Found, Width
from sandbox.products.query.values import rounded
from sandbox.products.query.widths import width_of

Rows = Sequence[Found]
T = TypeVar("T")


def grouped(node: r.Group, rows: Rows) -> list[Found]:
    """Give one row for each different value of the keys in the base; without keys there is always one."""
    groups: dict[tuple[Value, ...], list[Found]] = {} if node.keys else {(): []}
    for row in rows:
        groups.setdefault(tuple(evaluate(key.expr, row.base) for key in node.keys), []).append(row)
    uncertain = _uncertain(rows)
    return [_folded(node, members, uncertain) for members in groups.values()]


def _folded(node: r.Group, members: Rows, uncertain: frozenset[str]) -> Found:
    base: dict[str, Value] = {}
    copy: dict[str, Value] = {}
    width: dict[str, Width] = {}
    for key in node.keys:
        first = members[0]
        base[key.name] = rounded(key.expr.type, evaluate(key.expr, first.base))
        copy[key.name] = rounded(key.expr.type, evaluate(key.expr, first.copy))
        if not columns(key.expr).isdisjoint(uncertain):
            width[key.name] = width_of(key.expr, first.base, first.width, base[key.name])
    for one in node.aggregates:
        values = _values(one, members, lambda row: row.base)
        base[one.name] = rounded(one.type, fold(one.what, values, one.type))
        copy[one.name] = rounded(one.type, fold(one.what, _values(one, members, lambda row: row.copy), one.type))
        if one.expr is not None and not columns(one.expr).isdisjoint(uncertain):
            width[one.name] = _width(one, _widths(one.expr, members, values))
    return Found(base, copy, width)


def _uncertain(rows: Rows) -> frozenset[str]:
    """Columns that noise is in, of any row."""
    return frozenset().union(*(row.width for row in rows))


def _values(one: Aggregate | Over, rows: Rows, of: Callable[[Found], Mapping[str, Value]]) -> list[Value]:
    return [None if one.expr is None else evaluate(one.expr, of(row)) for row in rows]


def _widths(expr: Scalar, rows: Rows, values: Sequence[Value]) -> list[Width]:
    return [width_of(expr, row.base, row.width, value) for row, value in zip(rows, values, strict=True)]


def _width(one: Aggregate, widths: Sequence[Width]) -> Width:
    known = [width for width in widths if width is not None]
    match one.what:
        case "sum" | "average":
            factor = 1.0 if one.what == "sum" else 1 / max(len(known), 1)
            return combined([(factor, width) for width in known])
        case "min" | "max":
            return Off(max(known)) if known else None
        case "first":
            return widths[0]
        case _:
            return None


def windowed(node: r.Window, rows: Rows) -> list[Found]:
    """Give each row with its window columns."""
    found = [(dict(row.base), dict(row.copy), dict(row.width)) for row in rows]
    uncertain = _uncertain(rows)
    for one in node.over:
        parts: dict[tuple[Value, ...], list[int]] = defaultdict(list)
        for at, row in enumerate(rows):
            parts[tuple(evaluate(expr, row.base) for expr in one.partition)].append(at)
        by = [[evaluate(order.expr, row.base) for row in rows] for order in one.order]
        noisy = any(not columns(expr).isdisjoint(uncertain) for expr in one.parts)
        base = _values(one, rows, lambda row: row.base)
        copy = _values(one, rows, lambda row: row.copy)
        widths: Sequence[Width] = [None] * len(rows)
        if noisy and one.expr is not None:
            widths = _widths(one.expr, rows, base)
        for part in parts.values():
            window = Ordered(one, by, part)
            for at, value in window.over(base):
                found[at][0][one.name] = rounded(one.type, value)
            for at, value in window.over(copy):
                found[at][1][one.name] = rounded(one.type, value)
            if noisy:
                for at, width in window.widths(widths):
                    found[at][2][one.name] = width
    return [Found(*row) for row in found]


class Ordered:
    """A partition in a window's order, and what each of its rows sees."""

    def __init__(self, one: Over, by: Sequence[Sequence[Value]], part: Sequence[int]) -> None:
        self._one = one
        self._places = ordered(part, list(zip(one.order, by, strict=True)))
        self._runs = _runs(self._places, by)
        size = len(self._places)
        if one.frame is not None:
            self._seen = framed(one.frame, size)
        elif one.order and one.what not in ("distinct", "first", "last"):
            self._seen = [(0, stop) for start, stop in self._runs for _ in range(start, stop)]
        else:
            self._seen = [(0, size)] * size

    def over(self, values: Sequence[Value]) -> Iterator[tuple[int, Value]]:
        """Give the window column, as each row of the partition has it."""
        one, runs = self._one, self._runs
        own = [values[place] for place in self._places]
        match one.what:
            case "row_number":
                made: Sequence[Value] = range(1, len(own) + 1)
            case "rank":
                made = [start + 1 for start, stop in runs for _ in range(start, stop)]
            case "dense_rank":
                made = [number for number, (start, stop) in enumerate(runs, 1) for _ in range(start, stop)]
            case "first" | "last" | "lag" | "lead":
                made = self._picked(own)
            case what:
                made = folded(what, own, self._seen, one.type)
        return zip(self._places, made, strict=True)

    def widths(self, widths: Sequence[Width]) -> Iterator[tuple[int, Width]]:
        """Give how far off the window column may be."""
        own = [widths[place] for place in self._places]
        match self._one.what:
            case "row_number" | "rank" | "dense_rank":
                made: Sequence[Width] = [None] * len(own)
            case "first" | "last" | "lag" | "lead":
                made = self._picked(own)
            case what:
                made = widths_of(what, own, self._seen)
        return zip(self._places, made, strict=True)

    def _picked(self, values: Sequence[T | None]) -> list[T | None]:
        one = self._one
        if one.what in ("lag", "lead"):
            step = one.step if one.what == "lead" else -one.step
            return [values[at + step] if 0 <= at + step < len(values) else None for at in range(len(values))]
        return [values[low if one.what == "first" else high - 1] if low < high else None for low, high in self._seen]


def _runs(places: Sequence[int], by: Sequence[Sequence[Value]]) -> list[tuple[int, int]]:
    """Rows that the order does not tell apart: from where to where."""
    starts = [
        at for at, place in enumerate(places) if not at or any(column[place] != column[places[at - 1]] for column in by)
    ]
    return list(pairwise([*starts, len(places)]))
