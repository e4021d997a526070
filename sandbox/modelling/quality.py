"""What a model's released sums say of it: how well it does, what it goes by, and how far noise may move that.

Post-processing. Half-widths are found by adding the same noise once more, some times over, and seeing what it does."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from math import sqrt

import numpy as np

from sandbox.modelling.matrix import Reals, Whole
from sandbox.modelling.solve import Found, Parameters, forest_of, found, solve, units
from sandbox.plan.block import SIGMA_UNIT
from sandbox.plan.fitted import BINS, UNIT, Feature, Fitted, Model

AGAIN = 60
"""How often noise is added once more."""
TENTHS = 10

Stages = Sequence[tuple[Fitted, Whole]]
Row = tuple[str, str]


def measured(model: Model, stages: Stages) -> dict[Row, float | None]:
    """Give the rows of the answer: `model.shown` says which; None where noise leaves nothing to be said."""
    so_far = found(stages)
    fit = solve(model, so_far)
    said: dict[Row, float | None] = {("size", "units"): round(units(so_far))}
    if kept := so_far.get("scores"):
        said |= _scores(*kept[0])
    if kept := so_far.get("errors"):
        said |= _errors(model, kept[0][1])
    if kept := so_far.get("distances"):
        values = kept[0][1]
        said["quality", "distance"] = float(max(values[1], 0) / max(values[0], UNIT**2))
    reasons = _reasons(fit, so_far)
    said |= {("reason", feature.name): reason for feature, reason in zip(model.features, reasons, strict=True)}
    if model.method == "pca" and fit.widths is not None:
        said |= {("share", f"component {n + 1}"): float(share) for n, share in enumerate(fit.widths)}
    said |= {("weight", name): weight for name, weight in weights(fit).items()}
    return {row: said.get(row) for row in model.shown}


def widths(model: Model, stages: Stages) -> dict[Row, float | None]:
    """Give the 95 % half-width of each row, of the noise alone; the same sums always give the same."""
    seed = hashlib.sha256(b"".join(values.astype("<i8").tobytes() for _, values in stages)).digest()
    draw = np.random.default_rng(int.from_bytes(seed[:8], "big"))
    tries = []
    for _ in range(AGAIN):
        moved = [(one, values + np.rint(draw.normal(0, one.sigma / SIGMA_UNIT, one.size))) for one, values in stages]
        tries.append(measured(model, moved))
    half: dict[Row, float | None] = {}
    for row in model.shown:
        seen = [value for one in tries if (value := one[row]) is not None]
        half[row] = 1.96 * float(np.std(seen, ddof=1)) if len(seen) > AGAIN // 2 else None
    return half


def _scores(fitted: Fitted, values: Whole) -> dict[Row, float | None]:
    """Of counts of scores by class: area under the ROC curve, largest distance of the two distributions (KS), mean
    squared error of the probability (Brier), and the share of positives for each tenth of the scores."""
    counts = np.maximum(values.reshape(2, BINS).astype(np.float64), 0.0)
    noise = fitted.sigma / SIGMA_UNIT
    said: dict[Row, float | None] = {}
    middle = (np.arange(BINS) + 0.5) / BINS
    of_class, all_of_them = counts.sum(axis=1), float(counts.sum())
    if of_class.min() > 4 * noise * sqrt(BINS):
        below, above = counts / of_class[:, None]
        said["quality", "auc"] = float(above @ (np.cumsum(below) - below / 2))
        said["quality", "ks"] = float(np.abs(np.cumsum(below) - np.cumsum(above)).max())
        said["quality", "brier"] = float((counts[0] @ middle**2 + counts[1] @ (1 - middle) ** 2) / all_of_them)
    for tenth, part in enumerate(counts.reshape(2, TENTHS, -1).sum(axis=2).T):
        enough = part.sum() > 4 * noise * sqrt(2 * BINS / TENTHS)
        row = ("calibration", f"{tenth / TENTHS:.1f}-{(tenth + 1) / TENTHS:.1f}")
        said[row] = float(part[1] / part.sum()) if enough else None
    return said


def _errors(model: Model, values: Whole) -> dict[Row, float | None]:
    """Of sums of 1, y, y² and squared halves of errors: R², and the root mean square in the target's unit."""
    assert model.target is not None
    count, total, squares, off = (float(value) / UNIT**2 for value in values)
    count, off = max(count, 1.0), max(4 * off, 0.0)  # halves are summed
    spread = squares - total**2 / count
    half = float(model.target.upper - model.target.lower) / 2
    return {
        ("quality", "r2"): 1 - off / spread if spread > 0 else None,
        ("quality", "error"): sqrt(off / count) * half,
    }


