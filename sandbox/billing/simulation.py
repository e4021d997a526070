"""What-if: permitted revenue, ceilings and deviation over a cycle, from costs, forecasts and elasticities (pure).

Each year the costs grow, users react to the price by its elasticity, and whoever has to act does so for the year that
follows: up to the limit the operator brings its prices towards the permitted revenue, beyond it ceilings follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from policies.pricing import RULES
from sandbox.billing.regulated import CENT, Cost, adjusts, carry_over, cents, deviation, excess, permitted

UNIT_PRICE = Decimal("0.000001")
MOST_YEARS = 10


@dataclass(frozen=True)
class Offered:
    """A product and unit: its ceiling, price, how many units are forecast at the ceiling, how demand answers to price
    (−0.5: one percent dearer, half a percent less) and grows by itself each year."""

    name: str
    ceiling: Decimal
    price: Decimal
    forecast: int
    elasticity: Decimal = Decimal(0)
    growth: Decimal = Decimal(0)


@dataclass(frozen=True)
class Year:
    """One simulated year in yuan; `excess` is by how much ceilings × forecasts exceed what is permitted (0 or less:
    they fit)."""

    number: int
    permitted: Decimal
    excess: Decimal
    actual: Decimal
    deviation: Fraction | None
    who: str
    products: tuple[tuple[Offered, int, Decimal], ...]


@dataclass(frozen=True)
class Course:
    """A simulated cycle, and what it carries over."""

    years: tuple[Year, ...]
    carry_over: Decimal


def simulate(
    costs: Sequence[Cost],
    figures: Mapping[str, Decimal],
    offered: Sequence[Offered],
    years: int | None = None,
    cost_growth: Decimal = Decimal(0),
) -> Course:
    """Run a cycle. `figures`: subsidies, taxes, bond_yield, margin, carry_over – the last one only in the first year.

    Raises ValueError for figures that the notice does not allow, and for more years than can be foreseen.
    """
    length = RULES.longest_cycle if years is None else years
    if not 1 <= length <= MOST_YEARS:
        raise ValueError(f"years: write 1 to {MOST_YEARS}")
    found: list[Year] = []
    present = list(offered)
    for number in range(1, length + 1):
        found.append(_year(number, _grown(costs, cost_growth, number - 1), figures, present))
        present = [_next(found[-1], one) for one in present]
    return Course(tuple(found), carry_over((one.actual, one.permitted) for one in found))


def _year(number: int, costs: Sequence[Cost], figures: Mapping[str, Any], offered: Sequence[Offered]) -> Year:
    revenue = permitted(
        costs, figures["subsidies"], figures["bond_yield"], figures["margin"], figures["taxes"],
        carry_over=figures["carry_over"] if number == 1 else CENT * 0,
    ).revenue  # fmt: skip
    sold = [(one, _units(one, number)) for one in offered]
    rows = tuple((one, units, cents(Fraction(one.price) * units)) for one, units in sold)
    actual = sum((amount for _, _, amount in rows), CENT * 0)
    found = deviation(actual, revenue)
    over = excess([(one.ceiling, one.forecast) for one in offered], revenue)
    return Year(number, revenue, over, actual, found, adjusts(found), rows)


def _grown(costs: Sequence[Cost], growth: Decimal, years: int) -> list[Cost]:
    factor = (1 + Fraction(growth)) ** years
    return [Cost(one.category, cents(Fraction(one.amount) * factor), one.charged) for one in costs]


def _units(one: Offered, year: int) -> int:
    """Units sold: the forecast at the ceiling, more where the price is lower, growing year by year; whole ones."""
    drawn = Decimal(one.forecast) * (1 + one.growth) ** (year - 1)
    if one.elasticity and one.price and one.ceiling:
        drawn *= (one.price / one.ceiling) ** one.elasticity
    return int(drawn.to_integral_value(ROUND_HALF_UP))


def _next(year: Year, one: Offered) -> Offered:
    """What a product costs in the next year. Prices never pass their ceilings."""
    if not year.deviation or not year.actual:  # nothing permitted, nothing earned, nothing to put right
        return one
    factor = 1 / (1 + Decimal(year.deviation.numerator) / Decimal(year.deviation.denominator))
    ceiling = _down(one.ceiling * factor) if year.who == "authoriser" else one.ceiling
    return Offered(one.name, ceiling, min(_down(one.price * factor), ceiling), one.forecast, one.elasticity, one.growth)


def _down(yuan: Decimal) -> Decimal:
    return yuan.quantize(UNIT_PRICE, ROUND_FLOOR)
