"""Dates as SQL trees. DuckDB's go far beyond the years 1 to 9999; what does becomes NULL."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlglot import exp

from sandbox.engines.duckdb.terms import call, cast, constant, digits
from sandbox.engines.widths import width
from sandbox.plan import scalar as s

if TYPE_CHECKING:
    from sandbox.engines.duckdb.scalars import Scalars

SPELLED = r"^ *((?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}) *$"  # no year 0


def render(scalars: Scalars, node: s.Scalar) -> exp.Expression:
    """Give a date that is made."""
    match node:
        case s.Snap(to="last_day"):
            return cast(call("last_day", scalars.render(node.arg)), "DATE")
        case s.Snap():
            return cast(call("date_trunc", exp.Literal.string(node.to), scalars.render(node.arg)), "DATE")
        case s.DateAdd():
            amount: exp.Expression = cast(scalars.number(node.amount, width(node.amount)), "INTEGER")
            if node.unit == "month":
                amount = call("to_months", amount)
            later = exp.Add(this=scalars.render(node.arg), expression=amount)
            return _inside(cast(exp.Paren(this=later), "DATE"))
        case s.MakeDate():
            parts = [scalars.number(part, width(part)) for part in (node.year, node.month, node.day)]
            return _inside(_made([exp.TryCast(this=part, to=_BIGINT) for part in parts]))
        case s.ToDate():
            spelled = call("regexp_extract", scalars.render(node.arg), scalars.text(SPELLED), digits(1))
            return exp.TryCast(this=spelled, to=_DATE)
        case _:
            raise ValueError(f"no SQL for {type(node).__name__}")


def _made(parts: list[exp.Expression]) -> exp.Expression:
    """Give the day of year, month and day, or NULL. DuckDB takes no subquery – a condition on codes may be one – within
    TRY, but as what a list is made of."""
    if not any(part.find(exp.Query) for part in parts):
        return call("try", call("make_date", *parts))
    part = exp.to_identifier("part")
    day = call("make_date", *(call("list_extract", exp.column(part), digits(at)) for at in (1, 2, 3)))
    one = exp.Lambda(this=call("try", day), expressions=[part])
    packed = exp.Array(expressions=[exp.Array(expressions=parts)])
    return call("list_extract", call("list_transform", packed, one), digits(1))


_BIGINT, _UBIGINT, _DATE = (exp.DataType.build(kind, "duckdb") for kind in ("BIGINT", "UBIGINT", "DATE"))
DAYS = (date.max - date.min).days


def _inside(day: exp.Expression) -> exp.Expression:
    """Count the days from the first one up, and then down from the last, in numbers that cannot go below 0. (CASE would
    write the day twice.)"""
    first, last = (cast(exp.Literal.string(one), "DATE") for one in ("0001-01-01", "9999-12-31"))
    up = call("date_diff", exp.Literal.string("day"), first, day)
    down = exp.Sub(this=constant(DAYS, DAYS), expression=cast(exp.TryCast(this=up, to=_UBIGINT), "BIGINT"))
    left = cast(exp.TryCast(this=exp.Paren(this=down), to=_UBIGINT), "INTEGER")
    return exp.Paren(this=exp.Sub(this=last, expression=left))
