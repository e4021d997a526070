"""Variance and its kin from noisy sums: the value, the bounds that nature sets it, and how far off it may be.

Everything is in the whole steps of the measurements; generic over numbers, so that values are exact (fractions) and
widths quick (floats).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from math import hypot, sqrt
from typing import Protocol, TypeVar

from sandbox.plan.block import Measurement
from sandbox.plan.plan import STATISTICS

Number = TypeVar("Number", Fraction, float)


class Centred(Protocol):
    """A sum around its centre."""

    @property
    def centre(self) -> int: ...


def value(what: str, parts: Sequence[Measurement], sums: Sequence[int], decimals: int) -> Decimal | None:
    """Give the statistic of released `sums`, kept where such a statistic can be; NULL when the rows cannot have one
    (too few, or all alike)."""
    raw = statistic(what, parts, [Fraction(one) for one in sums])
    if raw is None:
        return None
    low, high = _reach(what, parts, sums[-1])
    kept = min(max(raw, low), high)
    with localcontext(prec=100):
        exact = (Decimal(kept.numerator) / Decimal(kept.denominator)).scaleb(-_scale(what, parts))
        if what.startswith("stddev"):
            exact = (Decimal(kept.numerator) / Decimal(kept.denominator)).sqrt().scaleb(-_scale(what, parts))
        return exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN) + 0


def half_width(
    what: str, parts: Sequence[Measurement], sums: Sequence[int], widths: Sequence[float], marks: Sequence[float]
) -> float:
    """Give by how much the statistic may be off when each sum may be by its own of `widths`: what each one moves it,
    combined as independent errors; at most the whole range. A deviation is off as far as its variance lets it be; one
    that may be 0 is that far from it in a copy, whose sums are `marks` away from those of the base."""
    low, high = _range(what, parts, sums)
    unit = 10.0 ** -_scale(what, parts)
    by_part = moves(what, parts, sums, widths)
    width = min(hypot(*by_part), high - low)
    if not what.startswith("stddev"):
        return width * unit
    spread = min(max(statistic(what, parts, [float(one) for one in sums]) or 0.0, 0.0), high)
    marked = sum(abs(move) * mark / step for move, mark, step in zip(by_part, marks, widths, strict=True))
    below = sqrt(spread) - sqrt(spread - width) if spread > width else sqrt(spread + marked)
    return min(max(sqrt(spread + width) - sqrt(spread), below), sqrt(high)) * unit


def moves(what: str, parts: Sequence[Measurement], sums: Sequence[int], widths: Sequence[float]) -> Sequence[float]:
    """Give by how much each sum, off by its own of `widths`, moves the statistic, of a deviation its square, upwards
    or downwards, whichever is more; signed."""
    low, high = _range(what, parts, sums)
    values = [float(one) for one in sums]
    here = statistic(what, parts, values)

    def moved(place: int, step: float) -> float:
        there = statistic(what, parts, [one + step * (i == place) for i, one in enumerate(values)])
        return high - low if here is None or there is None else there - here

    both = [(moved(place, step), moved(place, -step)) for place, step in enumerate(widths)]
    return [up if abs(up) >= abs(down) else -down for up, down in both]


def _range(what: str, parts: Sequence[Measurement], sums: Sequence[int]) -> tuple[float, float]:
    low, high = _reach(what, parts, max(sums[-1], 1))
    return float(low), float(high)


def statistic(what: str, parts: Sequence[Centred], sums: Sequence[Number]) -> Number | None:
    """Give the statistic as the sums have it, which noise may put anywhere; the variance for a deviation."""
    count = sums[-1]
    if count <= (1 if what.endswith("_samp") else 0):
        return None
    names = STATISTICS[what]
    mean = {name: one / count for name, one in zip(names, sums, strict=True)}  # of products: around their centre
    for name, part in zip(names, parts, strict=True):
        if len(name) == 2:
            mean[name] += part.centre
            mean[name] -= mean[name[0]] * mean[name[1]]
    match what:
        case "var_pop" | "stddev_pop" | "covar_pop":
            return mean[names[0]]
        case "var_samp" | "stddev_samp" | "covar_samp":
            return mean[names[0]] * count / (count - 1)
        case "regr_sxx" | "regr_syy" | "regr_sxy":
            return mean[names[0]] * count
        case "corr" | "regr_r2":
            if mean["aa"] <= 0 or mean["bb"] <= 0:
                return None
            return mean["ab"] / _root(mean["aa"] * mean["bb"]) if what == "corr" else _share(mean)
    if mean["bb"] <= 0:
        return None
    slope = mean["ab"] / mean["bb"]
    if what == "regr_slope":
        return slope
    a, b = (parts[names.index(name)].centre + mean[name] for name in ("a", "b"))
    return a - slope * b


def _share(mean: dict[str, Number]) -> Number:
    return mean["ab"] * mean["ab"] / (mean["aa"] * mean["bb"])


def _reach(what: str, parts: Sequence[Measurement], count: int) -> tuple[Fraction, Fraction]:
    """Where the statistic of any rows lies: a variance within (range/2)², a covariance by the product of such (Grüss),
    twice that for two rows of a sample; a sum of squares within as many of them as there are rows; no slope is steeper
    than the whole range over one step."""
    named = dict(zip(STATISTICS[what], parts, strict=True))
    spread = {name: Fraction(named[name].upper - named[name].lower) for name in ("a", "b") if name in named}
    far = spread["a"]
    most = far * spread.get("b", far) / (2 if what.endswith("_samp") else 4)
    match what:
        case "corr" | "regr_r2":
            most = Fraction(1)
        case "regr_sxx" | "regr_syy" | "regr_sxy":
            most *= max(count, 0)
        case "regr_slope":
            most = far
        case "regr_intercept":
            largest = [max(abs(named[name].lower), abs(named[name].upper)) for name in ("a", "b")]
            most = largest[0] + far * largest[1]
    return (Fraction(0) if STATISTICS[what][0] == "aa" or what == "regr_r2" else -most), most


def _scale(what: str, parts: Sequence[Measurement]) -> int:
    """The decimals of the unit in which the statistic is computed, for a deviation after the root."""
    scale = {name: part.scale for name, part in zip(STATISTICS[what], parts, strict=True)}
    match what:
        case "stddev_pop" | "stddev_samp" | "regr_intercept":
            return scale["a"]
        case "regr_slope":
            return scale["a"] - scale["b"]
        case "corr" | "regr_r2":
            return 0
        case _:
            return scale[STATISTICS[what][0]]


def _root(number: Number) -> Number:
    if isinstance(number, float):
        return sqrt(number)
    with localcontext(prec=100):
        return Fraction((Decimal(number.numerator) / Decimal(number.denominator)).sqrt())
