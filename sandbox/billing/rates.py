"""What units of one price cost: the allowance first, then the price, then its tiers (pure arithmetic, exact).

Units are counted for each user, price and calendar month. What an event costs is the step from the units before it to
those after it, so the events of a month add up to what their sum costs, in whatever order they came.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sandbox.billing.records import Price

NOTHING = Decimal(0)


def steps(price: Price) -> list[tuple[int, Decimal]]:
    """Give (above, yuan) in rising order: each unit beyond `above` costs so much, until the next step."""
    free = [(0, NOTHING)] if price.allowance else []
    return [*free, (price.allowance, price.price), *((one["above"], Decimal(one["price"])) for one in price.tiers)]


def highest(price: Price) -> Decimal:
    """Give the most that a unit costs on any step: what ceilings are held against and reservations reckon with."""
    return max(yuan for _, yuan in steps(price))


def stepped(price: Price | None) -> bool:
    """Say whether what a unit costs depends on how many there were before it."""
    return price is not None and bool(price.allowance or price.tiers)


def parts(price: Price, quantity: int) -> Iterator[tuple[Decimal, int]]:
    """Give (yuan a unit, units) for each step that `quantity` units of a month reach, at least the first; the units sum
    to `quantity`."""
    found = steps(price)
    for (above, yuan), end in zip(found, [*(above for above, _ in found[1:]), quantity], strict=True):
        if quantity > above or not above:
            yield yuan, min(quantity, end) - above


def cost(price: Price, quantity: int) -> Decimal:
    """Give what the first `quantity` units of a month cost, unrounded."""
    return sum((yuan * units for yuan, units in parts(price, quantity)), NOTHING)


def marginal(price: Price, before: int, quantity: int) -> Decimal:
    """Give what `quantity` further units cost when `before` came first, unrounded."""
    return cost(price, before + quantity) - cost(price, before)


def dearest(price: Price, before: int, between: int, quantity: int) -> Decimal:
    """Give the most that `quantity` further units cost when `before` came first and up to `between` others may come
    before them, unrounded: the cost moves evenly between the steps, so only their edges are looked at."""
    last = before + between
    edges = {edge for above, _ in steps(price) for edge in (above, above - quantity) if before < edge < last}
    return max(marginal(price, at, quantity) for at in {before, last} | edges)
