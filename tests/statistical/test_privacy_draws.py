"""The noise is what is promised: each test accepts the right scale and rejects one that is 30 % off.

All who draw are tested alike, table, rejection and the oracle, OpenDP, and against each other.

Our own samples are the same on every run (see conftest.py), OpenDP's are not. A comparison of correct code fails with
probability about 1e-8: two-sided normal bounds at 5.7 standard deviations, chi-square quantiles at 1e-9 by Wilson and
Hilferty.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal

import chance
import numpy as np
import pytest
from chance import DEVIATIONS, alike
from gaussian_reference import opendp
from privacy_plans import exact_tail, key, measurement, plan, weights

from sandbox.engines.base import Exact
from sandbox.plan.block import Bounds
from sandbox.privacy import rejection, sampler
from sandbox.privacy.mechanisms import gaussian
from sandbox.privacy.release import release

N = 20_000
Draw = Callable[[int, int], Sequence[int]]


by_all = pytest.mark.parametrize(
    ("draw", "narrowest"),
    [(sampler.draw, 1), (rejection.draw, 1024), (opendp, 1)],
    ids=["table", "rejection", "opendp"],
)


def right_scale(samples: np.ndarray, sigma: float) -> bool:
    """Σx²/σ² of n samples has mean n and variance 2n when σ ≥ 1 is right."""
    statistic = float(np.sum((samples / sigma) ** 2))
    return abs(statistic - len(samples)) <= DEVIATIONS * math.sqrt(2 * len(samples))


def fits(samples: list[int], sigma: float) -> bool:
    """Pearson's test against the definition."""
    return chance.fits(samples, weights(sigma))


@pytest.mark.parametrize("sigma", [1024, 50 * 1024, 1000 * 1024, 2**24, 2**30, 3 * 2**50])
def test_scale_and_mean(sigma: int) -> None:
    samples = np.array(gaussian(N, sigma), dtype=float)
    scale = sigma / 1024
    assert right_scale(samples, scale)
    assert not right_scale(samples, scale * 1.3)
    assert not right_scale(samples, scale * 0.7)
    assert abs(samples.mean()) <= DEVIATIONS * scale / math.sqrt(N)


@by_all
@pytest.mark.parametrize("sigma", [300, 512, 1024, 1229, 2049, 3 * 1024, 40 * 1024])
def test_distribution_is_the_definition(draw: Draw, narrowest: int, sigma: int) -> None:
    if sigma < narrowest:
        return
    samples = draw(60_000, sigma)
    assert fits(samples, sigma / 1024)
    assert not fits(samples, sigma / 1024 * 1.3)
    assert not fits(samples, sigma / 1024 * 0.7)


@pytest.mark.parametrize("sigma", [700, 5 * 1024, 1000 * 1024, 2**24])
def test_table_and_opendp_draw_alike(sigma: int) -> None:
    ours, theirs = sampler.draw(40_000, sigma), opendp(40_000, sigma)
    assert alike(ours, theirs)
    assert not alike(ours, gaussian(40_000, sigma * 13 // 10))
    assert not alike(ours, gaussian(40_000, sigma * 7 // 10))


@pytest.mark.parametrize("sigma", [1024, 5 * 1024 + 1, 1000 * 1024, 2**24 + 1, 2**40, 3 * 2**62])
def test_rejection_and_opendp_draw_alike(sigma: int) -> None:
    ours, theirs = rejection.draw(40_000, sigma), opendp(40_000, sigma)
    assert alike(ours, theirs)
    assert not alike(ours, rejection.draw(40_000, sigma * 13 // 10))
    assert not alike(ours, rejection.draw(40_000, sigma * 17 // 10))


def test_a_table_draws_independent_samples_and_fair_signs() -> None:
    samples = np.array(sampler.draw(200_000, 30 * 1024)) / 30
    sizes, signs = np.abs(samples), np.sign(samples)
    unlike = (sizes - sizes.mean()) / sizes.std()
    for left, right in (
        (samples[1:], samples[:-1]),
        (unlike[1:], unlike[:-1]),
        (unlike, signs),
        (signs[8:], signs[:-8]),
    ):
        assert abs(float(left @ right)) <= DEVIATIONS * math.sqrt(len(left))


def test_almost_no_noise_is_almost_always_zero() -> None:
    assert set(gaussian(N, 1)) == {0}


def test_rounded_normal_numbers_are_told_apart() -> None:
    """The same test sees that rounding a continuous Gaussian is something else."""
    rounded = [round(x) for x in np.random.default_rng(1).normal(0, 0.5, 60_000)]
    assert not fits(rounded, 0.5)


def test_release_adds_the_promised_noise_to_every_cell() -> None:
    domain = tuple(f"{i:03}" for i in range(100))
    made = plan(
        Bounds(5, 5, 5),
        [measurement("rows", 25, "0.3"), measurement("sum", 25 * 49, "0.01", -3, 7, 0)],
        [key("a", domain), key("b", domain)],
    )
    present = [(a, b) for a in domain for b in domain[::2]]
    exact = Exact(present, [(7 * i, 10**25 - i) for i in range(len(present))])
    true = dict(zip(exact.groups, exact.values, strict=True))
    [released] = release(made, [exact])
    assert released.groups == [(a, b) for a in domain for b in domain]
    pairs = zip(released.groups, released.values, strict=True)
    noise = np.array([[x - t for x, t in zip(v, true.get(g, (0, 0)), strict=True)] for g, v in pairs], dtype=float)
    scales = [m.sigma / 1024 for m in made.blocks[0].measurements]
    for column, scale in zip(noise.T, scales, strict=True):
        for part in (column[::2], column[1::2]):  # cells that were there, and empty ones
            assert right_scale(part, scale)
            assert not right_scale(part, scale * 1.3)
            assert not right_scale(part, scale * 0.7)
            assert abs(part.mean()) <= DEVIATIONS * scale / math.sqrt(len(part))
    unit = noise / scales
    for left, right in ((unit[:, 0], unit[:, 1]), (unit[:-1, 0], unit[1:, 0]), (unit[:-1, 1], unit[1:, 1])):
        assert abs(float(left @ right)) <= DEVIATIONS * math.sqrt(len(left))


@pytest.mark.parametrize("rho", ["0.5", "0.005"])
def test_a_group_of_one_unit_comes_out_no_more_often_than_delta(rho: str) -> None:
    made = plan(Bounds(1, 1, 1), [measurement("units", 1, rho)], [key("a", None)], delta="0.02")
    assert made.blocks[0].threshold is not None
    [released] = release(made, [Exact([(str(i),) for i in range(N)], [(1,)] * N)])
    truth = exact_tail(made.blocks[0].measurements[0].sigma / 1024, made.blocks[0].threshold.tau - 1)
    assert truth <= Decimal("0.02")
    assert abs(len(released.groups) - N * truth) <= DEVIATIONS * math.sqrt(N * truth)
    assert all(value >= made.blocks[0].threshold.tau for (value,) in released.values)
