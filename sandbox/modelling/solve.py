"""Released sums to a model: post-processing, which costs no privacy. The same sums always give the same model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log, sqrt

import numpy as np

from sandbox.core.canonical import canonical_bytes
from sandbox.modelling.matrix import Reals, Whole
from sandbox.plan.block import SIGMA_UNIT
from sandbox.plan.codec import to_json
from sandbox.plan.fitted import UNIT, Fitted, Model, Stage
from sandbox.plan.plan import Plan

SQUARE = UNIT**2
FARTHEST = 30.0  # of a logit: where noise leaves a weight open it does not run away
RARE = 0.02  # share of a class below which steps are no larger

Found = Mapping[Stage, Sequence[tuple[Fitted, Whole]]]
"""What was released so far, by kind of stage, in order."""


@dataclass(frozen=True)
class Parameters:
    """A model that can predict, in inputs between −1 and 1. `weights`: of a linear or logistic model the constant and
    a weight for each input; of classes the logit of their shares; of trees a logit for each leaf; of clusters a row for
    each centre; of components a row for each direction, after one for the middle. `means` and `widths`: of classes, a
    row each; of components the share of each direction."""

    model: Model
    weights: Reals
    means: Reals | None = None
    widths: Reals | None = None


def found(stages: Sequence[tuple[Fitted, Whole]]) -> dict[Stage, list[tuple[Fitted, Whole]]]:
    """Give stages and their sums by kind."""
    kept: dict[Stage, list[tuple[Fitted, Whole]]] = {}
    for fitted, values in stages:
        kept.setdefault(fitted.stage, []).append((fitted, values))
    return kept


def read_stages(plan: Plan, values: Sequence[Sequence[tuple[int, ...]]]) -> list[tuple[Fitted, Whole]]:
    """Give the stages of a plan with the sums of a base, or of a copy of it: aligned with `plan.fitted`."""
    return [
        (one, np.array([value for (value,) in rows], np.int64))
        for one, rows in zip(plan.fitted, values, strict=True)
        if isinstance(one, Fitted)
    ]


def solve(model: Model, so_far: Found) -> Parameters:
    """Give the model as far as the stages go that are there."""
    match model.method:
        case "linear":
            [(fitted, values)] = so_far["moments"]
            whole = _moments(values)
            weights = _stable(whole[:-1, :-1], _spread(fitted, len(whole)), whole[:-1, -1])
            return Parameters(model, np.clip(weights, -FARTHEST, FARTHEST))
        case "logistic":
            return Parameters(model, _logistic(model, so_far))
        case "naive_bayes":
            return _classes(model, *so_far["classes"][0])
        case "forest":
            return Parameters(model, _leaves(model, *so_far["leaves"][0]))
        case "kmeans":
            return Parameters(model, _centres(model, so_far))
        case "pca":
            return _components(model, *so_far["moments"][0])


def units(so_far: Found) -> float:
    """Give about how many units were fitted to, as the first stage says."""
    for stage, first in (("moments", SQUARE), ("classes", SQUARE), ("leaves", 1), ("centres", UNIT)):
        if kept := so_far.get(stage):  # type: ignore[call-overload]
            fitted, values = kept[0]
            size = fitted.size
            places = {"classes": [0, size // 2], "leaves": range(size // fitted.model.size)}.get(stage, [0])
            if stage == "centres":
                places = range(0, size, size // fitted.model.size)
            return max(float(values[list(places)].sum()) / first, 1.0)
    return 1.0


def _moments(values: Whole) -> Reals:
    """The symmetric matrix of sums of products, in units of 1."""
    size = int((sqrt(8 * len(values) + 1) - 1) / 2)
    whole = np.zeros((size, size))
    whole[np.triu_indices(size)] = values / SQUARE
    return whole + np.triu(whole, 1).T


def _spread(fitted: Fitted, size: int) -> float:
    """About the largest value by which noise moves a symmetric matrix of that many rows, in units of 1."""
    return 2 * sqrt(size) * fitted.sigma / SIGMA_UNIT / SQUARE


def _stable(matrix: Reals, noise: float, right: Reals) -> Reals:
    """Solve with a ridge as large as the noise, so that no direction is made of noise alone."""
    return np.asarray(np.linalg.solve(_positive(matrix, noise), right))


def _positive(matrix: Reals, noise: float) -> Reals:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * (np.maximum(values, 0.0) + max(noise, 1e-6))) @ vectors.T)


def _logistic(model: Model, so_far: Found) -> Reals:
    """Newton's steps with one matrix for all: the moments, weighed by what the variance of the target is about. The
    first gradient is taken at 0 and says how frequent the target is: the constant starts there."""
    weights = np.zeros(model.inputs + 1)
    [(moments, values)] = so_far["moments"]
    whole = _moments(values)
    count = max(whole[0, 0], 1.0)
    share = 0.5
    for place, (fitted, gradient) in enumerate(so_far.get("gradient", ())):
        slope = gradient / SQUARE
        if place == 0:
            share = min(max(0.5 + slope[0] / count, RARE), 1 - RARE)
            weights[0] = log(share / (1 - share))
            continue
        curve = min(0.25, 1.3 * share * (1 - share))
        noise = curve * _spread(moments, len(whole)) + fitted.sigma / SIGMA_UNIT / SQUARE
        inner = _positive(curve * whole, noise)
        pull = noise * np.r_[0.0, weights[1:]] / 4
        weights = np.clip(weights + np.linalg.solve(inner, slope - pull), -FARTHEST, FARTHEST)
    return weights


def _classes(model: Model, fitted: Fitted, values: Whole) -> Parameters:
    """Means and widths of each class, drawn towards those of no data where a class is small against the noise."""
    noise = fitted.sigma / SIGMA_UNIT / SQUARE
    rows = values.reshape(2, -1) / SQUARE
    counts = np.maximum(rows[:, 0], noise)
    shrunk = counts + 2 * noise
    means = np.clip(rows[:, 1 : 1 + model.inputs] / shrunk[:, None], -1, 1)
    squares = (rows[:, 1 + model.inputs :] + noise) / shrunk[:, None]
    widths = np.clip(squares - means**2, 1e-3, 1.0)
    return Parameters(model, np.log(counts / counts.sum()), means, widths)


def _centres(model: Model, so_far: Found) -> Reals:
    draw = np.random.default_rng(_seed(model))
    centres = draw.uniform(-0.7, 0.7, (model.size, model.inputs))
    for fitted, values in so_far.get("centres", ()):
        rows = values.reshape(model.size, -1) / UNIT
        noise = fitted.sigma / SIGMA_UNIT / UNIT
        known = rows[:, 0] > 4 * noise
        moved = np.clip(rows[:, 1:] / np.maximum(rows[:, :1], 1e-9), -1, 1)
        centres = np.where(known[:, None], moved, centres)
    return np.asarray(centres)


def _components(model: Model, fitted: Fitted, values: Whole) -> Parameters:
    whole = _moments(values)
    count = max(whole[0, 0], 1.0)
    middle = whole[0, 1:] / count
    shares, directions = np.linalg.eigh(whole[1:, 1:] / count - np.outer(middle, middle))
    order = np.argsort(-shares)[: model.size]
    directions = directions[:, order].T
    signs = np.sign(directions[np.arange(len(order)), np.abs(directions).argmax(axis=1)])
    total = max(float(np.maximum(shares, 0.0).sum()), 1e-9)
    return Parameters(
        model,
        np.vstack([middle, directions * signs[:, None]]),
        None,
        np.maximum(shares[order], 0.0) / total,
    )


@dataclass(frozen=True)
class Forest:
    """Trees whose questions are chosen without looking at data: for each tree and each of its inner nodes, level by
    level, an input and a threshold in thousandths."""

    asks: Whole
    thresholds: Whole
    depth: int

    def leaves(self, inputs: Whole) -> Iterator[Whole]:
        """Give the leaf of each row, tree by tree."""
        rows = np.arange(len(inputs))
        for asks, thresholds in zip(self.asks, self.thresholds, strict=True):
            node = np.zeros(len(inputs), np.int64)
            for _ in range(self.depth):
                node = 2 * node + 1 + (inputs[rows, asks[node]] > thresholds[node])
            yield node - (2**self.depth - 1)


@lru_cache(maxsize=64)
def forest_of(model: Model) -> Forest:
    """Give the trees of a model, always the same. A threshold lies within what its node can still have."""
    draw = np.random.default_rng(_seed(model))
    inner = 2**model.depth - 1
    asks = draw.integers(0, model.inputs, (model.size, inner))
    thresholds = np.zeros_like(asks)
    ends = [(-UNIT, UNIT) if not feature.options else (0, UNIT) for feature in model.features]
    spans = [end for end, feature in zip(ends, model.features, strict=True) for _ in range(feature.inputs)]
    for tree in range(model.size):
        kept = {0: spans}
        for node in range(inner):
            own, place = kept[node], int(asks[tree, node])
            low, high = own[place]
            cut = int(draw.integers(low, max(high, low + 1)))
            thresholds[tree, node] = cut
            for child, span in ((2 * node + 1, (low, cut)), (2 * node + 2, (cut, high))):
                kept[child] = [span if at == place else each for at, each in enumerate(own)]
    return Forest(asks, thresholds, model.depth)


def _leaves(model: Model, fitted: Fitted, values: Whole) -> Reals:
    """A logit for each leaf of each tree: of small leaves nearly that of all."""
    counts = np.maximum(values.reshape(model.size, -1, 2).astype(np.float64), 0.0)
    overall = counts.sum(axis=(0, 1)) + 1.0
    share = overall[1] / overall.sum()
    prior = 2 * fitted.sigma / SIGMA_UNIT + 1.0
    positive = (counts[:, :, 1] + prior * share) / (counts.sum(axis=2) + prior)
    return np.asarray(np.log(positive / (1 - positive)))


def _seed(model: Model) -> int:
    """What decides all that is chosen without looking at data: what the model is, nothing else."""
    shape = [to_json(part) for part in (model.features, model.target, model.method, model.size, model.depth)]
    return int.from_bytes(hashlib.sha256(canonical_bytes(shape)).digest()[:8], "big")
