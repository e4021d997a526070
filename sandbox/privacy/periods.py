"""When users' shares renew: periods of one calendar length, counted in UTC from a public moment.

Period 0 begins at that moment, period n begins n lengths after it. Months are counted from the first moment, not from
the month before, so that a share opened on the 31st renews on the last day of short months and the 31st of long ones.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SHORTEST = timedelta(days=1)
LONGEST = timedelta(days=36525)  # a hundred years
_ISO = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII)
_MONTH = timedelta(days=30, hours=10, minutes=29, seconds=6)  # of 400 years, for a first guess only


@dataclass(frozen=True)
class Period:
    """A length: whole calendar months, and a time that is added after them."""

    months: int
    rest: timedelta

    @property
    def about(self) -> timedelta:
        """Its length, months being of average length."""
        return self.months * _MONTH + self.rest


def parse(text: str) -> Period:
    """Read an ISO 8601 duration of one day to a hundred years; raises ValueError, saying what to write, for others."""
    found = _ISO.fullmatch(text)
    if found is None:
        raise ValueError("write an ISO 8601 duration, for example P1Y")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    try:
        rest = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
        period = Period(12 * years + months, rest)
        fits = SHORTEST <= period.about <= LONGEST
    except OverflowError:
        fits = False
    if not fits:
        raise ValueError("a share renews after one day to a hundred years; write for example P1Y or P3M")
    return period


def begin(renew: str, since: datetime, number: int) -> datetime:
    """Give the first moment of period `number`, counted from `since`."""
    period = parse(renew)
    first = since.astimezone(UTC)
    years, month = divmod(first.month - 1 + number * period.months, 12)
    last = calendar.monthrange(first.year + years, month + 1)[1]
    moved = first.replace(year=first.year + years, month=month + 1, day=min(first.day, last))
    return moved + number * period.rest


def number_at(renew: str | None, since: datetime, at: datetime) -> int:
    """Give the number of the period that `at` lies in; 0 before `since`, and always 0 without renewal."""
    if renew is None or at <= since:
        return 0
    number = int((at - since) / parse(renew).about)
    while number > 0 and begin(renew, since, number) > at:
        number -= 1
    while begin(renew, since, number + 1) <= at:
        number += 1
    return number
