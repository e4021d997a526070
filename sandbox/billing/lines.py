"""The lines of statements and settlements: usage events, counted, at what their prices say.

A line is product × purpose × unit × yuan a unit (and why it is free): units × yuan, rounded half-up to 0.01 once. A
price with an allowance or tiers has a line for each step that the month reached.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sandbox.billing.rates import parts, stepped
from sandbox.billing.records import Price
from sandbox.billing.regulated import CENT, cents
from sandbox.core.store import Transaction

BY = ("product", "purpose", "unit", "price_number", "price", "free")
ZERO = CENT * 0
Key = tuple[str, str, str, Decimal, str | None]


@dataclass(frozen=True)
class Line:
    """`free` says why nothing is charged (purpose, repeat, included, allowance) or is None; then `amount` = price ×
    quantity, rounded. `jobs` counts usage events, on the first of several steps."""

    product: str
    purpose: str
    unit: str
    price: Decimal
    free: str | None
    jobs: int
    quantity: int
    amount: Decimal

    @property
    def key(self) -> Key:
        return self.product, self.purpose, self.unit, self.price, self.free

    @property
    def exact(self) -> Fraction:
        """The amount before it was rounded."""
        return Fraction(0) if self.free else Fraction(self.price) * self.quantity


class Prices:
    """The prices of products by number, each product's read once."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._known: dict[str, dict[int, Price]] = {}

    def __call__(self, product: str, number: int | None) -> Price | None:
        if number is None:
            return None
        if product not in self._known:
            self._known[product] = {price.number: price for price in self._tx.find(Price, product=product)}
        return self._known[product].get(number)


def drawn(counted: Iterable[Sequence[Any]], prices: Prices) -> list[Line]:
    """Give the lines of one user's month from what was counted: the columns `BY`, number of events, sum of quantities.
    In the order of product, purpose, unit, price, charged before free."""
    jobs: dict[Key, int] = defaultdict(int)
    units: dict[Key, int] = defaultdict(int)
    for product, purpose, unit, number, price, free, events, quantity in counted:
        for place, (yuan, why, part) in enumerate(_steps(prices(product, number), price, free, quantity)):
            key = (product, purpose, unit, yuan, why)
            units[key] += part
            jobs[key] += 0 if place else events
    made = [
        Line(*key, jobs[key], units[key], cents(ZERO if key[4] else Fraction(key[3]) * units[key])) for key in units
    ]
    return sorted(made, key=_order)


def merged(lines: Iterable[Line]) -> list[Line]:
    """Give lines of several users as one list: amounts are sums of what each was charged, so nothing gets lost."""
    found: dict[Key, Line] = {}
    for line in lines:
        held = found.get(line.key)
        found[line.key] = line if held is None else Line(
            *line.key, held.jobs + line.jobs, held.quantity + line.quantity, held.amount + line.amount
        )  # fmt: skip
    return sorted(found.values(), key=_order)


def total(lines: Iterable[Line]) -> Decimal:
    """Give the exact sum of lines."""
    return sum((line.amount for line in lines), ZERO)


def _steps(price: Price | None, yuan: Decimal, free: str | None, quantity: int) -> Iterator[tuple[Any, ...]]:
    """Give (yuan a unit, why free, units): as the events say, or by the steps of their price."""
    if free or price is None or not stepped(price):
        yield yuan, free, quantity
        return
    for place, (each, units) in enumerate(parts(price, quantity)):
        yield (each, "allowance", units) if price.allowance and place == 0 else (each, None, units)


def _order(line: Line) -> tuple[Any, ...]:
    return *astuple(line)[:4], line.free or ""
