"""Parameters that leave a model as a file, as one row of numbers; how far noise moves each; and a recipient's marks in
them: what is moved, by which signs, and what a leaked row shows of these signs.

A parameter is moved by Σ ± s/2ᵇ over its places b = 1 …, with s so that the mean square is 9 % of that of the noise, as
in tables. Few parameters get many places each: then marks stand in digits far below the noise too, which a file that is
left as it was shows, and one that was rounded does not."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from math import sqrt

import numpy as np

from sandbox.modelling.matrix import Reals, Whole
from sandbox.modelling.solve import Parameters, found, read_stages, solve
from sandbox.plan.block import SIGMA_UNIT
from sandbox.plan.fitted import Digits, Fitted, Model
from sandbox.plan.plan import Plan

STRENGTH = 0.3
"""Root mean square of what marks move a parameter by, in standard deviations of what noise does to it."""
AGAIN = 60
"""How often noise is added once more."""


def exported(fit: Parameters) -> tuple[Reals, ...]:
    """Give the arrays of parameters that a file holds, in their order and shape."""
    match fit.model.method:
        case "linear" | "logistic":
            return fit.weights[1:, None], fit.weights[:1]
        case "naive_bayes":
            assert fit.means is not None and fit.widths is not None
            inverse = 1 / fit.widths
            plain = fit.means[1] * inverse[1] - fit.means[0] * inverse[0]
            rest = fit.weights - (fit.means**2 * inverse + np.log(fit.widths)).sum(axis=1) / 2
            return ((inverse[0] - inverse[1]) / 2)[:, None], plain[:, None], np.array([rest[1] - rest[0]])
        case "pca":
            return fit.weights[:1], fit.weights[1:].T
        case _:
            return (fit.weights,)


def flat(arrays: Sequence[Reals]) -> Reals:
    """Give arrays of parameters as one row."""
    return np.concatenate([array.ravel() for array in arrays])


def shaped(row: Reals, like: Sequence[Reals]) -> tuple[Reals, ...]:
    """Give a row of parameters as arrays again, shaped `like` these."""
    ends = np.cumsum([array.size for array in like])[:-1]
    return tuple(part.reshape(array.shape) for part, array in zip(np.split(row, ends), like, strict=True))


def spreads(model: Model, stages: Sequence[tuple[Fitted, Whole]]) -> Reals:
    """Give about the standard deviation of what noise does to each parameter: noise is added once more, some times
    over. The same sums always give the same. Where a few times make a large difference the usual ones count."""
    seed = hashlib.sha256(b"exported" + b"".join(values.astype("<i8").tobytes() for _, values in stages)).digest()
    draw = np.random.default_rng(int.from_bytes(seed[:8], "big"))
    tries = []
    for _ in range(AGAIN):
        moved = [(one, values + np.rint(draw.normal(0, one.sigma / SIGMA_UNIT, one.size))) for one, values in stages]
        tries.append(flat(exported(solve(model, found(moved)))))
    seen = np.array(tries)
    usual = 1.4826 * np.median(np.abs(seen - np.median(seen, axis=0)), axis=0)
    return np.asarray(np.minimum(seen.std(axis=0, ddof=1), usual))


def steps(spread: Reals, places: Digits) -> Reals:
    """Give by how much the signs of each place (columns) move each parameter (rows)."""
    halves = 0.5 ** np.arange(1, places.digits + 1)
    return STRENGTH * spread[:, None] * halves / sqrt(float((halves**2).sum()))


def moves(spread: Reals, places: Digits, copy: Sequence[int]) -> Reals:
    """Give by how much a copy's marks move each parameter."""
    signs = np.sign(np.array(copy, np.int64) - np.array(places.base, np.int64)).reshape(places.count, places.digits)
    return np.asarray((signs * steps(spread, places)).sum(axis=1))


def signs_of(away: Reals, grain: Reals, spread: Reals, places: Digits) -> Reals:
    """Give what the differences `away` of leaked parameters from unmarked ones show of the sign in each place: ±1 where
    all fits, NaN in places below `grain`, the step of the leak's rounding. Made without any recipient's key."""
    step = steps(spread, places)
    left, shown = away.copy(), np.full(step.shape, np.nan)
    for place in range(places.digits):
        told = (step[:, place] >= grain) & (step[:, place] > 0) & np.isfinite(away)
        sign = np.where(left >= 0, 1.0, -1.0)
        shown[told, place] = sign[told]
        left = np.where(told, left - sign * step[:, place], left)
    # what the signs do not explain moves all of them, the finer ones farther, so that noise shows as noise
    rest = np.divide(left[:, None], step, out=np.zeros_like(step), where=step > 0)
    return np.asarray(shown + rest)


def moved(
    plan: Plan, base: Sequence[Sequence[tuple[int, ...]]], copy: Sequence[Sequence[tuple[int, ...]]]
) -> tuple[Reals, ...] | None:
    """Give the parameters of a recipient's file, of the base's sums and what the copy has in the places of their marks;
    None where no parameters leave, or the plan is older than these places."""
    number = next((place for place, one in enumerate(plan.fitted) if isinstance(one, Digits)), None)
    if number is None:
        return None
    places, stages = plan.fitted[number], read_stages(plan, base)
    assert isinstance(places, Digits)
    model = plan.stages[0].model
    arrays = exported(solve(model, found(stages)))
    away = moves(spreads(model, stages), places, [value for (value,) in copy[number]])
    return shaped(flat(arrays) + away, arrays)
