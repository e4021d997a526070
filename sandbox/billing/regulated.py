"""The regulated formula: permitted revenue, ceilings as one set, deviation, carry-over, shares (发改价格〔2025〕65号).

Pure arithmetic in yuan. Amounts are exact; what is allocated, the profit, and nothing else is rounded, half-up to 0.01.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Literal

from policies.pricing import RULES

CENT = Decimal("0.01")
Who = Literal["operator", "authoriser"]


@dataclass(frozen=True)
class Cost:
    """A cost of one year. `charged` is the share that charged products carry: 1, 0 for costs of free products, which
    are kept apart, or in between for shared cost, by a declared key."""

    category: str
    amount: Decimal
    charged: Fraction = Fraction(1)

    @property
    def allocated(self) -> Decimal:
        """What charged products carry of it; the rest stays with the free ones, so the two add up exactly."""
        return cents(Fraction(self.amount) * self.charged)


@dataclass(frozen=True)
class Permitted:
    """The permitted revenue (最高准许收入) of one year, and what it is made of."""

    operating_cost: Decimal
    rate: Decimal
    profit: Decimal
    taxes: Decimal
    carry_over: Decimal
    revenue: Decimal


def cents(amount: Fraction | Decimal) -> Decimal:
    """Round half-up to 0.01; exact for any size."""
    whole, rest = divmod(abs(Fraction(amount)) * 100, 1)
    rounded = Decimal(int(whole) + (2 * rest >= 1)).scaleb(-2)
    return -rounded if amount < 0 and rounded else rounded


def operating_cost(costs: Iterable[Cost], subsidies: Decimal) -> Decimal:
    """Give the operating cost of charged products, net of subsidies, never below 0."""
    return max(Decimal("0.00"), sum((cost.allocated for cost in costs), Decimal("0.00")) - subsidies)


def permitted(
    costs: Iterable[Cost],
    subsidies: Decimal,
    bond_yield: Decimal,
    margin: Decimal,
    taxes: Decimal,
    carry_over: Decimal = Decimal("0.00"),
) -> Permitted:
    """Give the permitted revenue: cost + cost × (yield + margin) + taxes − what is deducted from an earlier cycle.

    `bond_yield` is the ten-year government bonds' average of the year before the survey. Never below 0. Raises
    ValueError for a margin that the notice does not allow."""
    if not 0 <= margin <= RULES.highest_margin:
        raise ValueError(f"margin: write 0 to {RULES.highest_margin}")
    cost, rate = operating_cost(costs, subsidies), bond_yield + margin
    profit = cents(Fraction(cost) * Fraction(rate))
    return Permitted(cost, rate, profit, taxes, carry_over, max(Decimal("0.00"), cost + profit + taxes - carry_over))


def excess(ceilings: Iterable[tuple[Decimal, int]], revenue: Decimal) -> Decimal:
    """Give by how much Σ ceiling × forecast exceeds the permitted revenue, exactly; 0 or less when it fits."""
    total = sum((Fraction(ceiling) * forecast for ceiling, forecast in ceilings), Fraction(0)) - Fraction(revenue)
    return _exact(total)


def deviation(actual: Decimal, revenue: Decimal) -> Fraction | None:
    """Give (actual − permitted) / permitted, unrounded; None when nothing was permitted, which is said in words."""
    return (Fraction(actual) - Fraction(revenue)) / Fraction(revenue) if revenue else None


def adjusts(found: Fraction | None) -> Who:
    """Say who has to act: the operator on its prices, or beyond the limit the authorising body on the ceilings."""
    within = found is not None and abs(found) <= Fraction(RULES.operator_adjusts_within)
    return "operator" if within else "authoriser"


def carry_over(years: Iterable[tuple[Decimal, Decimal]]) -> Decimal:
    """Give what a cycle of (actual, permitted) years earned beyond what was permitted: deducted in the next."""
    earned = sum((actual - revenue for actual, revenue in years), Decimal("0.00"))
    return max(Decimal("0.00"), earned)


def spread(amount: Decimal, cycles: int) -> list[Decimal]:
    """Give `amount` in that many parts which differ by a cent at most and add up exactly, larger ones first."""
    return list(split(amount, {str(number): Fraction(1, cycles) for number in range(cycles)}).values())


def split(amount: Decimal, shares: Mapping[str, Fraction]) -> dict[str, Decimal]:
    """Divide an amount of whole cents by shares that sum to 1, by largest remainder; parts add up exactly.

    Ties go to who comes first. Raises ValueError when the shares do not sum to 1 or one is negative."""
    if not shares or sum(shares.values()) != 1 or min(shares.values()) < 0:
        raise ValueError("shares: write fractions from 0 on that sum to 1")
    total = int((amount / CENT).to_integral_exact(ROUND_HALF_UP))
    if total * CENT != amount:
        raise ValueError("amount: write whole cents")
    sign, total = (-1, -total) if total < 0 else (1, total)
    exact = {name: share * total for name, share in shares.items()}
    parts = {name: int(value) for name, value in exact.items()}
    by_rest: Sequence[str] = sorted(exact, key=lambda name: parts[name] - exact[name])
    for name in by_rest[: total - sum(parts.values())]:
        parts[name] += 1
    return {name: sign * part * CENT for name, part in parts.items()}


def _exact(value: Fraction) -> Decimal:
    """A fraction that decimals can write, as the decimal it is, with two of them at least."""
    decimals = 2
    while (value * 10**decimals).denominator != 1:
        decimals += 1
    return Decimal(int(value * 10**decimals)).scaleb(-decimals)
