"""Calendar periods with a name each: days, weeks, months, quarters, years. All in UTC."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

LENGTHS = {"P1D": 366, "P1W": 53, "P1M": 12, "P3M": 4, "P1Y": 1}
"""Lengths, in ISO 8601, and how many periods of each begin in a calendar year at most."""
_NAMES = {
    "P1D": re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII),
    "P1W": re.compile(r"(\d{4})-W(\d\d)", re.ASCII),
    "P1M": re.compile(r"(\d{4})-(\d\d)", re.ASCII),
    "P3M": re.compile(r"(\d{4})-Q([1-4])", re.ASCII),
    "P1Y": re.compile(r"(\d{4})", re.ASCII),
}
EXAMPLES = {"P1D": "2026-01-31", "P1W": "2026-W05", "P1M": "2026-01", "P3M": "2026-Q1", "P1Y": "2026"}


@dataclass(frozen=True)
class Period:
    """From its `first` day to before `end`."""

    length: str
    first: date
    end: date

    @property
    def name(self) -> str:
        """As in `EXAMPLES`; names of one length sort in the order of time."""
        day = self.first
        match self.length:
            case "P1D":
                return day.isoformat()
            case "P1W":
                week = day.isocalendar()
                return f"{week.year:04d}-W{week.week:02d}"
            case "P1M":
                return f"{day:%Y-%m}"
            case "P3M":
                return f"{day:%Y}-Q{(day.month + 2) // 3}"
            case _:
                return f"{day:%Y}"


def period_of(length: str, day: date) -> Period:
    """Give the period of a length in `LENGTHS` that `day` lies in."""
    match length:
        case "P1D":
            return Period(length, day, day + timedelta(days=1))
        case "P1W":
            first = day - timedelta(days=day.weekday())
            return Period(length, first, first + timedelta(days=7))
        case "P1M":
            return Period(length, day.replace(day=1), _months_on(day.replace(day=1), 1))
        case "P3M":
            first = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
            return Period(length, first, _months_on(first, 3))
        case _:
            first = day.replace(month=1, day=1)
            return Period(length, first, _months_on(first, 12))


def read_period(length: str, name: str) -> Period:
    """Give the period of this name. Raises ValueError, saying what to write."""
    found = _NAMES[length].fullmatch(name)
    try:
        if found is None:
            raise ValueError
        numbers = [int(part) for part in found.groups()]
        match length:
            case "P1D":
                first = date(*numbers)
            case "P1W":
                first = date.fromisocalendar(numbers[0], numbers[1], 1)
            case "P1M":
                first = date(numbers[0], numbers[1], 1)
            case "P3M":
                first = date(numbers[0], 3 * numbers[1] - 2, 1)
            case _:
                first = date(numbers[0], 1, 1)
        return period_of(length, first)
    except (ValueError, OverflowError):
        raise ValueError(f"write a period like {EXAMPLES[length]}") from None


def complete(length: str, today: date) -> Iterator[Period]:
    """Give the periods that are over on `today`, the last one first."""
    found = period_of(length, today)
    while found.first > date(1, 1, 1):
        found = period_of(length, found.first - timedelta(days=1))
        yield found


def _months_on(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1)
