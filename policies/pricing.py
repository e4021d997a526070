"""The numbers of the price notice that rules are made of (P2–P6)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from policies.document import Document


@dataclass(frozen=True)
class Pricing:
    """`categories`: kinds of cost with their Chinese names. Days are (month, day)."""

    categories: dict[str, str]
    highest_margin: Decimal
    operator_adjusts_within: Decimal
    longest_cycle: int
    ceilings_within_revenue: bool
    report_due: tuple[int, int]
    report_warned: tuple[int, int]


def read(document: Document) -> Pricing:
    """Give the rules of a file; raises `PolicyError` naming file and field."""
    return Pricing(
        categories={name: document.string(f"cost_categories.{name}") for name in document.mapping("cost_categories")},
        highest_margin=_rate(document, "highest_margin"),
        operator_adjusts_within=_rate(document, "operator_adjusts_within"),
        longest_cycle=_count(document, "longest_cycle"),
        ceilings_within_revenue=document.flag("ceilings_within_revenue"),
        report_due=_day(document, "report_due"),
        report_warned=_day(document, "report_warned"),
    )


def _rate(document: Document, field: str) -> Decimal:
    try:
        found = Decimal(document.string(field))
    except InvalidOperation:
        found = Decimal(-1)
    if not 0 <= found < 1:
        raise document.wrong(field, "must be a fraction from 0 to 1 in quotes, like '0.06'")
    return found


def _count(document: Document, field: str) -> int:
    found: Any = document.content.get(field) if isinstance(document.content, dict) else None
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise document.wrong(field, "must be a whole number from 1 on")
    return found


def _day(document: Document, field: str) -> tuple[int, int]:
    month, _, day = document.string(field).partition("-")
    if not (month.isdigit() and day.isdigit() and 1 <= int(month) <= 12 and 1 <= int(day) <= 28 + 3):
        raise document.wrong(field, "must be a month and a day in quotes, like '03-31'")
    return int(month), int(day)


RULES = read(Document("pricing.yaml"))
