"""Windows and joins of released rows are quick, and mean what the plain definition says."""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.engines.base import EngineFailed
from sandbox.plan import relation as r
from sandbox.plan.fold import over
from sandbox.plan.parts import OF_PUBLIC, Aggregate, Fold, Frame, Named, Order, Over, Place
from sandbox.plan.scalar import INTEGER, Arithmetic, Column, Compare, Type
from sandbox.products.query import partners
from sandbox.products.query.grouped import Ordered, grouped, windowed
from sandbox.products.query.off import Off
from sandbox.products.query.partners import half_joined, joined
from sandbox.products.query.table import Found

T = TypeVar("T")
X, Y, KEY = Column("x", INTEGER), Column("y", INTEGER), Column("key", INTEGER)
AMOUNT = Type("decimal", 6)
FRAMED = ("rows", "values", "sum", "min", "max", "average", "median", "var_pop", "stddev_samp", "first", "last")
FRAMES: list[Frame | None] = [None, (None, 0), (-2, 2), (None, None), (0, None), (1, 3), (-3, -1)]
BARE = ("rows", "row_number", "rank", "dense_rank")


def window(what: str, frame: Frame | None) -> Over:
    kind = INTEGER if what in ("rows", "values", "distinct", "row_number", "rank", "dense_rank") else AMOUNT
    order = () if what == "distinct" else (Order(Y, False, False),)
    return Over("w", what, None if what in BARE else X, (), order, kind, frame=frame)  # type: ignore[arg-type]


@pytest.mark.parametrize("what", sorted({*get_args(Fold), *get_args(Place)} - {"every", "some", *OF_PUBLIC}))
@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.none() | st.integers(-5, 5), st.integers(0, 4)), max_size=9), st.sampled_from(FRAMES))
def test_windows_are_those_of_the_definition(
    what: str, rows: list[tuple[int | None, int]], frame: Frame | None
) -> None:
    one = window(what, frame if what in FRAMED else None)
    values, by = [x for x, _ in rows], [[y for _, y in rows]][: len(one.order)]
    places = list(range(len(rows)))
    assert dict(Ordered(one, by, places).over(values)) == over(one, values, by, places)


def rows_of(size: int) -> list[Found]:
    rows = []
    for at in range(size):
        cells = {"key": at, "x": at * 7919 % size, "y": at % 97}
        rows.append(Found(cells, cells, {"x": Off(2.0, {(0, at, 0): 2.0})}))
    return rows


ALL = r.Released(0, (KEY, X, Y))
OTHER = r.Released(1, tuple(Column(f"{name}@1", INTEGER) for name in ("key", "x", "y")))
MANY = 20_000


def turned(rows: list[Found]) -> list[Found]:
    def side(part: Mapping[str, T]) -> dict[str, T]:
        return {f"{name}@1": one for name, one in part.items()}

    return [Found(side(row.base), side(row.copy), side(row.width)) for row in rows]


@pytest.mark.parametrize(
    "one",
    [window(what, frame) for what in ("sum", "max", "median", "stddev_samp") for frame in ((None, 0), (-5_000, 5_000))]
    + [window("sum", None), window("lag", None), Over("w", "sum", X, (KEY,), (), AMOUNT)],
    ids=lambda one: f"{one.what} {one.frame} {len(one.partition)}",
)
def test_windows_over_many_groups_are_quick(one: Over) -> None:
    started = time.process_time()
    found = windowed(r.Window(ALL, (one,)), rows_of(MANY // 2))
    assert time.process_time() - started < 60  # a second; row by row it would be minutes
    assert len(found) == MANY // 2


def test_joins_of_many_groups_are_quick() -> None:
    rows, started = rows_of(MANY), time.process_time()
    equal = ((X, Column("key@1", INTEGER)),)
    more = Compare("<", Y, Column("y@1", INTEGER))
    assert len(joined(r.Join("inner", ALL, OTHER, equal), rows, turned(rows))) == MANY
    assert len(joined(r.Join("full", ALL, OTHER, equal, more), rows, turned(rows))) > MANY
    there = half_joined(r.Semi(ALL, OTHER, equal, more), rows, turned(rows))
    missing = half_joined(r.Semi(ALL, OTHER, equal, more, anti=True), rows, turned(rows))
    assert len(there) + len(missing) == MANY and there and missing
    assert time.process_time() - started < 200


def test_too_many_pairs_end_in_the_uniform_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partners, "MOST_PAIRS", 10_000)
    rows = rows_of(300)
    more = Compare("<", Y, Column("y@1", INTEGER))
    with pytest.raises(EngineFailed):
        joined(r.Join("inner", ALL, OTHER, (), more), rows, turned(rows))


def test_groups_of_many_groups_are_quick() -> None:
    started = time.process_time()
    asked = tuple(Aggregate(what, what, X, AMOUNT) for what in ("sum", "average", "median", "var_samp", "max"))
    twice = Arithmetic("+", X, X, INTEGER)
    total = Aggregate("total", "sum", twice, AMOUNT)
    whole = grouped(r.Group(ALL, (Named("y", Y),), (*asked, total)), rows_of(MANY))
    assert len(whole) == 97 and time.process_time() - started < 100
    [everything] = grouped(r.Group(ALL, (), (total,)), rows_of(MANY))
    assert everything.base["total"] == Decimal(sum(2 * (at * 7919 % MANY) for at in range(MANY)))
    assert everything.width["total"] == pytest.approx(4 * MANY**0.5)
