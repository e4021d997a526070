"""The yearly review (P5): actual against permitted revenue, whose task follows from it, and when it is done.

Up to the limit of the notice, itself included, the operator adjusts prices under recorded guidance; beyond it the
authorising body adjusts ceilings. A task is done when that has happened after it was opened.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from sandbox.billing import letters, surveys
from sandbox.billing.lines import ZERO
from sandbox.billing.records import CeilingSet, Letter, Price, Settlement, YearlyReview
from sandbox.billing.regulated import adjusts, deviation
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.metering.records import UsageEvent
from sandbox.products.records import Product
from sandbox.transparency.journal import Journal


def begin(
    tx: Transaction, journal: Journal, principal: Principal, operator: str, year: int, outside: Decimal = ZERO
) -> YearlyReview:
    """Hold a year that is over against what was permitted for it, and report it to both departments by a letter;
    `outside` is revenue earned beside the platform.

    Raises role_not_allowed, not_found, field_invalid, state_conflict (reviewed already, a month not settled, no
    ceilings in that year).
    """
    principal.may("review.run")
    surveys.operator_of(tx, principal, operator)
    if year >= now().year:
        raise Problem("field_invalid", "year: write a year that is over")
    sets = tx.find(CeilingSet, operator=operator, year=year, order=["-number"], limit=1)
    if not sets:
        raise Problem("state_conflict", f"no ceilings were set for {year}: prices on trial have no deviation")
    if tx.find(YearlyReview, operator=operator, year=year, limit=1):
        raise Problem("state_conflict", f"{year} is reviewed already")
    if open_months := unsettled(tx, operator, year):
        raise Problem("state_conflict", f"settle {', '.join(open_months)} first")
    earned = settled(tx, operator, year)
    found = deviation(earned + outside, sets[0].permitted)
    who, status = adjusts(found), "done" if found == 0 else "open"
    made = YearlyReview(
        new_id("review"), operator, year, sets[0].id, sets[0].permitted, earned, outside, who, status, None,
        "nothing deviates" if found == 0 else None, now(), now() if found == 0 else None,
    )  # fmt: skip
    tx.add(made)
    _log(tx, journal, "review.opened", made, principal, deviation=percent(made))
    letters.write(tx, journal, principal, "review", operator, made.id, _told(tx, made))
    return made


def guide(tx: Transaction, journal: Journal, principal: Principal, review_id: str, guidance: str) -> YearlyReview:
    """Record the guidance by which an operator is to adjust its prices. Raises role_not_allowed, not_found,
    state_conflict."""
    principal.may("review.run")
    review = _open(tx, review_id)
    if review.who != "operator":
        raise Problem("state_conflict", "it deviates by more than the operator may mend: set new ceilings")
    _log(tx, journal, "review.guided", review, principal, guidance=guidance)
    return tx.change(review, guidance=guidance)


def close(tx: Transaction, journal: Journal, principal: Principal, review_id: str, outcome: str) -> YearlyReview:
    """Close a review whose task is done, and report that to both departments.

    Raises role_not_allowed, not_found, state_conflict (what is missing)."""
    principal.may("review.run")
    review = _open(tx, review_id)
    if (lacks := missing(tx, review)) is not None:
        raise Problem("state_conflict", lacks)
    _log(tx, journal, "review.closed", review, principal, outcome=outcome)
    closed = tx.change(review, status="done", outcome=outcome, closed_at=now())
    letters.write(tx, journal, principal, "review", closed.operator, closed.id, _told(tx, closed))
    return closed


def missing(tx: Transaction, review: YearlyReview) -> str | None:
    """Say what is still to be done about an open review; None when it can be closed."""
    if review.who == "authoriser":
        newer = tx.find(CeilingSet, operator=review.operator, order=["-number"], limit=1)
        return (
            None
            if newer and newer[0].created_at > review.created_at
            else "the authorising body has to set ceilings anew"
        )
    if review.guidance is None:
        return "the authorising body has to record its guidance first"
    products = [product.id for product in tx.find(Product, operator=review.operator)]
    if any(price.starts > review.created_at for price in tx.find(Price, product=products)):
        return None
    return "the operator has to set a price anew, as it was guided"


def settled(tx: Transaction, operator: str, year: int) -> Decimal:
    """Give what was settled for the months of a year, net of notes."""
    return sum((one.total for one in documents(tx, operator, year)), ZERO)


def documents(tx: Transaction, operator: str, year: int) -> list[Settlement]:
    """Give the settlements and notes of the months of a year."""
    return tx.find(Settlement, operator=operator, month=months(year), order=["number"])


def unsettled(tx: Transaction, operator: str, year: int) -> list[str]:
    """Give the months of a year that have usage and no settlement."""
    used = {month for month, _ in tx.totals(UsageEvent, by=["month"], operator=operator, month=months(year))}
    return sorted(used - {one.month for one in documents(tx, operator, year)})


def months(year: int) -> list[str]:
    """Give the months of a year as they are written."""
    return [f"{year}-{number:02}" for number in range(1, 13)]


def percent(review: YearlyReview) -> str:
    """Give the deviation in percent with three decimals and its sign, or in words where nothing was permitted. It was
    compared unrounded."""
    found = deviation(review.settled + review.outside, review.permitted)
    if found is None:
        return "nothing was permitted"
    thousandths = round(Fraction(found) * 100_000)
    return f"{'-' if thousandths < 0 else '+'}{abs(thousandths) // 1000}.{abs(thousandths) % 1000:03} %"


def view(tx: Transaction, review: YearlyReview) -> dict[str, Any]:
    """Give a review with its deviation, what is still to be done, and the letters that reported it, oldest first."""
    return _told(tx, review) | {"letters": [one.id for one in tx.find(Letter, about=review.id)]}


def _told(tx: Transaction, review: YearlyReview) -> dict[str, Any]:
    actual = format(review.settled + review.outside, "f")
    todo = missing(tx, review) if review.status == "open" else None
    return shown(review) | {"actual": actual, "deviation": percent(review), "todo": todo}


def _open(tx: Transaction, review_id: str) -> YearlyReview:
    review = tx.get(YearlyReview, review_id, lock=True)
    if review is None:
        raise Problem("not_found", "there is no such review")
    if review.status != "open":
        raise Problem("state_conflict", "this review is closed already")
    return review


def _log(
    tx: Transaction, journal: Journal, kind: str, review: YearlyReview, principal: Principal, **committed: str
) -> None:
    public: dict[str, str | int | None] = {"review": review.id, "operator": review.operator, "year": review.year}
    journal.write(tx, kind, public=public | {"who": review.who}, committed=committed, party=principal.party.id)
