"""Ceilings (上限收费标准, P3): set by the authorising body as one set within the permitted revenue of an operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from policies.pricing import RULES
from sandbox.billing import cycles, letters, surveys
from sandbox.billing.prices import also, announced, price_at
from sandbox.billing.rates import highest
from sandbox.billing.records import CeilingSet, CostSurvey, Letter, Price
from sandbox.billing.regulated import excess
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.products.records import Product
from sandbox.transparency.journal import Journal


def set_ceilings(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    operator: str,
    year: int,
    ceilings: Sequence[Mapping[str, Any]],
) -> tuple[CeilingSet, list[Price]]:
    """Put a set of ceilings [{product, unit, ceiling, forecast}] in force, in place of the one before, and report them
    to both departments by a letter.

    A price that is above its ceiling falls to it at once: nobody is charged more from now on. Gives the set and those
    prices. Raises role_not_allowed, not_found, state_conflict (no verified revenue, a carry-over not deducted),
    field_invalid, ceilings_exceed_revenue with the `excess` to the cent.
    """
    principal.may("ceilings.set")
    surveys.operator_of(tx, principal, operator)
    survey = surveys.verified(tx, operator)
    if survey is None:
        raise Problem("state_conflict", "no revenue is permitted yet: file a cost survey, apply, and have it verified")
    revenue = surveys.figures(survey.data).permitted().revenue
    rows = [_row(tx, operator, number, one) for number, one in enumerate(ceilings)]
    if len({(row["product"], row["unit"]) for row in rows}) < len(rows):
        raise Problem("field_invalid", "ceilings: a product has one ceiling for each unit; one stands there twice")
    over = excess([(Decimal(row["ceiling"]), row["forecast"]) for row in rows], revenue)
    if RULES.ceilings_within_revenue and over > 0:
        raise Problem(
            "ceilings_exceed_revenue",
            f"ceilings times forecasts exceed the permitted revenue of {revenue:f} yuan by {over:f} yuan",
            excess=format(over, "f"),
        )
    cycles.deduct(tx, operator, year, survey.id, surveys.figures(survey.data).carry_over)
    last = in_force(tx, operator)
    number = last.number + 1 if last else 1
    made = CeilingSet(
        new_id("ceilings"), operator, number, year, survey.id, revenue, rows, principal.party.id, now()
    )  # fmt: skip
    tx.add(made)
    public: dict[str, str | int | None] = {"operator": operator, "number": number, "year": year, "survey": survey.id}
    journal.write(tx, "ceilings.set", public=public | {"permitted": format(revenue, "f")}, party=principal.party.id)
    letters.write(tx, journal, principal, "ceilings", operator, made.id, _told(tx, made))
    return made, [lowered for row in rows if (lowered := _lower(tx, journal, principal, row))]


def in_force(tx: Transaction, operator: str) -> CeilingSet | None:
    """Give the newest set of an operator's ceilings, or None while it has trial prices only."""
    return next(iter(tx.find(CeilingSet, operator=operator, order=["-number"], limit=1)), None)


def ceiling(tx: Transaction, product: Product, unit: str) -> Decimal | None:
    """Give the ceiling of a product for a unit, or None where none has been set."""
    found = in_force(tx, product.operator)
    rows = found.ceilings if found else []
    return next((Decimal(row["ceiling"]) for row in rows if (row["product"], row["unit"]) == (product.id, unit)), None)


def check(tx: Transaction, product: Product, unit: str, price: Decimal, trial: bool) -> None:
    """Refuse a price that the ceilings do not allow. Raises field_invalid, price_above_ceiling with the `excess`."""
    highest = ceiling(tx, product, unit)
    if trial:
        if highest is not None:
            raise Problem("field_invalid", "trial: a ceiling is in force, so the time of trial prices is over; leave "
                          "trial out")  # fmt: skip
        return
    if highest is None:
        said = "trial: no ceiling has been set, so only a trial price is possible; write true (--trial)"
        raise Problem("field_invalid", said)
    if price > highest:
        raise Problem(
            "price_above_ceiling",
            f"the ceiling of this product is {highest:f} yuan per {unit}; {price:f} is {price - highest:f} above it",
            excess=format(price - highest, "f"),
        )


def view(tx: Transaction, found: CeilingSet) -> dict[str, Any]:
    """Give a set with its sum, as it was held against the permitted revenue, and the letter that reported it."""
    told = tx.find(Letter, about=found.id, limit=1)
    return _told(tx, found) | {"letter": told[0].id if told else None}


def _told(tx: Transaction, found: CeilingSet) -> dict[str, Any]:
    total = sum((Decimal(row["ceiling"]) * row["forecast"] for row in found.ceilings), Decimal(0))
    survey = tx.get(CostSurvey, found.survey)
    return shown(found) | {"total": format(total, "f"), "survey_year": survey.year if survey else None}


def _row(tx: Transaction, operator: str, number: int, one: Mapping[str, Any]) -> dict[str, Any]:
    product = tx.get(Product, one["product"])
    if product is None or product.operator != operator:
        raise Problem("field_invalid", f"ceilings[{number}].product: this operator has no such product")
    return {
        "product": product.id,
        "unit": one["unit"],
        "ceiling": format(Decimal(one["ceiling"]), "f"),
        "forecast": int(one["forecast"]),
    }


def _lower(tx: Transaction, journal: Journal, principal: Principal, row: Mapping[str, Any]) -> Price | None:
    """Follow a price, in force or announced, that is above its ceiling on any step by one that is nowhere above it."""
    tx.get(Product, row["product"], lock=True)
    moment, most = now(), Decimal(row["ceiling"])
    known = [*filter(None, [price_at(tx, row["product"], moment)]), *announced(tx, row["product"], moment)]
    if not any(price.unit == row["unit"] and highest(price) > most for price in known):
        return None
    held = known[0]
    tiers = [one | {"price": format(min(Decimal(one["price"]), most), "f")} for one in held.tiers]
    price = replace(
        held, id=new_id("price"), number=known[-1].number + 1, price=min(held.price, most),
        trial=held.trial and held.unit != row["unit"], set_by=principal.party.id,
        starts=max(held.starts, moment), tiers=tiers,
    )  # fmt: skip
    tx.add(price)
    public: dict[str, str | int | None] = {"product": price.product, "number": price.number, "unit": price.unit}
    public |= {"price": format(price.price, "f"), "kind": "trial" if price.trial else "formal"}
    public |= {"repeats": "free" if price.repeat_free else "charged"}
    journal.write(
        tx,
        "price.set",
        public=public | also(price),
        party=price.set_by,
        product=price.product,
    )
    return price
