"""Columns of a specification, and where the bins of a number or a date begin."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, TypeAdapter

from sandbox.errors import Problem
from sandbox.plan.drawn import MOST_STEPS
from sandbox.plan.scalar import DATE, Column

MOST_CODES, USUAL_BINS = 1_000, 10
MONTHS = {"year": 12, "quarter": 3, "month": 1}
_NUMBER: TypeAdapter[Decimal] = TypeAdapter(Annotated[Decimal, Field(allow_inf_nan=False, max_digits=30)])


def _edge(raw: Any) -> Decimal | date:
    try:
        return date.fromisoformat(raw) if isinstance(raw, str) and raw.count("-") == 2 else _NUMBER.validate_python(raw)
    except ValueError:
        raise ValueError("it should be a number, or of a date a day, for example 2026-01-31") from None


Edge = Annotated[Decimal | date, PlainValidator(_edge)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
Period = Literal["year", "quarter", "month", "week", "day"]


class ColumnSpec(BaseModel):
    """A column by the name that `rows` give it. A number or a date is cut into `bins` equally wide ones, a date also
    into those of the calendar, or where `cuts` say, each the first value of a bin; `bounds` clamp it more closely than
    the catalogue does. `nulls`: NULL is a value of its own; else it counts as the first value, or the lowest bin."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Name
    bounds: tuple[Edge, Edge] | None = None
    bins: Annotated[int, Field(ge=2, le=MOST_CODES)] | Period | None = None
    cuts: Annotated[tuple[Edge, ...], Field(min_length=1, max_length=MOST_CODES - 1)] | None = None
    nulls: bool = False


def edges_of(asked: ColumnSpec, column: Column, days: tuple[date, date] | None) -> tuple[int, ...]:
    """Give where the bins of a number or a date begin, and one step behind the last one: in steps of its last decimal,
    or in days from 0001-01-01, which is 1. `days`: the first and last day that are declared. Everything follows from
    specification and declarations. Raises field_invalid, bound_missing."""
    name, dated = asked.name, column.type == DATE
    low, high = asked.bounds or (days if dated and days else (column.lower, column.upper))
    if low is None or high is None:
        wanted = '["2020-01-01", "2024-12-31"]' if dated else "[least, largest]"
        raise Problem(
            "bound_missing",
            f'Field spec.columns: nothing bounds {name}; write {{"name": "{name}", "bounds": {wanted}}}.',
            field="spec.columns",
        )
    first, last = _step(column, name, low), _step(column, name, high)
    if first >= last:
        raise invalid("columns", f"{name} lies between {low} and {high}; write the lower bound first")
    if last + 1 - first >= MOST_STEPS:
        raise invalid("columns", f"{name} has too many different values; ROUND it in rows, or write closer bounds")
    if asked.cuts is not None:
        if asked.bins is not None:
            raise invalid("columns", f"{name} has bins and cuts; write one of them")
        cuts = [_step(column, name, cut) for cut in asked.cuts]
        if cuts != sorted(set(cuts)) or not first < cuts[0] <= cuts[-1] <= last:
            raise invalid("columns", f"the cuts of {name} ascend, above {low} and up to {high}")
        return (first, *cuts, last + 1)
    if isinstance(asked.bins, str):
        return _calendar(asked.bins, name, first, last, dated)
    wide = last + 1 - first
    bins = min(asked.bins or USUAL_BINS, wide)
    return tuple(first + wide * place // bins for place in range(bins + 1))


def _calendar(period: Period, name: str, first: int, last: int, dated: bool) -> tuple[int, ...]:
    """The bins of a calendar's periods; the first and the last one end with the bounds."""
    if not dated:
        raise invalid("columns", f"{name} is a number; write how many bins it has, or cuts")
    found, at = [first], date.fromordinal(first)
    while (following := _following(period, at)) is not None and following.toordinal() <= last:
        at = following
        found.append(at.toordinal())
        if len(found) > MOST_CODES:
            say = f"{name} has more than {MOST_CODES} bins of a {period}; write longer ones, or closer bounds"
            raise invalid("columns", say)
    if len(found) < 2:
        raise invalid("columns", f"{name} has one bin only; write shorter ones than a {period}, or wider bounds")
    return (*found, last + 1)


def _following(period: Period, day: date) -> date | None:
    """The first day of the next period; None beyond the years 1 to 9999."""
    if period == "day" or period == "week":
        ahead = 1 if period == "day" else 7 - day.weekday()
        return day + timedelta(days=ahead) if day.toordinal() + ahead <= date.max.toordinal() else None
    months = MONTHS[period]
    year, month = divmod(((day.year * 12 + day.month - 1) // months + 1) * months, 12)
    return date(year, month + 1, 1) if year <= date.max.year else None


def _step(column: Column, name: str, value: Decimal | date) -> int:
    if column.type == DATE:
        if isinstance(value, date):
            return value.toordinal()
        raise invalid("columns", f"{name} is a date, and {value} is none; write days, for example 2026-01-31")
    if isinstance(value, date):
        raise invalid("columns", f"{name} is a number, and {value} is none")
    steps = value.scaleb(column.type.scale)
    if steps != steps.to_integral_value():
        raise invalid("columns", f"{name} has {column.type.scale} decimals, and {value} has more")
    return int(steps)


def invalid(field: str, say: str) -> Problem:
    """Give the refusal of what stands in a field of the specification."""
    return Problem("field_invalid", f"Field spec.{field}: {say}.", field=f"spec.{field}")
