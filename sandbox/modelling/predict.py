"""What a model says of inputs in thousandths. Pure functions of numpy.

What it says of a row is computed from that row alone, number by number: a product of matrices may add up a row in
another order when other rows stand beside it, and the last bit of a unit's number would tell who else is there."""

from __future__ import annotations

from functools import cache

import numpy as np

from sandbox.modelling.matrix import Reals, Whole
from sandbox.modelling.solve import FARTHEST, Parameters, forest_of
from sandbox.plan.fitted import UNIT

STEPS = 1024


def logits(fit: Parameters, inputs: Whole) -> Reals:
    """Give the logit of the probability that the target is positive."""
    x = inputs / UNIT
    found = np.zeros(len(inputs))
    match fit.model.method:
        case "logistic":
            found = _weighed(fit.weights, x)
        case "forest":
            for own, leaf in zip(fit.weights, forest_of(fit.model).leaves(inputs), strict=True):
                found += own[leaf]
            found /= fit.model.size
        case _:
            assert fit.means is not None and fit.widths is not None
            for sign, start, means, widths in zip((-1, 1), fit.weights, fit.means, fit.widths, strict=True):
                found += sign * (start - float(np.log(widths).sum()) / 2)
                for place in range(x.shape[1]):
                    found -= sign * (x[:, place] - means[place]) ** 2 / (2 * widths[place])
    return np.asarray(np.clip(found, -FARTHEST, FARTHEST))


def coarse(fit: Parameters, inputs: Whole) -> Reals:
    """Give the probability of a logit rounded to 1/`STEPS`, looked up: no function of libraries is asked row by row."""
    steps = np.rint(logits(fit, inputs) * STEPS).astype(np.int64)
    return np.asarray(_table()[steps + int(FARTHEST * STEPS)])


def scores(fit: Parameters, inputs: Whole) -> Reals:
    """Give the probability that the target is positive."""
    return np.asarray(1 / (1 + np.exp(-logits(fit, inputs))))


def values(fit: Parameters, inputs: Whole) -> Reals:
    """Give what a linear model predicts, between −1 and 1 as the target is counted."""
    return np.asarray(np.clip(_weighed(fit.weights, inputs / UNIT), -1, 1))


def distances(fit: Parameters, inputs: Whole) -> Reals:
    """Give the squared distance of each row to each centre."""
    found = np.zeros((len(inputs), len(fit.weights)))
    for place in range(inputs.shape[1]):
        found += (inputs[:, place, None] / UNIT - fit.weights[None, :, place]) ** 2
    return found


def nearest(fit: Parameters, inputs: Whole) -> Whole:
    """Give the number of the nearest centre."""
    return np.asarray(distances(fit, inputs).argmin(axis=1), np.int64)


def coordinates(fit: Parameters, inputs: Whole) -> Reals:
    """Give each row along the directions of the components."""
    return np.asarray((inputs / UNIT - fit.weights[0]) @ fit.weights[1:].T)


def _weighed(weights: Reals, x: Reals) -> Reals:
    """A constant and weighed inputs, added up in their order."""
    found = np.full(len(x), weights[0])
    for place in range(x.shape[1]):
        found += weights[place + 1] * x[:, place]
    return found


@cache
def _table() -> Reals:
    most = int(FARTHEST * STEPS)
    return np.asarray(1 / (1 + np.exp(-np.arange(-most, most + 1) / STEPS)))
