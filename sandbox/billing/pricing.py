"""Set a price (P3, P4): prices are never changed, only followed by newer ones, and every one is public.

Before ceilings are set prices are trial prices (试行); afterwards they are formal ones, at most the ceiling. The units
product and month are refused still: they need usage events of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.billing import ceilings
from sandbox.billing.records import Price
from sandbox.core.amounts import read_decimal
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.products.records import Product
from sandbox.transparency.journal import Journal

UNITS = ("call", "cell")
HIGHEST = Decimal(10) ** 9
MOST_DECIMALS = 6
_FIELDS = {"unit", "price", "trial", "repeat_free"}


def set_price(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    product_id: str,
    body: Mapping[str, Any],
    expected: int | None = None,
) -> Price:
    """Set the price of an own product from now on. `expected` is the number of the price that it is to follow
    (If-Match; 0 for none).

    Raises role_not_allowed, not_found, state_conflict, version_conflict, field_invalid, price_above_ceiling.
    """
    principal.may("price.set")
    product = tx.get(Product, product_id, lock=True)
    if product is None or product.operator != principal.party.id:
        raise Problem("not_found", "there is no such product of yours")
    if product.status == "retired":
        raise Problem("state_conflict", "a retired product has no price any more")
    last = next(iter(tx.find(Price, product=product_id, order=["-number"], limit=1)), None)
    number = last.number if last else 0
    if expected is not None and expected != number:
        raise Problem("version_conflict", f"the newest price is number {number}; read it and decide again")
    unit, yuan, trial, repeat_free = _read(body)
    ceilings.check(tx, product, unit, yuan, trial)
    price = Price(new_id("price"), product_id, number + 1, unit, yuan, trial, repeat_free, principal.party.id, now())
    tx.add(price)
    public: dict[str, str | int | None] = {
        "product": product_id,
        "number": price.number,
        "unit": unit,
        "price": format(yuan, "f"),
        "kind": "trial" if trial else "formal",
        "repeats": "free" if repeat_free else "charged",
    }
    journal.write(tx, "price.set", public=public, party=price.set_by, product=product_id)
    return price


def amount(value: Any, field: str) -> Decimal:
    """Read an amount of yuan from text or a number. Raises field_invalid naming `field`."""
    refusal = Problem("field_invalid", f"{field}: write yuan from 0 on with at most {MOST_DECIMALS} decimals: 1.20")
    try:
        read = read_decimal(value)
    except ValueError:
        raise refusal from None
    if not 0 <= read < HIGHEST or read != round(read, MOST_DECIMALS):
        raise refusal
    written = -int(read.as_tuple().exponent)
    return abs(round(read, min(MOST_DECIMALS, max(0, written))))  # as many decimals as written; no exponent, no -0


def _read(body: Mapping[str, Any]) -> tuple[str, Decimal, bool, bool]:
    if unknown := body.keys() - _FIELDS:
        raise Problem("field_invalid", f"{min(unknown)}: unknown; write {', '.join(sorted(_FIELDS))}")
    unit = body.get("unit")
    if unit in ("product", "month"):
        raise Problem("field_invalid", f"unit: charging by {unit} is not offered yet; write call or cell")
    if unit not in UNITS:
        raise Problem("field_invalid", "unit: write call (per job) or cell (per released value)")
    yuan = amount(body.get("price"), "price")
    trial = body.get("trial", False)
    if not isinstance(trial, bool):
        raise Problem("field_invalid", "trial: write true or false")
    repeat_free = body.get("repeat_free", True)
    if not isinstance(repeat_free, bool):
        raise Problem("field_invalid", "repeat_free: write true or false")
    return unit, yuan, trial, repeat_free
