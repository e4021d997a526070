"""Dates: their parts, the periods around them, and days that lie apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from sandbox.plan import scalar as s
from sandbox.plan.evaluate import evaluate
from sandbox.plan.of_dates import later
from sandbox.sql.choices import case
from sandbox.sql.conditions import compare
from sandbox.sql.listing import MOST_VALUES
from sandbox.sql.numbers import arithmetic
from sandbox.sql.reading import to_date, to_text
from sandbox.sql.terms import Bound, Term, computed, literal, refuse, unbounded

Period = Literal["year", "quarter", "month", "week", "last_day"]
CYCLES = {
    "quarter": (1, 4), "month": (1, 12), "day": (1, 31), "week": (1, 53), "dow": (0, 6), "isodow": (1, 7),
    "doy": (1, 366),
}  # fmt: skip
EVER = {"year": (1, 9999), "isoyear": (1, 9999), "days": (0, 3_652_058), "months": (0, 119_987)}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_FURTHEST = {"day": 4_000_000, "month": 120_000}


def day_of(term: Term, what: str) -> Term:
    """Give a term as a date; refuses what is none."""
    if term.constant and term.type == s.STRING and not term.null:
        term = to_date(term)
    if not term.null and term.type != s.DATE:
        raise refuse(f"{what} takes a date column.")
    return term


def date_part(part: s.Part, day: Term) -> Term:
    """A number of a date. What comes again and again has few values; years, and what follows them, have those between
    the declared days."""
    day = day_of(day, part.upper())
    if day.null:
        return day
    first, last = CYCLES.get(part) or EVER[part]
    if isinstance(day.low, date) and isinstance(day.high, date):
        ends = [evaluate(s.DatePart(part, s.Constant(end, s.DATE)), {}) for end in (day.low, day.high)]
        if part in EVER or _one_cycle(part, day.low, day.high):
            first, last = int(str(ends[0])), int(str(ends[1]))
    known = part in CYCLES or (day.low is not None and last - first < MOST_VALUES)
    every = tuple(range(first, last + 1)) if known else None
    span = Decimal(first), Decimal(last)
    return computed(lambda node: s.DatePart(part, node), day, span=span, otherwise=every)


def _one_cycle(part: str, low: date, high: date) -> bool:
    """Whether a part only rises from `low` to `high`."""
    if part in ("quarter", "month", "doy"):
        return low.year == high.year
    return part == "day" and (low.year, low.month) == (high.year, high.month)


def snap(to: Period, day: Term) -> Term:
    """The first day of the year, quarter, month or week around a day, or the last day of its month."""
    day = day_of(day, "LAST_DAY" if to == "last_day" else "DATE_TRUNC")
    if day.null:
        return day
    ends: tuple[Bound, Bound] = (None, None)
    every = None
    if isinstance(day.low, date) and isinstance(day.high, date):
        low, high = (_snapped(to, end) for end in (day.low, day.high))
        ends, every = (low, high), _periods(to, low, high)
    return computed(lambda node: s.Snap(to, node), day, span=ends, otherwise=every)


def _snapped(to: Period, day: date) -> date:
    found = evaluate(s.Snap(to, s.Constant(day, s.DATE)), {})
    assert isinstance(found, date)
    return found


def _periods(to: Period, low: date, high: date) -> tuple[s.Value, ...] | None:
    found: list[s.Value] = []
    for day in _steps(to, low):
        if day > high:
            break
        found.append(day)
        if len(found) > MOST_VALUES:
            return None
    return tuple(found)


def _steps(to: Period, day: date) -> Iterator[date]:
    months = {"year": 12, "quarter": 3}.get(to, 1)
    following: date | None = day
    while following is not None:
        yield following
        if to == "week":
            following = following + timedelta(days=7) if following < date(9999, 12, 25) else None
        else:
            following = _add(following.replace(day=1), months, "month")
            if to == "last_day" and following is not None:
                following = _snapped(to, following)


def _add(day: date, amount: int, unit: Literal["day", "month"]) -> date | None:
    node = s.DateAdd(s.Constant(day, s.DATE), s.Constant(amount, s.INTEGER), unit)
    return later(node, day, amount)


def add(day: Term, amount: Term, unit: Literal["day", "month"]) -> Term:
    """A day so many days or months later; NULL beyond the years 1 to 9999."""
    day = day_of(day, "Adding days")
    if day.null or amount.null:
        return literal(None)
    if amount.type != s.INTEGER:
        raise refuse("A whole number of days, weeks, months or years is added to a date; write ROUND(…) around it.")
    if amount.range is None:
        raise unbounded(amount, "Adding to a date")
    if max(map(abs, amount.range)) > _FURTHEST[unit]:
        raise refuse("So much leads beyond the years 1 to 9999; add fewer days or months.")
    ends = [
        _add(end, int(by), unit) if isinstance(end, date) else None
        for end, by in zip((day.low, day.high), amount.range, strict=True)
    ]
    inside = None not in ends
    known = isinstance(day.low, date) and isinstance(day.high, date)
    span = (ends[0] or date.min, ends[1] or date.max) if known else (None, None)
    return computed(
        lambda node, number: s.DateAdd(node, number, unit),
        day,
        amount,
        span=span,
        nullable=day.nullable or amount.nullable or not inside,
    )


def difference(unit: str, start: Term, end: Term) -> Term:
    """How many starts of days, weeks (Mondays), months, quarters or years lie between two days, up to the later one;
    negative when `end` is earlier."""
    start, end = day_of(start, "DATE_DIFF"), day_of(end, "DATE_DIFF")
    if start.null or end.null:
        return literal(None)
    return arithmetic("-", _count(unit, end), _count(unit, start))


def _count(unit: str, day: Term) -> Term:
    match unit:
        case "day":
            return date_part("days", day)
        case "week":
            return arithmetic("//", date_part("days", day), literal(7))
        case "month":
            return date_part("months", day)
        case "quarter":
            return arithmetic("//", date_part("months", day), literal(3))
        case "year":
            return date_part("year", day)
        case _:
            raise refuse("DATE_DIFF takes 'day', 'week', 'month', 'quarter' or 'year'.")


def make(year: Term, month: Term, day: Term) -> Term:
    """The date of three whole numbers; NULL when there is none such."""
    parts = (year, month, day)
    if any(part.null for part in parts):
        return literal(None)
    if any(part.type != s.INTEGER for part in parts):
        raise refuse("MAKE_DATE takes three whole numbers: a year, a month and a day.")
    return computed(s.MakeDate, *parts, nullable=True)


def named(part: Literal["month", "dow"], day: Term) -> Term:
    """The English name of a date's month or day of the week."""
    number = date_part(part, day)
    if number.constant:
        value = number.node.value if isinstance(number.node, s.Constant) else None
        return literal(_name(part, value) if isinstance(value, int) else None)
    first, last = CYCLES[part]
    whens = [(compare("=", number, literal(one)), literal(_name(part, one))) for one in range(first, last + 1)]
    names = tuple(sorted(_name(part, one) for one in range(first, last + 1)))
    return replace(case(whens, literal(None)), nullable=number.nullable, domain=names)


def _name(part: str, number: int) -> str:
    return MONTHS[number - 1] if part == "month" else DAYS[number]


def spelled(day: Term, pattern: str) -> Term:
    """A date as text: %Y, %m and %d stand for the year in four digits, month and day in two."""
    day = day_of(day, "STRFTIME")
    if day.null:
        return day
    slices = {"%Y": (1, 4), "%m": (6, 2), "%d": (9, 2)}
    parts: list[str] = []
    rest = pattern
    while rest:
        size = 2 if rest.startswith("%") else (rest.find("%") if "%" in rest else len(rest))
        parts.append(rest[:size])
        rest = rest[size:]
    if not parts or any(part.startswith("%") and part not in slices for part in parts):
        raise refuse("A date is spelled with %Y, %m, %d and the letters between them; write for example '%Y-%m'.")

    def made(node: s.Scalar) -> s.Scalar:
        whole = s.ToText(node)
        nodes = [
            s.Text("slice", whole, *slices[part]) if part in slices else s.Constant(part, s.STRING) for part in parts
        ]
        return s.Concat(tuple(nodes)) if len(nodes) > 1 else nodes[0]

    if pattern == "%Y-%m-%d":
        return to_text(day)
    return computed(made, day)
