"""Cost surveys (P2, P6) on their way to a permitted revenue: filed by the operator, applied for by the authorising
body, verified by price authority and data administration – or returned with a reason and filed anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from policies.pricing import RULES
from sandbox.billing.records import CostSurvey
from sandbox.billing.regulated import Cost, Permitted, permitted
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.identity.records import Party
from sandbox.transparency.journal import Journal

VERIFIERS = ("price_authority", "administration")
OPEN = ("filed", "applied")
STANDING = (*OPEN, "verified")


@dataclass(frozen=True)
class Figures:
    """What a survey states, in yuan; `margin` is what the operator asks for."""

    costs: tuple[Cost, ...]
    subsidies: Decimal
    taxes: Decimal
    bond_yield: Decimal
    margin: Decimal
    carry_over: Decimal

    def permitted(self) -> Permitted:
        """Give the revenue that the figures permit; raises field_invalid for a margin beyond the notice."""
        try:
            return permitted(
                self.costs, self.subsidies, self.bond_yield, self.margin, self.taxes, carry_over=self.carry_over
            )
        except ValueError as error:
            raise Problem("field_invalid", str(error)) from None


def figures(data: Mapping[str, Any]) -> Figures:
    """Read stored or sent figures; raises field_invalid naming the field."""
    money = {name: Decimal(data[name]) for name in ("subsidies", "taxes", "bond_yield", "margin", "carry_over")}
    return Figures(tuple(_cost(number, item) for number, item in enumerate(data["costs"])), **money)


def file(
    tx: Transaction, journal: Journal, principal: Principal, operator: str, year: int, data: Mapping[str, Any]
) -> CostSurvey:
    """File the costs of a whole year that is over, in place of an earlier survey of it that is not verified yet.

    `data`: `costs` [{category, amount, charged, key?}], `subsidies`, `taxes`, `bond_yield`, `margin`, `carry_over` as
    decimal text. Raises role_not_allowed, not_found, field_invalid, state_conflict.
    """
    principal.may("survey.file")
    if operator != principal.party.id:
        raise Problem("not_found", "there is no such operator of yours")
    if year >= now().year:
        raise Problem("field_invalid", f"year: write a year that is over; until the accounts of {year} are whole, "
                      "prices are trial prices")  # fmt: skip
    figures(data).permitted()
    for earlier in tx.find(CostSurvey, operator=operator, year=year):
        if earlier.status == "verified":
            raise Problem("state_conflict", f"the costs of {year} are verified already")
        if earlier.status in OPEN:
            tx.change(earlier, status="replaced")
    made = CostSurvey(new_id("survey"), operator, year, dict(data), "filed", None, {}, None, now())
    tx.add(made)
    _log(tx, journal, "survey.filed", made, principal)
    return made


def apply(tx: Transaction, journal: Journal, principal: Principal, survey_id: str, basis: str) -> CostSurvey:
    """Apply for formal prices in writing: `basis` says why the conditions for pricing are there.

    Raises role_not_allowed, not_found, state_conflict.
    """
    principal.may("survey.apply")
    survey = _open(tx, survey_id, "filed")
    _log(tx, journal, "survey.applied", survey, principal, basis=basis)
    application = {"by": principal.party.id, "basis": basis, "at": now().isoformat()}
    return tx.change(survey, status="applied", application=application)


def verify(tx: Transaction, journal: Journal, principal: Principal, survey_id: str, assessment: str) -> CostSurvey:
    """Verify figures and margin, for each of the two departments that the principal is. When both have, the revenue
    is permitted. Raises role_not_allowed, not_found, state_conflict."""
    principal.may("survey.verify")
    survey = _open(tx, survey_id, "applied")
    mine = {role for role in VERIFIERS if principal.has(role)} - set(survey.verified)
    if not mine:
        raise Problem("state_conflict", "your department has verified this survey; the other one has not yet")
    said = {"by": principal.party.id, "assessment": assessment, "at": now().isoformat()}
    verified = {**survey.verified, **dict.fromkeys(sorted(mine), said)}
    done = set(VERIFIERS) <= set(verified)
    _log(tx, journal, "survey.verified", survey, principal, assessment=assessment)
    return tx.change(survey, verified=verified, status="verified" if done else "applied")


def send_back(tx: Transaction, journal: Journal, principal: Principal, survey_id: str, reason: str) -> CostSurvey:
    """Return a survey to its operator, who may file anew. Raises role_not_allowed, not_found, state_conflict."""
    principal.may("survey.verify")
    survey = _open(tx, survey_id, *OPEN)
    _log(tx, journal, "survey.returned", survey, principal, reason=reason)
    return tx.change(survey, status="returned", reason=reason)


def verified(tx: Transaction, operator: str, year: int | None = None) -> CostSurvey | None:
    """Give the verified survey of a year, or of the newest year that has one."""
    wanted: dict[str, Any] = {} if year is None else {"year": year}
    found = tx.find(CostSurvey, operator=operator, status="verified", **wanted)
    return max(found, key=lambda survey: survey.year, default=None)


def found(tx: Transaction, principal: Principal, survey_id: str) -> CostSurvey:
    """Give a survey to its operator and to overseers; to others it does not exist."""
    survey = tx.get(CostSurvey, survey_id)
    if survey is None or not (principal.oversees or survey.operator == principal.party.id):
        raise Problem("not_found", "there is no such cost survey")
    return survey


def view(survey: CostSurvey) -> dict[str, Any]:
    """Give a survey with what it permits, each step of the formula by itself."""
    return shown(survey) | {"permitted": permitted_view(figures(survey.data).permitted())}


def permitted_view(found: Permitted) -> dict[str, str]:
    """Give the parts of a permitted revenue as decimal text."""
    return {name: format(value, "f") for name, value in vars(found).items()}


def operator_of(tx: Transaction, principal: Principal, operator: str) -> str:
    """Give the id of an operator to itself and to overseers; raises not_found to others."""
    party = tx.get(Party, operator)
    if party is None or "operator" not in party.roles or not (principal.oversees or principal.party.id == operator):
        raise Problem("not_found", "there is no such operator")
    return operator


def _cost(number: int, item: Mapping[str, Any]) -> Cost:
    at = f"costs[{number}]"
    if item["category"] not in RULES.categories:
        raise Problem("field_invalid", f"{at}.category: write one of {', '.join(RULES.categories)}")
    charged = Fraction(str(item["charged"]))
    if 0 < charged < 1 and not item.get("key"):
        raise Problem("field_invalid", f"{at}.key: say by which key shared cost is allocated, for example calls")
    return Cost(item["category"], Decimal(item["amount"]), charged)


def _open(tx: Transaction, survey_id: str, *states: str) -> CostSurvey:
    survey = tx.get(CostSurvey, survey_id, lock=True)
    if survey is None:
        raise Problem("not_found", "there is no such cost survey")
    if survey.status not in states:
        raise Problem("state_conflict", f"this survey is {survey.status}; it would have to be {' or '.join(states)}")
    return survey


def _log(
    tx: Transaction, journal: Journal, kind: str, survey: CostSurvey, principal: Principal, **committed: str
) -> None:
    revenue = figures(survey.data).permitted().revenue
    public: dict[str, str | int | None] = {
        "survey": survey.id,
        "operator": survey.operator,
        "year": survey.year,
        "permitted": format(revenue, "f"),
    }
    journal.write(tx, kind, public=public, committed=committed, party=principal.party.id)
