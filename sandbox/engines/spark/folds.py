"""Aggregates and window columns of relations as Spark SQL; their meaning is `sandbox.plan.fold`."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.engines.spark.scalars import Scalars
from sandbox.engines.spark.words import integer, quotient, whole
from sandbox.engines.widths import MOST, width
from sandbox.plan.parts import Aggregate, Frame, Order, Over

SIDES = ("PRECEDING", "FOLLOWING")


def folded(scalars: Scalars, one: Aggregate, places: Sequence[str], rows: int) -> str:
    """Give an aggregate over at most `rows` rows (0: nobody knows) that stand in the order of one column."""
    if one.what == "first":
        assert one.expr is not None
        return f"min_by({scalars.render(one.expr)}, {places[0]})"
    return _fold(scalars, one, rows, "")


def over(scalars: Scalars, one: Over, unit: Sequence[str], places: Sequence[str], rows: int) -> str:
    """Give a window column over the rows of a unit."""
    partition = [*unit, *(scalars.render(expr) for expr in one.partition)]
    parts = [f"PARTITION BY {', '.join(partition)}"] if partition else []
    order = [ordered(scalars, by) for by in one.order]
    peers = " ".join([*parts, *([f"ORDER BY {', '.join(order)}"] if order else [])])
    rank = " ".join([*parts, f"ORDER BY {', '.join([*order, *(f'{place} NULLS FIRST' for place in places)])}"])
    value = scalars.render(one.expr) if one.expr else ""
    match one.what:
        case "row_number":
            return f"CAST(row_number() OVER ({rank}) AS BIGINT)"
        case "rank" | "dense_rank":
            return f"CAST({one.what}() OVER ({peers}) AS BIGINT)" if order else "1L"
        case "lag" | "lead":
            return f"{one.what}({value}, {one.step}) OVER ({rank})"
        case "first" | "last":
            return f"{one.what}_value({value}) OVER ({rank} {_frame(one.frame or (None, None))})"
        case "distinct":
            return f"CAST(size(collect_set({value}) OVER ({peers})) AS BIGINT)"
        case _:
            window = peers if one.frame is None else f"{rank} {_frame(one.frame)}"
            return _fold(scalars, one, rows, f" OVER ({window})")


def _frame(frame: Frame) -> str:
    start, end = (_edge(at, side) for at, side in zip(frame, SIDES, strict=True))
    return f"ROWS BETWEEN {start} AND {end}"


def _edge(at: int | None, unbounded: str) -> str:
    if at is None:
        return f"UNBOUNDED {unbounded}"
    return "CURRENT ROW" if at == 0 else f"{abs(at)} {SIDES[at > 0]}"


def ordered(scalars: Scalars, by: Order) -> str:
    """Give an expression of ORDER BY."""
    return (
        f"{scalars.render(by.expr)} {'DESC' if by.descending else 'ASC'} NULLS {'FIRST' if by.nulls_first else 'LAST'}"
    )


def _fold(scalars: Scalars, one: Aggregate | Over, rows: int, window: str) -> str:
    if one.expr is None:
        return f"count(*){window}"
    value = scalars.render(one.expr)
    match one.what:
        case "values":
            return f"count({value}){window}"
        case "distinct":
            return f"count(DISTINCT {value})"
        case "min" | "max":
            return f"{one.what}({value}){window}"
        case "every" | "some":
            return f"bool_{'and' if one.what == 'every' else 'or'}({value}){window}"
        case "sum":
            return summed(value, width(one.expr).most, rows, window)
        case "average":
            return _average(scalars, one, rows, window)
        case _:
            raise ValueError(f"Spark has no exact {one.what}")


def summed(value: str, most: int, rows: int, window: str = "") -> str:
    """Give the sum, in a type that holds it; of an unknown number of rows in the widest."""
    return f"sum(CAST({value} AS {integer(min(most * rows, MOST) if rows else MOST)})){window}"


def _average(scalars: Scalars, one: Aggregate | Over, rows: int, window: str) -> str:
    """Cut off one decimal after those that are kept, and then rounded."""
    assert one.expr is not None
    value, own = scalars.render(one.expr), width(one.expr)
    finer = 10 ** (one.type.scale + 1 - own.scale) if one.type.scale >= own.scale else 1
    coarser = 10 ** max(own.scale - one.type.scale - 1, 0)
    most = min(own.most * rows * finer if rows else MOST, MOST)
    total = f"(CAST({summed(value, own.most, rows, window)} AS {integer(most)}) * {whole(finer, most)})"
    count = f"(CAST(count({value}){window} AS {integer(most)}) * {whole(coarser, most)})"
    return quotient(f"round({quotient(total, count, most)}, -1)", whole(10, most), most)
