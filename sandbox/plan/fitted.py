"""Fitted models in a plan: stages of sums over units, each made with what earlier stages released, and slots for the
marks of predictions.

A model is nothing but such sums: moments, gradients, counts of leaves or of scores. So one exact mechanism serves all
of them – whole numbers, a bound on one unit's whole vector, discrete Gaussian noise – and what follows is
post-processing. What a stage sums is said in `sandbox.modelling`; how long one unit's vector can be, here and, a second
time, in `sandbox.privacy.stages`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from sandbox.plan.block import Key
from sandbox.plan.parts import reads
from sandbox.plan.relation import Relation
from sandbox.plan.scalar import Column, Value

UNIT = 1000
"""What 1 is counted as: inputs lie between −1 and 1, in thousandths."""
PARTS = 10_000
"""What the declared error of a prediction is counted in, in slots."""
COLUMNS = 3
"""Columns of a model's answer: part, item, value."""
BINS = 40
"""Bins of scores, equally wide from 0 to 1."""
DECIDES = ("logistic", "naive_bayes", "forest")
"""Methods whose target is one of two values."""

Method = Literal["linear", "logistic", "naive_bayes", "forest", "kmeans", "pca"]
Stage = Literal["moments", "classes", "gradient", "leaves", "centres", "scores", "errors", "distances"]


@dataclass(frozen=True)
class Feature:
    """A column as a model reads it: a number within bounds, beyond which it is clamped, or one of `options`, of which
    each but the first is an input of its own. NULL counts as the middle, or as the first option."""

    name: str
    column: Column
    lower: Decimal = Decimal(0)
    upper: Decimal = Decimal(0)
    options: tuple[Value, ...] = ()

    def __post_init__(self) -> None:
        if len(self.options) == 1 or (not self.options and not self.lower < self.upper):
            raise ValueError(f"{self.name} has one value only")

    @property
    def inputs(self) -> int:
        """How many numbers it is."""
        return len(self.options) - 1 if self.options else 1

    @property
    def inputs_named(self) -> tuple[str, ...]:
        """What people call each of these numbers."""
        return tuple(f"{self.name} = {option}" for option in self.options[1:]) or (self.name,)


@dataclass(frozen=True)
class Model:
    """What is fitted to rows, one of each unit. A target of two values is 1 where it equals `positive`. `held`: of 1000
    units so many, chosen by their keyed names, are kept for the evaluation. `size`: trees, clusters or components;
    `steps`: of a gradient or of moving centres. `weights`: whether parameters may leave."""

    rows: Relation
    method: Method
    features: tuple[Feature, ...]
    target: Feature | None
    positive: Value = None
    held: int = 0
    size: int = 1
    depth: int = 1
    steps: int = 1
    weights: bool = False

    def __post_init__(self) -> None:
        if self.rows.state != "unit" or self.rows.rows != 1:
            raise ValueError("a model is fitted to one row of each unit")
        targets = () if self.target is None else (self.target,)
        reads([one.column for one in (*self.features, *targets)], self.rows.columns)
        if (self.target is None) != (self.method in ("kmeans", "pca")) or not self.features:
            raise ValueError("a model has features, and a target unless it finds groups or directions")
        if not (0 <= self.held < 1000 and self.size >= 1 and self.depth >= 1 and self.steps >= 1):
            raise ValueError("what a model is made of is counted from 1")

    @property
    def inputs(self) -> int:
        """How many numbers the features are."""
        return sum(feature.inputs for feature in self.features)

    @property
    def shown(self) -> tuple[tuple[str, str], ...]:
        """The rows of the answer, part and item, whatever the data: quality, calibration, reasons and, where they may
        leave, weights. Of trees there are too many; they leave as a file."""
        names = [name for feature in self.features for name in feature.inputs_named]
        measured: dict[Method, tuple[str, ...]] = {"linear": ("r2", "error"), "kmeans": ("distance",), "pca": ()}
        rows = [("size", "units"), *(("quality", one) for one in measured.get(self.method, ("auc", "ks", "brier")))]
        if self.decides:
            rows += [("calibration", f"{tenth / 10:.1f}-{(tenth + 1) / 10:.1f}") for tenth in range(10)]
        rows += [("reason", feature.name) for feature in self.features]
        if self.method == "pca":
            rows += [("share", f"component {number + 1}") for number in range(self.size)]
        if self.weights and self.method in ("linear", "logistic"):
            rows += [("weight", name) for name in ("constant", *names)]
        return tuple(rows)

    @property
    def decides(self) -> bool:
        """Whether it gives the probability of a target of two values."""
        return self.method in DECIDES


@dataclass(frozen=True)
class Fitted:
    """A stage: sums over units of a vector of whole numbers, of one unit at most √`square` long, with Gaussian noise of
    σ = sigma/1024. `number` counts the stages of one kind. Released as groups (place,) → (sum,)."""

    model: Model
    stage: Stage
    number: int
    square: int
    sigma: int
    rho: Decimal

    def __post_init__(self) -> None:
        if self.square < 1 or self.sigma < 1 or self.rho <= 0 or float(self.sigma) != self.sigma:
            raise ValueError("a stage needs a sensitivity, noise and a loss")

    @property
    def rows(self) -> Relation:
        return self.model.rows

    @property
    def keys(self) -> tuple[Key, ...]:
        return ()

    @property
    def threshold(self) -> None:
        return None

    @property
    def evaluates(self) -> bool:
        """Whether it looks at the units that are kept for that."""
        return self.stage in ("scores", "errors", "distances")

    @property
    def size(self) -> int:
        """How many sums there are."""
        model, inputs = self.model, self.model.inputs
        match self.stage:
            case "moments":
                wide = inputs + 1 + (model.method == "linear")
                return wide * (wide + 1) // 2
            case "classes":
                return 2 * (1 + 2 * inputs)
            case "gradient":
                return inputs + 1
            case "leaves":
                return int(model.size * 2**model.depth * 2)
            case "centres":
                return model.size * (1 + inputs)
            case "scores":
                return 2 * BINS
            case "errors":
                return 4
            case "distances":
                return 2


class Places(ABC):
    """Places that hold nothing private and are there for marks alone."""

    @property
    @abstractmethod
    def cells(self) -> int:
        """How many there are."""

    @property
    def keys(self) -> tuple[Key, ...]:
        return ()

    @property
    def threshold(self) -> None:
        return None

    @property
    def rho(self) -> Decimal:
        return Decimal(0)

    @property
    def base(self) -> tuple[int, ...]:
        """What each place holds before marks: known numbers far apart, so that a trace finds unit and place."""
        return tuple(100 * PARTS * (place + 1) for place in range(self.cells))


@dataclass(frozen=True)
class Slots(Places):
    """Where marks of predictions are kept. A prediction of a record is moved by what its recipient's copy has in the
    record's place. `error` is what the product declares a prediction to be off by: of a logit, or of the share of a
    target's range."""

    count: int
    error: Decimal

    def __post_init__(self) -> None:
        if self.count < 1 or not 0 < self.error < 1:
            raise ValueError("slots have places and a declared error")

    @property
    def cells(self) -> int:
        return self.count


@dataclass(frozen=True)
class Digits(Places):
    """Where marks of parameters that leave are kept: for each of `count` parameters `digits` places, the largest first.
    By its signs in them a recipient's parameter is moved, each half as far as by the one before."""

    count: int
    digits: int

    def __post_init__(self) -> None:
        if self.count < 1 or self.digits < 1:
            raise ValueError("parameters have places for marks")

    @property
    def cells(self) -> int:
        return self.count * self.digits
