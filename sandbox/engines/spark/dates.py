"""Expressions of dates as Spark SQL; their meaning is `sandbox.plan.of_dates`."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.engines.spark.words import case, once
from sandbox.plan import scalar as s

FIRST, DAYS, MONTHS = "DATE'0001-01-01'", 3_652_058, 9999 * 12 - 1  # the last ones since the first
PARTS = {
    "year": "year({})",
    "quarter": "quarter({})",
    "month": "month({})",
    "day": "day({})",
    "week": "weekofyear({})",
    "isoyear": "extract(YEAROFWEEK FROM {})",
    "dow": "(dayofweek({}) - 1)",
    "isodow": "(weekday({}) + 1)",
    "doy": "dayofyear({})",
    "days": "datediff({}, " + FIRST + ")",
    "months": "(year({0}) * 12 + month({0}) - 13)",
}


def part(node: s.DatePart, day: str) -> str:
    """Give the number that `node` asks of a day."""
    return once(day, "__day", PARTS[node.part].format)


def made(node: s.Snap | s.DateAdd | s.MakeDate, parts: Sequence[str]) -> str:
    """Give the date that is made of `parts`."""
    match node:
        case s.Snap(to="last_day"):
            return f"last_day({parts[0]})"
        case s.Snap():
            return f"trunc({parts[0]}, '{node.to.upper()}')"
        case s.DateAdd():
            day, amount = parts
            add = "date_add" if node.unit == "day" else "add_months"
            return once(day, "__day", lambda d: once(amount, "__amount", lambda a: _later(add, d, a)))
        case s.MakeDate():
            year, month, day = parts
            return once(
                year,
                "__year",
                lambda y: once(month, "__month", lambda m: once(day, "__day", lambda d: _of_parts(y, m, d))),
            )


def _later(add: str, day: str, amount: str) -> str:
    """Counted from the first day, or month, so that whatever is out of range is found before Spark meets it."""
    since, most = (f"datediff({day}, {FIRST})", DAYS)
    if add == "add_months":
        since, most = f"(year({day}) * 12 + month({day}) - 13)", MONTHS
    later = f"{add}({day}, CAST({amount} AS INT))"
    return case([(f"{amount} BETWEEN -{since} AND {most} - {since}", later)], "CAST(NULL AS DATE)")


def _of_parts(year: str, month: str, day: str) -> str:
    spelled = ", ".join(f"lpad(CAST({one} AS STRING), {size}, '0')" for one, size in ((year, 4), (month, 2), (day, 2)))
    known = f"{year} BETWEEN 1 AND 9999 AND {month} BETWEEN 1 AND 12 AND {day} BETWEEN 1 AND 31"
    return case([(known, f"try_cast(concat_ws('-', {spelled}) AS DATE)")], "CAST(NULL AS DATE)")
