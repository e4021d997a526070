"""Set a price (P3, P4): prices are never changed, only followed by newer ones, and every one is public.

Before ceilings are set prices are trial prices (试行); afterwards they are formal ones, on no step above the
ceiling.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.billing import ceilings
from sandbox.billing.prices import also
from sandbox.billing.rates import highest
from sandbox.billing.records import Price
from sandbox.core.amounts import read_decimal
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.products.records import Product
from sandbox.transparency.journal import Journal

UNITS = {
    "call": "per job",
    "cell": "per released value",
    "month": "per month subscribed",
    "product": "once per subscription",
}
COUNTED = ("call", "cell")
"""Units that may have an allowance and tiers: there are many of them in a month."""
MOST_TIERS = 20
MOST_UNITS = 10**12
LATEST = timedelta(days=366)
HIGHEST = Decimal(10) ** 9
MOST_DECIMALS = 6
_FIELDS = {"unit", "price", "trial", "repeat_free", "allowance", "tiers", "starts"}


def set_price(
    tx: Transaction,
    journal: Journal,
    principal: Principal,
    product_id: str,
    body: Mapping[str, Any],
    expected: int | None = None,
) -> Price:
    """Set the price of an own product from now on, or from `starts`. `expected` is the number of the price that it is
    to follow (If-Match; 0 for none).

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
    price = _read(body, product_id, number + 1, principal.party.id)
    ceilings.check(tx, product, price.unit, highest(price), price.trial)
    tx.add(price)
    public: dict[str, str | int | None] = {
        "product": product_id,
        "number": price.number,
        "unit": price.unit,
        "price": format(price.price, "f"),
        "kind": "trial" if price.trial else "formal",
        "repeats": "free" if price.repeat_free else "charged",
    }
    journal.write(tx, "price.set", public=public | also(price), party=price.set_by, product=product_id)
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


def _read(body: Mapping[str, Any], product: str, number: int, by: str) -> Price:
    if unknown := body.keys() - _FIELDS:
        raise Problem("field_invalid", f"{min(unknown)}: unknown; write {', '.join(sorted(_FIELDS))}")
    unit = body.get("unit")
    if not isinstance(unit, str) or unit not in UNITS:
        said = ", ".join(f"{name} ({meaning})" for name, meaning in UNITS.items())
        raise Problem("field_invalid", f"unit: write one of {said}")
    yuan = amount(body.get("price"), "price")
    allowance = body.get("allowance") or 0
    if not isinstance(allowance, int) or isinstance(allowance, bool) or not 0 <= allowance <= MOST_UNITS:
        raise Problem("field_invalid", "allowance: write how many units a month are free, a whole number from 0 on")
    tiers = _tiers(body.get("tiers") or [], allowance)
    if (allowance or tiers) and unit not in COUNTED:
        raise Problem("field_invalid", f"unit: a price per {unit} has no allowance and no tiers; write call or cell")
    trial, repeat_free = _flag(body, "trial", False), _flag(body, "repeat_free", True)
    return Price(
        new_id("price"), product, number, unit, yuan, trial, repeat_free, by, _starts(body.get("starts")), allowance,
        tiers,
    )  # fmt: skip


def _tiers(given: Any, allowance: int) -> list[dict[str, Any]]:
    """Read [{above, price}]: rising, beyond the allowance."""
    if not isinstance(given, list) or len(given) > MOST_TIERS:
        raise Problem("field_invalid", f"tiers: write a list of at most {MOST_TIERS} of {{above, price}}")
    read, last = [], allowance
    for number, one in enumerate(given):
        if not isinstance(one, Mapping) or one.keys() != {"above", "price"}:
            raise Problem("field_invalid", f"tiers[{number}]: write above (units a month) and price (yuan)")
        above = one["above"]
        if not isinstance(above, int) or isinstance(above, bool) or not last < above <= MOST_UNITS:
            raise Problem("field_invalid", f"tiers[{number}].above: write a whole number of units above {last}")
        read.append({"above": above, "price": format(amount(one["price"], f"tiers[{number}].price"), "f")})
        last = above
    return read


def _flag(body: Mapping[str, Any], name: str, default: bool) -> bool:
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise Problem("field_invalid", f"{name}: write true or false")
    return value


def _starts(given: Any) -> datetime:
    """Read when a price begins: now, or a moment within a year."""
    moment = now()
    if given is None:
        return moment
    said = "starts: write a time to come within a year, with its offset, like 2027-01-01T00:00:00+08:00"
    try:
        read = datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        read = None
    if read is None or read.tzinfo is None or not moment < read <= moment + LATEST:
        raise Problem("field_invalid", said)
    return read.astimezone(UTC)
