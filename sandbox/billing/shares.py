"""Shares of revenue (P7): what a product earned in a month, divided among holder, processor, operator and regions.

First the agreed cost of obtaining the data is taken off, so that nothing counts twice; the rest is split by fractions
that sum to 1, by largest remainder. What is divided is what was settled, net of notes, so past months never change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sandbox.billing.lines import ZERO
from sandbox.billing.records import Settlement, ShareAgreement
from sandbox.billing.regulated import split
from sandbox.billing.settlements import end
from sandbox.catalogue.records import Resource
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.identity.records import Party
from sandbox.products.records import Product
from sandbox.transparency.journal import Journal

KINDS = {"holder": "数源单位", "processor": "加工方", "operator": "运营机构", "region": "地区"}
MOST_PARTS = 100


def agree(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    product_id: str,
    parts: Sequence[Mapping[str, Any]],
    data_cost: Decimal,
    basis: str,
    since: str | None = None,
) -> ShareAgreement:
    """Record how the revenue of a product is shared from the month `since` on (the present one at the earliest).

    `parts` [{kind, name, share, party?}]: `share` is a fraction as text, 1/3 or 0.25. Raises role_not_allowed,
    not_found, field_invalid.
    """
    principal.may("shares.set")
    product = tx.get(Product, product_id, lock=True)
    if product is None:
        raise Problem("not_found", "there is no such product")
    month = since or f"{now():%Y-%m}"
    end(month)
    if month < f"{now():%Y-%m}":
        raise Problem("field_invalid", "since: write this month or one to come; months before keep their shares")
    read = [_part(tx, number, one) for number, one in enumerate(parts)]
    if len({(one["kind"], one["name"]) for one in read}) < len(read):
        raise Problem("field_invalid", "parts: one stands there twice")
    if sum(Fraction(one["share"]) for one in read) != 1:
        raise Problem("field_invalid", "parts: write shares that sum to 1 exactly, like 1/3 or 0.25")
    last = next(iter(tx.find(ShareAgreement, product=product_id, order=["-number"], limit=1)), None)
    number = last.number + 1 if last else 1
    by = principal.party.id
    made = ShareAgreement(new_id("shares"), product_id, number, month, read, data_cost, basis, by, now())
    tx.add(made)
    public: dict[str, str | int | None] = {"product": product_id, "number": number, "since": month}
    said = {"basis": basis, "data_cost": format(data_cost, "f")}
    journal.write(tx, "shares.agreed", public=public, committed=said, party=by, product=product_id)
    return made


def listed(tx: Transaction, principal: Principal, product_id: str) -> list[ShareAgreement]:
    """Give the agreements of a product, oldest first, to its operator and overseers. Raises not_found."""
    product = tx.get(Product, product_id)
    if product is None or not (principal.oversees or product.operator == principal.party.id):
        raise Problem("not_found", "there is no such product of yours")
    return tx.find(ShareAgreement, product=product_id, order=["number"])


def in_force(tx: Transaction, product: str, month: str) -> ShareAgreement | None:
    """Give the agreement by which a month of a product is shared, or None."""
    found = tx.find(ShareAgreement, product=product, order=["-number"])
    return next((one for one in found if one.since <= month), None)


def earned(tx: Transaction, month: str, operator: str | None = None) -> dict[str, Decimal]:
    """Give what each product earned in a month, as settled and net of notes, in whole cents. A credit note is taken
    from the products of the settlement it corrects, in proportion to what they stand there with."""
    whose: dict[str, Any] = {"month": month} | ({"operator": operator} if operator else {})
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    notes = tx.find(Settlement, **whose)
    charged: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for one in notes:
        for line in one.lines if one.kind != "credit_note" else ():
            charged[one.corrects or one.id][line["product"]] += Decimal(line["amount"])
            found[line["product"]] += Decimal(line["amount"])
    for one in notes:
        if one.kind == "credit_note":
            by = charged[str(one.corrects)]
            total = Fraction(sum(by.values(), ZERO))
            for product, part in split(one.total, {name: Fraction(sum_) / total for name, sum_ in by.items()}).items():
                found[product] += part
    return dict(sorted(found.items()))


def shared(tx: Transaction, month: str, operator: str | None = None) -> list[dict[str, Any]]:
    """Give the shares of a month: for each product what it earned, the cost of obtaining its data, and each part, in
    yuan; `parts` is None where nothing was agreed. `unnamed_holders` are those of its resources that the agreement
    does not name. Raises field_invalid."""
    end(month)
    return [_shared(tx, month, product, yuan) for product, yuan in earned(tx, month, operator).items()]


def due(tx: Transaction, principal: Principal, month: str) -> list[dict[str, Any]]:
    """Give the shares of a month to overseers whole, to an operator those of its products, and to a holder – or who
    else an agreement names – its own parts and no others. Raises field_invalid."""
    if principal.oversees:
        return shared(tx, month)
    me = principal.party.id
    mine = {one["product"]: one for one in shared(tx, month, me)}
    named = [one for one in shared(tx, month) if one["product"] not in mine]
    parts = [(one, [part for part in one["parts"] or () if part["party"] == me]) for one in named]
    return [*mine.values(), *(one | {"parts": own} for one, own in parts if own)]


def view(found: ShareAgreement) -> dict[str, Any]:
    """Give an agreement as the outside sees it."""
    return shown(found)


def _shared(tx: Transaction, month: str, product: str, yuan: Decimal) -> dict[str, Any]:
    agreement, named = in_force(tx, product, month), tx.get(Product, product)
    said: dict[str, Any] = {"product": product, "name": named.name if named else product, "month": month}
    said["earned"] = format(yuan, "f")
    if agreement is None:
        return said | {"agreement": None, "data_cost": "0.00", "parts": None}
    cost = min(agreement.data_cost, max(yuan, ZERO))
    amounts = split(yuan - cost, {str(place): Fraction(one["share"]) for place, one in enumerate(agreement.parts)})
    parts = [one | {"amount": format(amounts[str(place)], "f")} for place, one in enumerate(agreement.parts)]
    unnamed = _unnamed(tx, named, parts) if named else []
    return said | {
        "agreement": agreement.number,
        "data_cost": f"{cost:.2f}",
        "parts": parts,
        "unnamed_holders": unnamed,
    }


def _unnamed(tx: Transaction, product: Product, parts: Sequence[Mapping[str, Any]]) -> list[str]:
    """The holders of a product's resources that no part names, by party or name: their data earned, and they get
    nothing."""
    named = {one["name"] for one in parts} | {one["party"] for one in parts}
    found = tx.find(Resource, id=list(product.resources))
    return sorted({one.holder for one in found if named.isdisjoint({one.holder, one.answers})})


def _part(tx: Transaction, number: int, one: Mapping[str, Any]) -> dict[str, Any]:
    at = f"parts[{number}]"
    if one["kind"] not in KINDS:
        raise Problem("field_invalid", f"{at}.kind: write one of {', '.join(KINDS)}")
    try:
        share = Fraction(str(one["share"]))
    except (ValueError, ZeroDivisionError):
        share = Fraction(-1)
    if not 0 <= share <= 1:
        raise Problem("field_invalid", f"{at}.share: write a fraction from 0 to 1, like 1/3 or 0.25")
    party = one.get("party")
    if party is not None and tx.get(Party, party) is None:
        raise Problem("field_invalid", f"{at}.party: there is no such party; leave it out for one that takes no part")
    return {"kind": one["kind"], "name": one["name"], "party": party, "share": str(share)}
