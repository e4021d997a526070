"""Who was fitted to: an attacker who knows everybody else, and the one person to be told about, sees all that a model
released.

Its advantage – how much more often it says "member" of members than of others – is at most (e^ε − 1 + 2δ) / (e^ε + 1)
for every δ and the ε that ρ gives with it (Kairouz, Oh and Viswanath 2015). Of Gaussian noise the best test projects
onto the person's own vectors; this attacker does, at a person whose vectors are as long as can be, so it comes close to
the bound. A model with half the noise, or none, does not pass."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest

from sandbox.modelling.matrix import Matrix
from sandbox.modelling.solve import found
from sandbox.modelling.stages import blocks
from sandbox.modelling.sums import sums
from sandbox.plan.fitted import UNIT, Feature, Fitted, Model
from sandbox.plan.relation import Scan
from sandbox.plan.scalar import INTEGER, Column
from sandbox.privacy.calibrate import sigma_for
from sandbox.privacy.convert import epsilon_for
from sandbox.privacy.mechanisms import gaussian

RHO = Decimal("0.5")
TRIALS = 1500
SURE = 2 * math.sqrt(math.log(4e6) / (2 * TRIALS))  # by which two shares of so many trials err with probability 1e-6
COLUMNS = tuple(Column(name, INTEGER) for name in ("a", "b", "y"))
FEATURES = tuple(Feature(column.name, column, Decimal(-1), Decimal(1)) for column in COLUMNS)
METHODS = {"linear": {}, "logistic": {"steps": 3}, "forest": {"size": 8, "depth": 3}, "kmeans": {"size": 2, "steps": 3}}


def model(method: str) -> Model:
    target = None if method == "kmeans" else FEATURES[2]
    return Model(Scan("t", 0, COLUMNS, 1), method, FEATURES[:2], target, 1, **METHODS[method])  # type: ignore[arg-type]


OTHERS = Matrix(np.random.default_rng(3).integers(-UNIT, UNIT, (40, 2)), np.random.default_rng(4).choice([0, UNIT], 40))
PERSON = Matrix(np.array([[UNIT, -UNIT]]), np.array([UNIT]))
BOTH = Matrix(np.vstack([OTHERS.inputs, PERSON.inputs]), np.r_[OTHERS.target, PERSON.target])


def says_member(stages: tuple[Fitted, ...], member: bool, noise: float) -> bool:
    """Fit once, with or without the person, and let the attacker decide."""
    kept: list[tuple[Fitted, np.ndarray]] = []
    evidence = 0.0
    for one in stages:
        so_far = found(kept)
        without = sums(one, OTHERS, so_far)
        exact = sums(one, BOTH, so_far) if member else without
        drawn = gaussian(one.size, one.sigma)
        released = exact + np.rint(noise * drawn).astype(np.int64)
        own, sigma = sums(one, PERSON, so_far).astype(float), one.sigma / 1024
        evidence += float((released - without) @ own - own @ own / 2) / sigma**2
        kept.append((one, released))
    return evidence > 0


def advantage(method: str, noise: float = 1.0) -> float:
    stages = tuple(s for s in blocks(model(method), RHO, RHO, sigma_for) if not s.evaluates)
    assert sum(s.rho for s in stages) <= RHO
    right = sum(says_member(stages, True, noise) for _ in range(TRIALS)) / TRIALS
    return right - sum(says_member(stages, False, noise) for _ in range(TRIALS)) / TRIALS


def bound() -> float:
    deltas = [Decimal(number) / 200 for number in range(1, 100)]
    grown = [(math.exp(epsilon_for(RHO, delta)), float(delta)) for delta in deltas]
    return min((e - 1 + 2 * delta) / (e + 1) for e, delta in grown)


@pytest.mark.parametrize("method", METHODS)
def test_an_attacker_learns_no_more_than_epsilon_allows(method: str) -> None:
    found_out = advantage(method)
    assert found_out <= bound() + SURE
    if method in ("linear", "forest"):  # a person whose vector is as long as can be: the attack is a good one
        assert found_out > 0.25


@pytest.mark.parametrize("noise", [0.3, 0.0])
def test_a_model_with_too_little_noise_is_caught(noise: float) -> None:
    assert advantage("linear", noise) - SURE > bound()
