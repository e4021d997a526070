"""The change of unit between a leaked column and X: factor and offset, as simple as the values allow.

Reads leak and X only. Robust: up to half of the values may be edited.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from watermarking.leak import Reals

FAR, NEAR = 30.0, 3.0  # median residual in σ: the most that is looked at, and what passes without further proof
LEAST = 0.25  # σ: what marks alone move values by; where X varies little more, they would pass for a unit
FEW, SOME = 8, 16  # matched values below which no other unit, no offset is considered
TOP = 2.0**80


@dataclass(frozen=True)
class Fit:
    """Values are X times `factor` plus `offset`, at a typical distance of `cost` σ; `rank` orders fits, best first: a
    unit of its own must be closer than the product's."""

    factor: Fraction
    offset: Fraction
    cost: float
    rank: float


def fit(z: Reals, x: Reals, sigma: Reals, step: float, units: bool = True) -> Fit | None:
    """Give how the values z show x, whose noise is sigma and which were rounded to step, or None where they do not.
    Without `units` only powers of ten change the unit."""
    known = np.isfinite(x)
    if not known.any():
        return None
    z, x, sigma = z[known], x[known], sigma[known]
    spread = float(np.median(np.abs(x - np.median(x)) / sigma))
    cost = float(np.median(np.abs(z - x) / sigma))
    found: list[Fit] = []
    if cost <= FAR and (cost <= NEAR or 2 * cost <= spread):
        found.append(_fit(z, x, sigma, Fraction(1), Fraction(0), step, 0.0))
    if len(z) >= FEW and (x != 0).any():
        for factor, offset, penalty in _units(z, x, sigma, units):
            cost = float(np.median(np.abs((z - float(offset)) / float(factor) - x) / sigma))
            coarse = step / abs(float(factor)) / float(np.median(sigma))
            if cost <= NEAR + coarse / 2 and FEW * max(cost, LEAST) <= spread:
                found.append(_fit(z, x, sigma, factor, offset, step, penalty))
    return min(found, key=lambda one: one.rank, default=None)


def _units(z: Reals, x: Reals, sigma: Reals, units: bool) -> list[tuple[Fraction, Fraction, float]]:
    """Changes of unit to try, with how many numbers each leaves free: a power of ten (half a number), any factor,
    factor and offset."""
    large = np.abs(x) >= np.median(np.abs(x))
    large &= x != 0
    ratio = float(np.median(z[large] / x[large])) if large.any() else 0.0
    found: list[tuple[Fraction, Fraction, float]] = []
    if ratio and math.isfinite(ratio) and 1 / TOP < abs(ratio) < TOP:
        power = Fraction(10) ** round(math.log10(abs(ratio)))
        if ratio > 0 and abs(ratio / float(power) - 1) < 0.05:
            found.append((power, Fraction(0), 0.5))
        if units:
            slope, error = _slope(z, x, sigma, ratio)
            found.append((_simple(slope, error), Fraction(0), 1.0))
    if units and len(z) >= SOME and (line := _line(z, x, sigma)) is not None:
        found.append((*line, 2.0))
    return [one for one in found if one[0] and (one[0] != 1 or one[1])]


def _slope(z: Reals, x: Reals, sigma: Reals, slope: float) -> tuple[float, float]:
    """Least squares through the origin over the nearer values, and three standard errors."""
    error = abs(slope)
    for _ in range(4):
        kept = _near(z - slope * x, abs(slope) * sigma)
        square = float(np.sum(x[kept] ** 2))
        if not square:
            break
        slope = float(np.sum(z[kept] * x[kept])) / square
        error = 3 * float(np.std(z[kept] - slope * x[kept])) / math.sqrt(square)
        if not slope:
            break
    return slope, error


def _line(z: Reals, x: Reals, sigma: Reals) -> tuple[Fraction, Fraction] | None:
    order = np.argsort(x)
    third = len(x) // 3
    low, high = order[:third], order[-third:]
    run = float(np.median(x[high]) - np.median(x[low]))
    slope = float(np.median(z[high]) - np.median(z[low])) / run if run else 0.0
    if not slope or not 1 / TOP < abs(slope) < TOP:
        return None
    start = float(np.median(z - slope * x))
    rise = at = 0.0
    for _ in range(6):
        kept = _near(z - slope * x - start, abs(slope) * sigma)
        centre = float(np.mean(x[kept]))
        square = float(np.sum((x[kept] - centre) ** 2))
        if not square:
            return None
        slope = float(np.sum((x[kept] - centre) * z[kept])) / square
        start = float(np.mean(z[kept])) - slope * centre
        off = float(np.std(z[kept] - slope * x[kept] - start))
        rise, at = 3 * off / math.sqrt(square), 3 * off / math.sqrt(int(kept.sum()))
    factor = _simple(slope, rise)
    if not factor:
        return None
    kept = _near(z - float(factor) * x - start, abs(slope) * sigma)
    return factor, _simple(float(np.mean(z[kept] - float(factor) * x[kept])), at)


def _near(off: Reals, scale: Reals) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The values whose distance is no more than three typical ones."""
    away = np.abs(off) / scale
    return np.asarray(away <= 3 * np.median(away) + 1e-12, bool)


def _simple(value: float, error: float) -> Fraction:
    """The number with fewest digits within `error`: units are round numbers, or one over a round number."""
    if not value or not math.isfinite(value):
        return Fraction(0)
    for digits in range(1, 16):
        for found in (Fraction(f"{value:.{digits - 1}e}"), 1 / Fraction(f"{1 / value:.{digits - 1}e}")):
            if abs(float(found) - value) <= error:
                return found
    return Fraction(value)


def _fit(z: Reals, x: Reals, sigma: Reals, factor: Fraction, offset: Fraction, step: float, penalty: float) -> Fit:
    offset += _cut(z, x, factor, offset, step)
    cost = trimmed(((z - float(offset)) / float(factor) - x) / sigma)
    free = (1.1 * len(z) ** (1 / len(z))) ** penalty  # as in Schwarz's criterion, and a little more
    return Fit(factor, offset, cost, free * (0.01 + cost))


def _cut(z: Reals, x: Reals, factor: Fraction, offset: Fraction, step: float) -> Fraction:
    """Half a step where values were cut off rather than rounded: all of them lie on one side."""
    off = z - float(offset) - float(factor) * x
    kept = np.sort(off)[len(off) // 20 : len(off) - len(off) // 20]
    error = float(np.std(kept)) / math.sqrt(len(kept))
    middle = float(np.mean(kept))
    if len(kept) < SOME or step <= 2 * float(np.std(kept)) or abs(abs(middle) - step / 2) > max(4 * error, step / 20):
        return Fraction(0)
    return Fraction(step) / 2 * (1 if middle > 0 else -1)


def trimmed(residuals: Reals) -> float:
    """Give the root mean square of the smaller seven tenths: it tells apart what a median cannot, and edited cells do
    not count."""
    kept = np.sort(np.abs(residuals))[: max(1, len(residuals) * 7 // 10)]
    return float(np.sqrt(np.mean(kept**2)))
