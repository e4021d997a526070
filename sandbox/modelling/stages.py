"""Which stages a model takes, how long one unit's vector is in each, and how the loss is shared among them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import ceil

from sandbox.plan.fitted import UNIT, Digits, Fitted, Model, Stage

Noise = Callable[[int, Decimal], tuple[int, Decimal]]
MOMENTS = Decimal("0.25")
"""The share of the loss that a logistic model's moments take; its gradients share the rest."""
WANTED, MOST = 64, 8
"""Places that a model should have for marks, and the most of one parameter."""


def fitting(model: Model) -> list[tuple[Stage, int, Decimal]]:
    """Give the stages that fit a model: kind, number, share of the loss."""
    match model.method:
        case "linear" | "pca":
            return [("moments", 0, Decimal(1))]
        case "naive_bayes":
            return [("classes", 0, Decimal(1))]
        case "forest":
            return [("leaves", 0, Decimal(1))]
        case "kmeans":
            return [("centres", number, 1 / Decimal(model.steps)) for number in range(model.steps)]
        case "logistic":
            rest = (1 - MOMENTS) / model.steps
            steps: list[tuple[Stage, int, Decimal]] = [("gradient", number, rest) for number in range(model.steps)]
            return [("moments", 0, MOMENTS), *steps]


def evaluating(model: Model) -> Stage | None:
    """Give the stage that evaluates a model; components need none, their moments say it."""
    if model.decides:
        return "scores"
    return {"linear": "errors", "kmeans": "distances"}.get(model.method)  # type: ignore[return-value]


def square(model: Model, stage: Stage) -> int:
    """Give the largest squared length of one unit's vector: inputs and targets are at most `UNIT`."""
    inputs, fourth = model.inputs, UNIT**4
    match stage:
        case "moments":  # products of pairs of z = (1, x, y), each pair once
            wide = inputs + 1 + (model.method == "linear")
            return fourth * wide * (wide + 1) // 2
        case "classes":  # 1, x and x² of its own class
            return fourth * (1 + 2 * inputs)
        case "gradient":  # the rest times (1, x)
            return fourth * (1 + inputs)
        case "leaves":  # one leaf of each tree
            return model.size
        case "centres":  # 1 and x of its own cluster
            return UNIT**2 * (1 + inputs)
        case "scores":  # one bin
            return 1
        case "errors":
            return 4 * fourth
        case "distances":
            return 2 * fourth


def blocks(model: Model, fit: Decimal, evaluate: Decimal, noise: Noise) -> tuple[Fitted, ...]:
    """Give the stages of a model that costs ρ `fit`, and ρ `evaluate` for its evaluation. `noise` gives σ and loss of a
    squared length and a share."""
    stages = [(stage, number, share * fit) for stage, number, share in fitting(model)]
    last = evaluating(model)
    if last is not None:
        stages.append((last, 0, evaluate))
    return tuple(
        Fitted(model, stage, number, length, *noise(length, share))
        for stage, number, share in stages
        for length in [square(model, stage)]
    )


def places_of(model: Model) -> Digits:
    """Give where marks of a model's parameters are kept."""
    inputs = model.inputs
    sizes = {"naive_bayes": 2 * inputs + 1, "forest": model.size * 2**model.depth, "kmeans": model.size * inputs}
    count = sizes.get(model.method, (model.size + 1) * inputs if model.method == "pca" else inputs + 1)
    return Digits(count, min(MOST, max(1, ceil(WANTED / count))))
