"""What each stage sums: one vector of whole numbers of each unit, no longer than the stage says.

Each is a function of its own row and of what was released. Lengths hold by construction – inputs and targets lie
within ±`UNIT`, probabilities between 0 and 1 – and are checked once more on every row: the noise rests on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from sandbox.modelling import predict
from sandbox.modelling.matrix import Matrix, Whole
from sandbox.modelling.solve import Found, forest_of, solve
from sandbox.plan.fitted import BINS, UNIT, Fitted

AT_ONCE = 1 << 15  # units whose vectors are held at a time


class TooLong(Exception):
    """A unit's vector is longer than its stage says: a fault of ours; nothing may leave."""


def sums(fitted: Fitted, units: Matrix, so_far: Found) -> Whole:
    """Give the exact sums of a stage over `units`; `so_far` is what earlier stages released."""
    total = np.zeros(fitted.size, np.int64)
    for start in range(0, len(units.inputs), AT_ONCE):
        part = Matrix(units.inputs[start : start + AT_ONCE], units.target[start : start + AT_ONCE])
        vectors = np.column_stack(list(_columns(fitted, part, so_far)))
        lengths = (vectors.astype(np.float64) ** 2).sum(axis=1)
        if vectors.shape[1] != fitted.size or lengths.max(initial=0.0) > fitted.square * (1 + 1e-9):
            raise TooLong
        total += vectors.sum(axis=0)
    return total


def _columns(fitted: Fitted, units: Matrix, so_far: Found) -> Iterator[Whole]:
    x, y, model = units.inputs, units.target, fitted.model
    one = np.full(len(x), UNIT, np.int64)
    match fitted.stage:
        case "moments":
            z = [one, *x.T, *([y] if model.method == "linear" else [])]
            yield from (z[i] * z[j] for i in range(len(z)) for j in range(i, len(z)))
        case "classes":
            for own in (y == 0, y != 0):
                yield from _of_own(own, [one * UNIT, *(UNIT * x.T), *(x.T**2)])
        case "gradient":
            probability = predict.coarse(solve(model, so_far), x)
            rest = np.clip(np.rint(y - UNIT * probability), -UNIT, UNIT).astype(np.int64)
            yield from (rest * each for each in (one, *x.T))
        case "leaves":
            for leaf in forest_of(model).leaves(x):
                place = 2 * leaf + (y != 0)
                yield from (place[:, None] == np.arange(2 ** (model.depth + 1))).astype(np.int64).T
        case "centres":
            own = predict.nearest(solve(model, so_far), x)
            for cluster in range(model.size):
                yield from _of_own(own == cluster, [one, *x.T])
        case "scores":
            place = np.minimum((predict.coarse(solve(model, so_far), x) * BINS).astype(np.int64), BINS - 1)
            yield from ((place + BINS * (y != 0))[:, None] == np.arange(2 * BINS)).astype(np.int64).T
        case "errors":
            apart = (y - UNIT * predict.values(solve(model, so_far), x)) / 2  # both lie within ±UNIT
            off = np.clip(np.rint(apart), -UNIT, UNIT).astype(np.int64)
            yield from (one * UNIT, UNIT * y, y**2, off**2)
        case "distances":
            away = predict.distances(solve(model, so_far), x).min(axis=1) / (4 * model.inputs)
            yield from (one * UNIT, np.clip(np.rint(away * UNIT**2), 0, UNIT**2).astype(np.int64))


def _of_own(own: np.ndarray, columns: Sequence[Whole]) -> Iterator[Whole]:
    yield from (np.where(own, column, 0) for column in columns)
