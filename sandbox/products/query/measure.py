"""Aggregates to measurements: sensitivities of integers, what is shared, and how ρ is split.

The sensitivities are those of bounded contributions (D² = `Bounds.square`): counts D², distinct units the most groups a
unit touches, sums (M·D)² with M the furthest a row's clamped fixed-point value lies from the centre. An average is a
sum around the middle of its range and a count, each with its own ρ; a statistic has sums of products as well. A square
lies between 0 and M², so that around M²/2 its sum needs half the noise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal, localcontext
from typing import Literal

from sandbox.engines.fixed import from_grains
from sandbox.plan.block import Bounds, Measurement
from sandbox.plan.ordering import node_key
from sandbox.plan.plan import STATISTICS
from sandbox.plan.scalar import Scalar
from sandbox.privacy.calibrate import sigma_for
from sandbox.sql.draft import Ask
from sandbox.sql.numbers import arithmetic
from sandbox.sql.results import MOST_ROWS
from sandbox.sql.terms import DIGITS, Term, literal, refuse

GRAIN = Decimal("1e-18")  # ρ is counted in these

# The error of an average is √(σ_S² + d²σ_n²)/n with d = |average − centre| ≤ M, and σ_S : σ_n = M : 1 at equal ρ.
# It is least at ρ_n : ρ_S = d : M, which is a half for a value half-way between the middle and an end.
# Under a variance the sums matter alike, the count about half as much.
SHOWN, ONLY_BELOW = 2, 1


@dataclass(frozen=True)
class Need:
    """A measurement without noise: what it adds up, in which fixed point, clamped where, around what."""

    what: Literal["rows", "values", "units", "sum"]
    expr: Scalar | None = None
    scale: int = 0
    lower: int = 0
    upper: int = 0
    centre: int = 0

    def square(self, bounds: Bounds) -> int:
        """Δ2²; at least 1, so that even a constant gets noise."""
        if self.what == "units":
            return min(bounds.groups, bounds.rows)
        furthest = max(self.upper - self.centre, self.centre - self.lower) if self.what == "sum" else 1
        return max(furthest**2 * bounds.square, 1)


def needs(ask: Ask, rows: int) -> tuple[Need, ...]:
    """Give what `ask` needs to be measured, when a unit has at most `rows` rows: one, or sums and a count, in the order
    of the output that shows it."""
    match ask.what:
        case "rows":
            return (Need("rows"),)
        case "units":  # with one row a unit, rows are units
            return (Need("rows" if rows == 1 else "units"),)
        case "values":
            assert ask.term is not None
            return (_count(ask.term),)
        case "sum":
            assert ask.term is not None
            return (_sum(ask.term, centred=False),)
        case "average":
            assert ask.term is not None
            return (_sum(ask.term, centred=True), _count(ask.term))
        case _:
            assert ask.term is not None
            terms = {"a": ask.term, "b": ask.second or ask.term}
            return tuple(_part(part, terms) for part in STATISTICS[ask.what])


def _part(part: str, terms: Mapping[str, Term]) -> Need:
    if part == "n":
        return _count(terms["a"])
    if len(part) == 1:
        return _sum(terms[part], centred=True)
    first, second = (_from_centre(terms[letter]) for letter in part)
    product = arithmetic("*", first, second)
    return _sum(replace(product, low=Decimal(0)) if part in ("aa", "bb") else product, centred=part in ("aa", "bb"))


def _from_centre(term: Term) -> Term:
    need = _sum(term, centred=True)
    centre = from_grains(need.centre, need.scale) if term.type.kind == "decimal" else need.centre
    return arithmetic("-", term, literal(centre)) if centre else term


def _count(term: Term) -> Need:
    """COUNT(x): shared with COUNT(*) only where registration enforces that x is never NULL."""
    return Need("values", term.node) if term.nullable else Need("rows")


def _sum(term: Term, centred: bool) -> Need:
    assert term.range is not None
    scale = term.type.scale
    with localcontext(prec=100):
        lower = int(term.range[0].scaleb(scale).to_integral_value(ROUND_CEILING))
        upper = int(term.range[1].scaleb(scale).to_integral_value(ROUND_FLOOR))
    if lower > upper or max(abs(lower), abs(upper)) * MOST_ROWS >= 10**DIGITS:
        raise refuse("The sum could need more digits than there are; ask the holder to declare closer bounds.")
    return Need("sum", term.node, scale, lower, upper, (lower + upper) // 2 if centred else 0)


def weigh(asks: Iterable[Ask], rows: int, counted: Need | None) -> dict[Need, int]:
    """Give each needed measurement once, in canonical order, with its share of ρ. `counted` serves the threshold."""
    weights: dict[Need, int] = {} if counted is None else {counted: SHOWN}
    for ask in asks:
        for place, need in enumerate(needs(ask, rows)):
            weights[need] = max(weights.get(need, 0), ONLY_BELOW if place and need.what != "sum" else SHOWN)
    return {need: weights[need] for need in sorted(weights, key=node_key)}


def measure(weights: dict[Need, int], rho: Decimal, bounds: Bounds) -> tuple[Measurement, ...]:
    """Give the measurements with noise for their shares of `rho`. Raises epsilon_invalid when a share buys none."""
    return tuple(
        Measurement(need.what, need.expr, need.scale, need.lower, need.upper, need.centre, square, *noise)
        for need, share in zip(weights, shares(rho, list(weights.values())), strict=True)
        for square in (need.square(bounds),)
        for noise in (sigma_for(square, share),)
    )


def shares(rho: Decimal, weights: Sequence[int]) -> list[Decimal]:
    """Split `rho` by weights, each share rounded down to a grain."""
    with localcontext(prec=60):
        return [(rho * weight / sum(weights)).quantize(GRAIN, ROUND_DOWN) for weight in weights]
