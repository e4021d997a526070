"""What a model releases bears the noise that its stages say: those it is fitted by and those that evaluate it."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import chi2

from sandbox.modelling.matrix import matrices
from sandbox.modelling.solve import found
from sandbox.modelling.stages import blocks
from sandbox.modelling.sums import sums
from sandbox.plan.block import SIGMA_UNIT
from sandbox.plan.fitted import Feature, Fitted, Model
from sandbox.plan.plan import SEMANTICS, Plan
from sandbox.plan.relation import Released, Scan
from sandbox.plan.scalar import INTEGER, Column
from sandbox.privacy.calibrate import sigma_for
from sandbox.privacy.modelled import release_model

RHO = Decimal("0.5")
SAMPLES = 1_000  # of each stage: ± 30 % of σ are some thirteen deviations away
CHANCE = 1e-7  # of each stage to be refused though it is right
COLUMNS = tuple(Column(name, INTEGER) for name in ("a", "b", "y"))
FEATURES = tuple(Feature(column.name, column, Decimal(-1), Decimal(1)) for column in COLUMNS)
METHODS = {
    "linear": {},
    "logistic": {"steps": 2},
    "naive_bayes": {},
    "forest": {"size": 4, "depth": 2},
    "kmeans": {"size": 2, "steps": 2},
    "pca": {},
}


def released(plan: Plan, rows: pa.Table) -> list[np.ndarray]:
    return [np.array([value for (value,) in one.values], object) for one in release_model(plan, rows)]


@pytest.mark.parametrize("method", METHODS)
def test_every_sum_bears_its_noise(method: str) -> None:
    target = None if method in ("kmeans", "pca") else FEATURES[2]
    model = Model(Scan("t", 0, COLUMNS, 1), method, FEATURES[:2], target, 1, held=250, **METHODS[method])  # type: ignore[arg-type]
    stages = blocks(model, RHO, RHO / 4, sigma_for)
    plan = Plan(SEMANTICS, "r", "p", "v", (), (), Released(0, ()), (), fitted=stages)
    drawn = np.random.default_rng(5)
    cells = {name: drawn.integers(-1, 2, 80) for name in ("a", "b", "y")}
    rows = pa.table({"__unit": drawn.integers(-(2**63), 2**63 - 1, 80), **cells})
    fit, look = matrices(model, rows)
    assert len(fit.target) + len(look.target) == 80 and min(len(fit.target), len(look.target)) > 5
    spread, count = [0.0] * len(stages), [0] * len(stages)
    while min(count) < SAMPLES:
        kept: list[tuple[Fitted, np.ndarray]] = []
        for place, (one, noisy) in enumerate(zip(stages, released(plan, rows), strict=True)):
            exact = sums(one, look if one.evaluates else fit, found(kept))
            kept.append((one, noisy.astype(np.int64)))
            spread[place] += float(((noisy - exact).astype(float) ** 2).sum()) / (one.sigma / SIGMA_UNIT) ** 2
            count[place] += one.size
    for one, squares, samples in zip(stages, spread, count, strict=True):
        low, high = chi2.ppf([CHANCE / 2, 1 - CHANCE / 2], samples)
        assert low < squares < high, one.stage
        assert not low < 0.49 * squares < high and not low < 1.69 * squares < high
