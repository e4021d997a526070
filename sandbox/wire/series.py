"""Runs of products by their operators, and the series of an index."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from sandbox.wire.common import Input, Output

PeriodName = Annotated[str, Field(pattern=r"^[0-9A-Z\-]{4,10}$")]


class RunIn(Input):
    """The period to run, as the product's schedule names it (2026-01-31, 2026-W05, 2026-01, 2026-Q1, 2026); without it
    the last one that is over."""

    period: PeriodName | None = None


class RunsOut(Output):
    """Runs in the order of their periods; `number` 1 is the first of a period, others are its revisions."""

    items: list[dict[str, Any]]


class SeriesQuery(Input):
    """From period `from` to period `to`, both included; everything without them. `lang`: zh or en, of the page."""

    from_: PeriodName | None = Field(None, alias="from")
    to: PeriodName | None = None
    format: Literal["json", "html"] | None = None
    lang: Literal["zh", "en"] | None = None


class SeriesOut(Output):
    """The series of an index in one's own copies. Each item is a period: the `number` of its newest revision, the one
    that is `held`, and rows of `value` with `low` and `high`, what was `measured` in that copy with its 95 %
    `half_width`, and `former` revisions. A period without a copy has no rows: send POST /jobs for it."""

    product: str
    name: str
    schedule: str
    normalisation: str
    base: str | None
    smoothing: str | None
    intervals: str
    items: list[dict[str, Any]]