def _reasons(fit: Parameters, so_far: Found) -> list[float]:
    """Give for each feature its share of what moves the model."""
    model = fit.model
    match model.method:
        case "linear" | "logistic":
            own = np.abs(fit.weights[1:]) * _spreads(model, so_far)
        case "naive_bayes":
            assert fit.means is not None and fit.widths is not None
            own = np.abs(fit.means[1] - fit.means[0]) / np.sqrt(fit.widths.mean(axis=0))
        case "forest":
            own = _splits(fit, so_far["leaves"][0][1])
        case "kmeans":
            own = fit.weights.var(axis=0)
        case "pca":
            assert fit.widths is not None
            own = fit.widths @ fit.weights[1:] ** 2
    parts, at = [], 0
    for feature in model.features:
        parts.append(float(own[at : at + feature.inputs].sum()))
        at += feature.inputs
    whole = sum(parts)
    return [part / whole if whole > 0 else 0.0 for part in parts]


def _spreads(model: Model, so_far: Found) -> Reals:
    """The standard deviation of each input."""
    _, values = so_far["moments"][0]
    wide = model.inputs + 1 + (model.method == "linear")
    diagonal = np.cumsum([0, *range(wide, 1, -1)])[1 : model.inputs + 1]
    count = max(float(values[0]), UNIT**2)
    means = values[1 : model.inputs + 1] / count
    return np.asarray(np.sqrt(np.maximum(values[diagonal] / count - means**2, 0.0)))


def _splits(fit: Parameters, values: Whole) -> Reals:
    """How much each question of the trees tells leaves apart, by the units that it is put to."""
    model, forest = fit.model, forest_of(fit.model)
    own = np.zeros(model.inputs)
    counts = np.maximum(values.reshape(model.size, -1, 2).sum(axis=2).astype(np.float64), 0.0)
    for asks, leaves, sizes in zip(forest.asks, fit.weights, counts, strict=True):
        level, number, size = leaves, 2**model.depth - 1, sizes
        while len(level) > 1:
            number -= len(level) // 2
            (left, right), (few, more) = level.reshape(-1, 2).T, size.reshape(-1, 2).T
            both = np.maximum(few + more, 1.0)
            np.add.at(own, asks[number : number + len(left)], few * more / both * (left - right) ** 2)
            level, size = (left * few + right * more) / both, few + more
    return own


def weights(fit: Parameters) -> dict[str, float]:
    """Give constant and weights in the units of the columns; nothing for other models than linear and logistic ones."""
    model = fit.model
    if model.method not in ("linear", "logistic"):
        return {}
    middle, half = _scale(model.target) if model.method == "linear" and model.target else (0.0, 1.0)
    constant, said, at = float(fit.weights[0]), {}, 1
    for feature in model.features:
        for name in feature.inputs_named:
            weight = float(fit.weights[at])
            own_middle, own_half = (0.0, 1.0) if feature.options else _scale(feature)
            said[name] = half * weight / own_half
            constant -= weight * own_middle / own_half
            at += 1
    return {"constant": middle + half * constant, **said}


def _scale(feature: Feature) -> tuple[float, float]:
    low, high = float(feature.lower), float(feature.upper)
    return (low + high) / 2, (high - low) / 2
