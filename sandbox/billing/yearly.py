"""The authorising body's yearly report on an operator (P6), in the order of the notice, to both departments.

Operation, costs, revenue and profit, sales by product, deviation, changes of prices – from the operator's data here,
and figures written by hand where they lie outside the platform.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from policies.pricing import RULES
from policies.purposes import FREE
from sandbox.billing import reviews, surveys
from sandbox.billing.lines import ZERO
from sandbox.billing.records import CeilingSet, CostSurvey, Price, Settlement, YearlyReport, YearlyReview
from sandbox.billing.regulated import operating_cost
from sandbox.core.canonical import digest
from sandbox.core.clock import now, rfc3339
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.grants.records import Grant, GrantChange
from sandbox.identity.keys import Principal
from sandbox.identity.records import Party
from sandbox.metering.records import UsageEvent
from sandbox.products.records import Product
from sandbox.transparency.journal import Journal


def draft(
    tx: Transaction, principal: Principal, operator: str, year: int, by_hand: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the report as it would be filed now. `by_hand`: `operation` (text), `sales` [{name, quantity, revenue}]
    outside of the platform, `remarks`. Raises not_found."""
    surveys.operator_of(tx, principal, operator)
    party, outside = tx.get(Party, operator), list(by_hand.get("sales") or [])
    sold, elsewhere = _sold(tx, operator, year), sum((Decimal(one["revenue"]) for one in outside), ZERO)
    here = reviews.settled(tx, operator, year)
    survey = _survey(tx, operator, year)
    costs = _costs(survey)
    profit = None
    if survey is not None:
        found = surveys.figures(survey.data)
        profit = format(here + elsewhere - operating_cost(found.costs, found.subsidies) - found.taxes, "f")
    return {
        "operator": operator,
        "operator_name": party.name if party else operator,
        "year": year,
        "operation": {"text": by_hand.get("operation"), **_operation(tx, operator, year)},
        "costs": costs,
        "revenue": {"platform": format(here, "f"), "outside": format(elsewhere, "f"),
                    "total": format(here + elsewhere, "f"), "profit": profit},
        "sales": {"platform": sold, "outside": outside},
        "deviation": _deviation(tx, operator, year),
        "prices": _changes(tx, operator, year),
        "remarks": by_hand.get("remarks"),
    }  # fmt: skip


def file(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    operator: str,
    year: int,
    by_hand: Mapping[str, Any],
    *,
    published: bool = False,
) -> YearlyReport:
    """File the report of a year that is over; filed again, it replaces the one before, and both stay. A `published` one
    everybody may read from now on.

    Raises role_not_allowed, not_found, field_invalid, state_conflict (months not settled).
    """
    principal.may("review.run")
    if year >= now().year:
        raise Problem("field_invalid", "year: write a year that is over")
    content = draft(tx, principal, operator, year, by_hand)
    if open_months := reviews.unsettled(tx, operator, year):
        raise Problem("state_conflict", f"settle {', '.join(open_months)} first")
    number = len(tx.find(YearlyReport, operator=operator, year=year)) + 1
    public: dict[str, str | int | None] = {"operator": operator, "year": year, "number": number}
    public["for"] = "everybody" if published else "departments"
    said = {"content": digest(content)}
    entry = journal.write(tx, "report.filed", public=public, committed=said, party=principal.party.id)
    by = principal.party.id
    made = YearlyReport(new_id("report"), operator, year, number, content, by, entry.id, now(), published)
    tx.add(made)
    return made


def found(tx: Transaction, principal: Principal, report_id: str) -> YearlyReport:
    """Give a filed report to its operator and to overseers – both departments among them. Raises not_found."""
    report = tx.get(YearlyReport, report_id)
    if report is None or not (principal.oversees or report.operator == principal.party.id):
        raise Problem("not_found", "there is no such report")
    return report


def public(tx: Transaction) -> list[YearlyReport]:
    """Give the reports that everybody may read: of each operator and year the newest published one, newest year
    first."""
    newest = {(one.year, one.operator): one for one in tx.find(YearlyReport, published=True, order=["number"])}
    return [newest[key] for key in sorted(newest, reverse=True)]


def owed(tx: Transaction, year: int) -> set[str]:
    """Give the operators on whom a report of a year is due: who held a grant in it, had ceilings, or earned."""
    left = {one.grant for one in tx.find(GrantChange, kind=["exited", "succeeded"]) if one.created_at.year < year}
    granted = {
        one.operator for one in tx.find(Grant) if one.starts.year <= year <= one.ends.year and one.id not in left
    }
    earned = {operator for operator, _ in tx.totals(Settlement, by=["operator"], month=reviews.months(year))}
    return granted | earned | {one.operator for one in tx.find(CeilingSet, year=year)}


