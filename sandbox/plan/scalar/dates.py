"""Expressions of dates: days of the years 1 to 9999 in the calendar of today, carried back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Literal as Choice

from sandbox.plan.scalar.types import DATE, INTEGER, Type

if TYPE_CHECKING:
    from sandbox.plan.scalar.tree import Scalar

Part = Choice[
    "year", "quarter", "month", "day", "week", "isoyear", "dow", "isodow", "doy", "days", "months"
]  # fmt: skip


@dataclass(frozen=True)
class DatePart:
    """A number of a date: year, quarter (1–4), month (1–12), day (1–31), week and isoyear (of ISO 8601), dow (0 is
    Sunday), isodow (1 is Monday, 7 Sunday), doy (1–366); days and months since 0001-01-01, which is 0."""

    part: Part
    arg: Scalar
    type: Type = INTEGER

    def __post_init__(self) -> None:
        if self.arg.type != DATE:
            raise ValueError(f"{self.part} takes a date")


@dataclass(frozen=True)
class Snap:
    """The first day of a date's year, quarter, month or week (Monday), or the last day of its month."""

    to: Choice["year", "quarter", "month", "week", "last_day"]
    arg: Scalar
    type: Type = DATE

    def __post_init__(self) -> None:
        if self.arg.type != DATE:
            raise ValueError(f"{self.to} takes a date")


@dataclass(frozen=True)
class DateAdd:
    """A date so many days or months later (earlier, when negative). A month later is the same day, or the last one of
    a shorter month. NULL beyond the years 1 to 9999."""

    arg: Scalar
    amount: Scalar
    unit: Choice["day", "month"]
    type: Type = DATE

    def __post_init__(self) -> None:
        if self.arg.type != DATE or self.amount.type != INTEGER:
            raise ValueError("a whole number is added to a date")


@dataclass(frozen=True)
class MakeDate:
    """The date of a year, a month and a day; NULL when there is none such."""

    year: Scalar
    month: Scalar
    day: Scalar
    type: Type = DATE

    def __post_init__(self) -> None:
        if any(part.type != INTEGER for part in (self.year, self.month, self.day)):
            raise ValueError("MAKE_DATE takes three whole numbers")
