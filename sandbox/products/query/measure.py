"""Aggregates to measurements: sensitivities of integers, what is shared, and the noise that shares of the loss buy.

The sensitivities are those of bounded contributions (D² = `Bounds.square`): counts D², distinct units the most groups a
unit touches, sums (M·D)² with M the furthest a row's clamped fixed-point value lies from the centre. An average is a
sum around the middle of its range and a count, each with its own ρ; a statistic has sums of products as well. A square
lies between 0 and M², so that around M²/2 its sum needs half the noise. A quantile of rank a/b is drawn by scores that
a row moves by at most max(a, b−a), which is their M.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from types import MappingProxyType

from sandbox.engines.fixed import from_grains
from sandbox.plan.block import SIGMA_UNIT, WEIGHT, Bounds, Measurement, Mechanism, Norm, What
from sandbox.plan.plan import STATISTICS
from sandbox.plan.scalar import Scalar
from sandbox.privacy import grains, laplace
from sandbox.privacy.calibrate import float_up, sigma_for
from sandbox.privacy.mechanisms import SIGMA_LIMIT
from sandbox.sql.draft import Ask
from sandbox.sql.numbers import arithmetic
from sandbox.sql.results import MOST_ROWS
from sandbox.sql.terms import DIGITS, Term, literal, refuse

MOST_BINS = 1 << 13
WIDEST = 1 << 62  # bins are numbered in 64 bits
LAPLACE_FROM = 1  # of ρ; below, Laplace noise is never the narrower one


@dataclass(frozen=True)
class Need:
    """A measurement without noise: what it adds up, in which fixed point, clamped where, around what; of a quantile
    the width of its bins and its rank; with a `norm` each unit weighed by it, and Δ2 is its cap."""

    what: What
    expr: Scalar | None = None
    scale: int = 0
    lower: int = 0
    upper: int = 0
    centre: int = 0
    shift: int = 0
    rank: tuple[int, int] = (1, 2)
    norm: Norm | None = None

    @property
    def furthest(self) -> int:
        """The most that one row moves the integer – or each score."""
        match self.what:
            case "sum":
                return max(self.upper - self.centre, self.centre - self.lower)
            case "quantile":
                return max(self.rank[0], self.rank[1] - self.rank[0])
            case _:
                return 1

    @property
    def bins(self) -> int:
        return (self.upper - self.lower >> self.shift) + 1

    def most(self, bounds: Bounds) -> int:
        """The most by which one unit moves the integer of one group, or each of its scores; at least 1, so that even a
        constant gets noise."""
        return max(self.furthest * (1 if self.what == "units" else bounds.rows_per_group), 1)

    def total(self, bounds: Bounds) -> int:
        """Δ1: the same over all groups."""
        return max(self.furthest * (min(bounds.groups, bounds.rows) if self.what == "units" else bounds.total), 1)

    def square(self, bounds: Bounds) -> int:
        """Δ2²; at least 1."""
        if self.norm is not None:
            return self.norm.cap**2
        return max(self.furthest**2 * (min(bounds.groups, bounds.rows) if self.what == "units" else bounds.square), 1)


def needs(ask: Ask, rows: int) -> tuple[Need, ...]:
    """Give what `ask` needs to be measured, when a unit has at most `rows` rows: one, or sums and a count, in the order
    of the output that shows it."""
    term = ask.term
    match ask.what:
        case "rows":
            return (Need("rows"),)
        case "units":  # with one row a unit, rows are units
            expr = None if term is None else term.node
            return (Need("units", expr) if rows > 1 else Need("rows") if expr is None else Need("values", expr),)
    assert term is not None
    match ask.what:
        case "values":
            return (count_of(term),)
        case "distinct":
            return (Need("distinct", term.node),)
        case "sum":
            return (_sum(term, centred=False),)
        case "average":
            return (_sum(term, centred=True), count_of(term))
        case "quantile":
            return (_quantile(term, ask.rank),)
        case _:
            terms = {"a": term, "b": ask.second or term}
            return tuple(_part(part, terms) for part in STATISTICS[ask.what])


def _part(part: str, terms: Mapping[str, Term]) -> Need:
    if part == "n":
        return count_of(terms["a"])
    if len(part) == 1:
        return _sum(terms[part], centred=True)
    first, second = (_from_centre(terms[letter]) for letter in part)
    product = arithmetic("*", first, second)
    return _sum(replace(product, low=Decimal(0)) if part in ("aa", "bb") else product, centred=part in ("aa", "bb"))


def _from_centre(term: Term) -> Term:
    need = _sum(term, centred=True)
    centre = from_grains(need.centre, need.scale) if term.type.kind == "decimal" else need.centre
    return arithmetic("-", term, literal(centre)) if centre else term


def count_of(term: Term) -> Need:
    """Give what COUNT(x) needs: shared with COUNT(*) only where registration enforces that x is never NULL."""
    return Need("values", term.node) if term.nullable else Need("rows")


def _bounds(term: Term) -> tuple[int, int]:
    """The range of a number in its own fixed point."""
    assert term.range is not None
    with localcontext(prec=100):
        lower = int(term.range[0].scaleb(term.type.scale).to_integral_value(ROUND_CEILING))
        upper = int(term.range[1].scaleb(term.type.scale).to_integral_value(ROUND_FLOOR))
    return lower, upper


def _sum(term: Term, centred: bool) -> Need:
    lower, upper = _bounds(term)
    if lower > upper or max(abs(lower), abs(upper)) * MOST_ROWS >= 10**DIGITS:
        raise refuse("The sum could need more digits than there are; ask the holder to declare closer bounds.")
    return Need("sum", term.node, term.type.scale, lower, upper, (lower + upper) // 2 if centred else 0)


def _quantile(term: Term, rank: tuple[int, int]) -> Need:
    """Bins as narrow as at most `MOST_BINS` of them allow: more would only make the noise larger."""
    lower, upper = _bounds(term)
    if lower > upper or upper - lower >= WIDEST:
        raise refuse("The bounds are too far apart for a quantile; ask the holder to declare closer ones.")
    shift = max((upper - lower).bit_length() - MOST_BINS.bit_length() + 1, 0)
    return Need("quantile", term.node, term.type.scale, lower, upper, 0, shift, rank)


def measure(
    weights: Mapping[Need, int],
    loss: Decimal,
    bounds: Bounds,
    counted: Need | None,
    pure: bool,
    kept: Mapping[Need, Decimal] = MappingProxyType({}),
) -> tuple[Measurement, ...]:
    """Give the measurements with noise for their shares of `loss`, which is ρ, or ε of a `pure` account. `counted`
    serves a threshold; `kept` are the shares that bounds are predicted to keep, where that is shown. Raises
    epsilon_invalid when a share buys none."""
    made = []
    for need, share in zip(weights, shares(loss, list(weights.values())), strict=True):
        mechanism, sigma, rho = _pure(need, share, bounds) if pure else _noise(need, share, bounds, need == counted)
        finer = WEIGHT if need.norm is not None else 0
        square = need.square(bounds) * 10 ** (2 * finer)
        made.append(
            Measurement(
                need.what, need.expr, need.scale + finer, need.lower, need.upper, need.centre, square, sigma, rho,
                mechanism, need.norm, need.shift, need.rank, kept.get(need, Decimal(1)),
            )
        )  # fmt: skip
    return tuple(made)


def _noise(need: Need, share: Decimal, bounds: Bounds, thresholded: bool) -> tuple[Mechanism, int, Decimal]:
    """The noise with the narrowest interval that a share of ρ pays for; thresholds know the tail of the Gaussian."""
    square = need.square(bounds)
    if need.norm is not None:
        return "gaussian", *sigma_for(square * 10 ** (2 * WEIGHT), share)
    if need.what == "quantile":
        return "exponential", *sigma_for(square, share)
    if thresholded or share < LAPLACE_FROM:
        return "gaussian", *sigma_for(square, share)
    found = laplace.better(square, need.total(bounds), share, need.most(bounds))
    return found.mechanism, found.sigma, found.charged


def _pure(need: Need, share: Decimal, bounds: Bounds) -> tuple[Mechanism, int, Decimal]:
    """The noise that a share of ε pays for: b = Δ1/ε, or t = 2Δ1/ε of a quantile's scores, rounded up."""
    epsilon, quantile = grains.down(share, grains.RHO), need.what == "quantile"
    if epsilon < 1:
        return _noise(need, share, bounds, False)  # refused there
    wanted = need.total(bounds) * (2 if quantile else 1) * SIGMA_UNIT * 10**grains.RHO
    sigma = float_up(-(-wanted // epsilon))
    if sigma > SIGMA_LIMIT:
        raise laplace.too_wide()
    if not quantile:
        return "laplace", sigma, laplace.rho(sigma, need.total(bounds), need.most(bounds))
    spent = Fraction(need.square(bounds) * SIGMA_UNIT**2, 2 * sigma**2)
    return "exponential", sigma, grains.decimal(grains.up(spent, grains.RHO), grains.RHO)


def shares(loss: Decimal, weights: list[int]) -> list[Decimal]:
    """Split a loss by weights, each share rounded down to a grain."""
    with localcontext(prec=60):
        grain = Decimal(1).scaleb(-grains.RHO)
        return [(loss * weight / sum(weights)).quantize(grain, ROUND_DOWN) for weight in weights]
