"""The yearly review: deviation, cycles, reports, calendar."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool

from sandbox.wire.common import Decimals, Id, Input, Page, Record, State, Text
from sandbox.wire.money import Year, Yuan

Long = Annotated[str, Field(min_length=1, max_length=5000, pattern=r"\S")]


class ReviewIn(Input):
    """The year to hold against what was permitted; `outside` is revenue earned beside the platform."""

    year: Year
    outside: Yuan = Decimal("0.00")


class GuidanceIn(Input):
    """By what the operator is to adjust its prices."""

    guidance: Text


class OutcomeIn(Input):
    """What came of a review."""

    outcome: Text


class YearReviewOut(State):
    """A year's actual against permitted revenue: who has to act, and what is still to be done."""

    operator: str
    year: int
    permitted: Decimals
    actual: Decimals
    deviation: str
    who: str
    todo: str | None


class CycleIn(Input):
    """Years looked at as one; more than three need a reason."""

    first: Year
    last: Year
    reason: Text | None = None


class CloseCycleIn(Input):
    """Over how many following cycles the carry-over is deducted."""

    over: Annotated[int, Field(ge=1, le=10)] = 1


class CycleOut(Record):
    """A cycle; closed, it has a carry-over in parts."""

    operator: str
    number: int
    first: int
    last: int
    carry_over: Decimals | None
    parts: list[dict[str, Any]]


class SaleIn(Input):
    """What was sold outside of the platform."""

    name: Text
    quantity: Annotated[int, Field(ge=0, le=10**15)]
    revenue: Yuan


class ReportIn(Input):
    """What the yearly report says beyond the figures that are here; `published`: everybody may read it."""

    year: Year
    operation: Long | None = None
    sales: Annotated[list[SaleIn], Field(max_length=1000, default_factory=list)]
    remarks: Long | None = None
    published: StrictBool = False


class ReportQuery(Input):
    """`pdf` gives the paper in Chinese (`zh`) or English."""

    format: Literal["json", "pdf"] = "json"
    lang: Literal["zh", "en"] = "zh"


class ReportOut(Record):
    """A filed report."""

    operator: str
    year: int
    number: int
    published: bool
    content: dict[str, Any]


class ReportsQuery(Page):
    """The reports of an operator."""

    operator: Id | None = None


class CalendarQuery(Input):
    """The operator whose calendar it is; overseers see all without it."""

    operator: Id | None = None


class LettersQuery(Page):
    """The letters about an operator."""

    operator: Id | None = None


class LetterOut(Record):
    """A letter (函) to both departments; `name` is its number as it stands there."""

    year: int
    number: int
    name: str
    kind: str
    operator: str
    about: str
    content: dict[str, Any]
