"""A series made of the values of its periods: shown against a base or its past, and smoothed. Post-processing of what
was released; costs nothing.

Intervals by the delta method: the noise of each period is its own, so the 95 % half-width of what is made of several
values is √Σ(∂/∂vᵢ · wᵢ)²; first derivatives are carried along with the values. Behind a local level stands a model –
the true value is a random walk – and the interval is its posterior's (Durbin and Koopman 2012, Time Series Analysis by
State Space Methods, chapter 2): the variance of the noise is known, that of the steps the most likely one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sandbox.products.index.specification import IndexSpec, Smoothing

NORMAL = 1.959963984540054
PAST = 3
"""How many values before it a value needs to be compared with them."""
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Shown:
    """A value of the series and the half-width of its 95 % interval; None where there is no such value."""

    value: float | None
    width: float | None


def shaped(spec: IndexSpec, values: Sequence[float], widths: Sequence[float], base: int | None) -> list[Shown]:
    """Give the series of `values` with their 95 % half-widths, in the order of time. `base` is the place of the base
    period among them, None where it is not there."""
    size, noise = len(values), np.asarray(widths, dtype=float)
    moved, slopes = np.array(values, dtype=float), np.eye(size)
    first = 0
    if spec.normalisation == "base":
        if base is None or values[base] == 0:
            return [Shown(None, None)] * size
        moved, slopes = _against(moved, base)
    elif spec.normalisation == "z":
        moved, slopes = _in_deviations(moved)
        first = PAST
    own = np.sqrt((slopes**2) @ (noise**2))
    if spec.smoothing is not None and size > first:
        moved[first:], own[first:] = _smoothed(spec.smoothing, moved[first:], slopes[first:], noise, own[first:])
    told = [Shown(float(value), float(width)) for value, width in zip(moved, own, strict=True)]
    return [Shown(None, None) if place < first or not np.isfinite(told[place].value) else told[place]  # type: ignore[arg-type]
            for place in range(size)]  # fmt: skip


def _against(values: Array, base: int) -> tuple[Array, Array]:
    """The base period is 100 by definition, without an error of its own."""
    slopes = np.eye(len(values)) * 100 / values[base]
    slopes[:, base] -= 100 * values / values[base] ** 2
    return 100 * values / values[base], slopes


def _in_deviations(values: Array) -> tuple[Array, Array]:
    moved, slopes = np.full(len(values), np.nan), np.zeros((len(values), len(values)))
    for place in range(PAST, len(values)):
        past = values[:place]
        mean, spread = past.mean(), past.std(ddof=1)
        if spread == 0:
            continue
        moved[place] = (values[place] - mean) / spread
        slopes[place, place] = 1 / spread
        slopes[place, :place] = -1 / (place * spread) - moved[place] * (past - mean) / ((place - 1) * spread**2)
    return moved, slopes


def _smoothed(how: Smoothing, values: Array, slopes: Array, noise: Array, own: Array) -> tuple[Array, Array]:
    if how.alpha is None:
        return _level(values, (own / NORMAL) ** 2)
    alpha, kept, pulls = float(how.alpha), values.copy(), slopes.copy()
    for place in range(1, len(values)):
        kept[place] = alpha * values[place] + (1 - alpha) * kept[place - 1]
        pulls[place] = alpha * slopes[place] + (1 - alpha) * pulls[place - 1]
    return kept, np.sqrt((pulls**2) @ (noise**2))


def _level(values: Array, noise: Array) -> tuple[Array, Array]:
    """Give the level at each time, from the values so far, and its 95 % half-width. The variance of its steps is the
    most likely one of those tried, 0 among them."""
    moved = float(np.mean(np.diff(values) ** 2)) if len(values) > 1 else 0.0
    tried = [0.0, *(moved * np.logspace(-3, 0.5, 36))]
    _, levels, variances = max((_filtered(values, noise, step) for step in tried), key=lambda one: one[0])
    return levels, NORMAL * np.sqrt(variances)


def _filtered(values: Array, noise: Array, step: float) -> tuple[float, Array, Array]:
    """The Kalman filter of a local level that begins at the first value: its log-likelihood, levels, variances."""
    levels, variances, likely = values.copy(), noise.copy(), 0.0
    for place in range(1, len(values)):
        ahead = variances[place - 1] + step
        total = ahead + noise[place]
        off = values[place] - levels[place - 1]
        gain = ahead / total if total else 1.0
        likely -= (np.log(total) + off**2 / total) / 2 if total else 0.0
        levels[place], variances[place] = levels[place - 1] + gain * off, gain * noise[place]
    return likely, levels, variances
