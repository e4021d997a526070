"""Calls of functions of dates, as dialects write them."""

from __future__ import annotations

from typing import Literal, get_args

from sqlglot import exp

from sandbox.plan import scalar as s
from sandbox.sql import dates
from sandbox.sql.numbers import arithmetic
from sandbox.sql.terms import Calls, Reader, Term, literal, quote, refuse

_PARTS: dict[type[exp.Expr], s.Part] = {
    exp.Year: "year", exp.Quarter: "quarter", exp.Month: "month", exp.Day: "day", exp.DayOfMonth: "day",
    exp.Week: "week", exp.WeekOfYear: "week", exp.DayOfWeek: "dow", exp.DayOfWeekIso: "isodow", exp.DayOfYear: "doy",
}  # fmt: skip
_ALSO = {
    "weekofyear": "week", "dayofweek": "dow", "weekday": "dow", "dayofyear": "doy", "dayofmonth": "day",
    "years": "year", "months": "month", "days": "day", "weeks": "week", "quarters": "quarter",
}  # fmt: skip
_ASKED = tuple(part for part in get_args(s.Part) if part not in ("days", "months"))
_UNITS: dict[str, tuple[int, Literal["day", "month"]]] = {
    "day": (1, "day"), "week": (7, "day"), "month": (1, "month"), "quarter": (3, "month"), "year": (12, "month"),
}  # fmt: skip


def unit_of(node: exp.Expr | None) -> str:
    """Give the name of a unit or part of a date, in small letters and the singular."""
    name = str(node.this if node is not None else "").lower()
    return _ALSO.get(name, name)


def moved(reader: Reader, day: exp.Expr, by: exp.Interval, sign: int = 1) -> Term:
    """A day, and INTERVAL n unit later (or earlier)."""
    unit = unit_of(by.args.get("unit"))
    if unit not in _UNITS:
        raise refuse(f"{quote(by)}: intervals are of DAY, WEEK, MONTH, QUARTER or YEAR; write INTERVAL 3 DAY.")
    times, base = _UNITS[unit]
    amount = arithmetic("*", _amount(reader, by.this), literal(sign * times), reader.digits)
    return dates.add(reader.term(day), amount, base)


def _amount(reader: Reader, node: exp.Expr) -> Term:
    if isinstance(node, exp.Literal) and node.is_string:
        text = str(node.this).strip()
        if not text.lstrip("+-").isdecimal() or not text.isascii() or len(text) > 9:
            raise refuse("An interval is a whole number of one unit; write INTERVAL 3 DAY.")
        return literal(int(text))
    return reader.term(node)


def sum_of(reader: Reader, node: exp.Expr) -> Term:
    """+ and -: of numbers, or with a date on one side."""
    sign = 1 if isinstance(node, exp.Add) else -1
    left, right = node.this, node.expression
    if isinstance(right, exp.Interval):
        return moved(reader, left, right, sign)
    if isinstance(left, exp.Interval) and sign == 1:
        return moved(reader, right, left)
    one, other = reader.term(left), reader.term(right)
    if s.DATE not in (one.type, other.type):
        return arithmetic("+" if sign == 1 else "-", one, other, reader.digits)
    if one.type == s.DATE and (other.type == s.DATE or other.type == s.STRING) and sign == -1:
        return dates.difference("day", other, one)
    if one.type == s.STRING and other.type == s.DATE and sign == -1:
        return dates.difference("day", other, one)
    day, amount = (one, other) if one.type == s.DATE else (other, one)
    if amount.type == s.DATE or (sign == -1 and day is other):
        raise refuse(f"{quote(node)}: dates are subtracted from each other, or moved by days; write d - 3 or a - b.")
    return dates.add(day, amount if sign == 1 else arithmetic("-", literal(0), amount, reader.digits), "day")


def _part(reader: Reader, node: exp.Expr) -> Term:
    return dates.date_part(_PARTS[type(node)], reader.term(node.this))


def _extract(reader: Reader, node: exp.Expr) -> Term:
    name = unit_of(node.this)
    for part in _ASKED:
        if part == name:
            return dates.date_part(part, reader.term(node.expression))
    raise refuse("EXTRACT takes YEAR, QUARTER, MONTH, WEEK, DAY, DOW, ISODOW, DOY or ISOYEAR.")


def _trunc(reader: Reader, node: exp.Expr) -> Term:
    unit = unit_of(node.args.get("unit"))
    if unit == "day":
        return dates.day_of(reader.term(node.this), "DATE_TRUNC")
    for period in get_args(dates.Period):
        if period == unit:
            return dates.snap(period, reader.term(node.this))
    raise refuse("DATE_TRUNC takes 'year', 'quarter', 'month', 'week' or 'day', and a date.")


def _add(reader: Reader, node: exp.Expr) -> Term:
    sign = -1 if isinstance(node, exp.DateSub) else 1
    by = node.expression
    if isinstance(by, exp.Interval):
        return moved(reader, node.this, by, sign)
    unit = node.args.get("unit")
    return moved(reader, node.this, exp.Interval(this=by, unit=unit or exp.Var(this="DAY")), sign)


def _difference(reader: Reader, node: exp.Expr) -> Term:
    unit = unit_of(node.args.get("unit")) or "day"
    return dates.difference(unit, reader.term(node.expression), reader.term(node.this))


def _spelled(reader: Reader, node: exp.Expr) -> Term:
    written = node.args.get("format")
    if not (isinstance(written, exp.Literal) and written.is_string):
        raise refuse("STRFTIME takes a date and a text in quotes; write for example STRFTIME(d, '%Y-%m').")
    pattern = str(written.this)
    if isinstance(node, exp.ToChar):
        for word, short in (("YYYY", "%Y"), ("MM", "%m"), ("DD", "%d")):
            pattern = pattern.replace(word, short)
    return dates.spelled(reader.term(node.this), pattern)


CALLS: Calls = {
    **dict.fromkeys(_PARTS, _part),
    exp.Extract: _extract,
    exp.TimestampTrunc: _trunc,
    exp.DateTrunc: _trunc,
    exp.DateAdd: _add,
    exp.DateSub: _add,
    exp.DateDiff: _difference,
    exp.DateFromParts: lambda reader, node: dates.make(
        *(reader.term(node.args[part]) for part in ("year", "month", "day"))
    ),
    exp.LastDay: lambda reader, node: dates.snap("last_day", reader.term(node.this)),
    exp.Monthname: lambda reader, node: dates.named("month", reader.term(node.this)),
    exp.Dayname: lambda reader, node: dates.named("dow", reader.term(node.this)),
    exp.TimeToStr: _spelled,
    exp.ToChar: _spelled,
}