def state(tx: Transaction, operator: str, today: date) -> tuple[int, date, str]:
    """Give year, day and state of the report that is due next: done, open, due (from the day of warning) or overdue."""
    year, due = today.year - 1, date(today.year, *RULES.report_due)
    if tx.find(YearlyReport, operator=operator, year=year, limit=1):
        return year, due, "done"
    if today > due:
        return year, due, "overdue"
    return year, due, "due" if today >= date(today.year, *RULES.report_warned) else "open"


def view(report: YearlyReport) -> dict[str, Any]:
    """Give a report as the outside sees it."""
    return shown(report, "entry")


def _operation(tx: Transaction, operator: str, year: int) -> dict[str, Any]:
    """How the year went, in numbers: products on offer, users, questions by whether they were charged."""
    products = tx.find(Product, operator=operator, status=["approved", "paused", "retired"])
    used = tx.totals(UsageEvent, by=["party", "purpose"], operator=operator, month=reviews.months(year))
    free = sum(events for _, purpose, events in used if purpose in FREE)
    return {
        "products": len(products),
        "users": len({party for party, _, _ in used}),
        "uses": sum(events for _, _, events in used),
        "uses_for_free_purposes": free,
    }


def _survey(tx: Transaction, operator: str, year: int) -> CostSurvey | None:
    """The survey of a year that stands: verified, else the newest filed."""
    standing = [one for one in tx.find(CostSurvey, operator=operator, year=year) if one.status in surveys.STANDING]
    return max(standing, key=lambda one: (one.status == "verified", one.created_at), default=None)


def _costs(survey: CostSurvey | None) -> dict[str, Any] | None:
    """Costs by the notice's kinds, those of charged products and those of free ones kept apart."""
    if survey is None:
        return None
    found = surveys.figures(survey.data)
    charged: dict[str, Decimal] = defaultdict(lambda: ZERO)
    free: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for cost in found.costs:
        charged[cost.category] += cost.allocated
        free[cost.category] += cost.amount - cost.allocated
    kinds = [
        {"category": name, "charged": format(charged[name], "f"), "free": format(free[name], "f")} for name in charged
    ]
    operating = operating_cost(found.costs, found.subsidies)
    sums = {"subsidies": found.subsidies, "operating_cost": operating, "taxes": found.taxes}
    return {"survey": survey.id, "status": survey.status, "kinds": kinds} | {
        name: format(value, "f") for name, value in sums.items()
    }


def _sold(tx: Transaction, operator: str, year: int) -> list[dict[str, Any]]:
    """Units and yuan of each product and unit, as they were settled; credit notes stand by themselves."""
    units: dict[tuple[str, str], int] = defaultdict(int)
    yuan: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for one in reviews.documents(tx, operator, year):
        for line in one.lines:
            key = (line["product"] or "", line.get("unit") or "credit")
            units[key] += line.get("quantity") or 0
            yuan[key] += Decimal(line["amount"])
    names = {one.id: one.name for one in tx.find(Product, operator=operator)}
    return [
        {"product": key[0] or None, "name": names.get(key[0], "–"), "unit": key[1], "quantity": units[key],
         "revenue": format(yuan[key], "f")}
        for key in sorted(yuan)
    ]  # fmt: skip


def _deviation(tx: Transaction, operator: str, year: int) -> dict[str, Any] | None:
    review = next(iter(tx.find(YearlyReview, operator=operator, year=year, limit=1)), None)
    return None if review is None else reviews.view(tx, review)


def _changes(tx: Transaction, operator: str, year: int) -> list[dict[str, Any]]:
    """Prices and ceilings that began in the year, in the order of time."""
    products = {one.id: one.name for one in tx.find(Product, operator=operator)}
    prices = [
        {"at": rfc3339(price.starts), "what": "price", "name": products[price.product], "unit": price.unit,
         "yuan": format(price.price, "f"), "kind": "trial" if price.trial else "formal"}
        for price in tx.find(Price, product=list(products)) if price.starts.year == year
    ]  # fmt: skip
    sets = [one for one in tx.find(CeilingSet, operator=operator) if one.created_at.year == year]
    ceilings = [
        {"at": rfc3339(one.created_at), "what": "ceiling", "name": products.get(row["product"], row["product"]),
         "unit": row["unit"], "yuan": row["ceiling"], "kind": f"set {one.number}"}
        for one in sets for row in one.ceilings
    ]  # fmt: skip
    return sorted(prices + ceilings, key=lambda one: one["at"])
