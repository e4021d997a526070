"""What expressions of dates mean. None of their arguments is NULL here."""

from __future__ import annotations

from calendar import monthrange
from datetime import MAXYEAR, MINYEAR, date, timedelta

from sandbox.plan import scalar as s


def part(node: s.DatePart, day: date) -> int:
    """Give the number that `node` asks of a day."""
    match node.part:
        case "quarter":
            return (day.month + 2) // 3
        case "week" | "isoyear":
            return day.isocalendar()[1 if node.part == "week" else 0]
        case "isodow":
            return day.isoweekday()
        case "dow":
            return day.isoweekday() % 7
        case "doy":
            return day.timetuple().tm_yday
        case "days":
            return day.toordinal() - 1
        case "months":
            return day.year * 12 + day.month - 13
        case _:
            return int(getattr(day, node.part))


def snapped(node: s.Snap, day: date) -> date:
    """Give the first day of the period around a day, or the last one of its month."""
    match node.to:
        case "year":
            return day.replace(month=1, day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "month":
            return day.replace(day=1)
        case "week":
            return day - timedelta(days=day.weekday())
        case "last_day":
            return day.replace(day=monthrange(day.year, day.month)[1])


def later(node: s.DateAdd, day: date, amount: int) -> date | None:
    """Give the day `amount` days or months later, None beyond the years 1 to 9999."""
    if node.unit == "day":
        number = day.toordinal() + amount
        return date.fromordinal(number) if 1 <= number <= date.max.toordinal() else None
    year, month = divmod(day.year * 12 + day.month - 1 + amount, 12)
    if not MINYEAR <= year <= MAXYEAR:
        return None
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def of_parts(year: int, month: int, day: int) -> date | None:
    """Give the day of a year and a month, None when there is none such."""
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None
