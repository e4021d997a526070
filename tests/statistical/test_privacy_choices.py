"""Laplace noise and the exponential mechanism draw what is promised: each test accepts the right scale and rejects one
that is 30 % off. OpenDP is the oracle of Laplace noise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from chance import DEVIATIONS, alike, fits

from sandbox.privacy import exponential
from sandbox.privacy.laplace import laplace

N = 40_000


def laplace_law(b: float) -> dict[int, float]:
    q = math.exp(-1 / b)
    reach = math.ceil(40 * b) + 2
    return {k: (1 - q) / (1 + q) * q ** abs(k) for k in range(-reach, reach + 1)}


def choice_law(scores: list[int], t: float) -> dict[int, float]:
    weights = [math.exp((min(scores) - score) / t) for score in scores]
    return {place: weight / math.fsum(weights) for place, weight in enumerate(weights)}


@pytest.mark.parametrize("scale", [300, 512, 1229, 3 * 1024, 40 * 1024, 300 * 1024])
def test_laplace_is_the_definition(scale: int) -> None:
    drawn = laplace(N, scale)
    assert fits(drawn, laplace_law(scale / 1024))
    assert not fits(drawn, laplace_law(scale / 1024 * 1.3))
    assert not fits(drawn, laplace_law(scale / 1024 * 0.7))


@pytest.mark.parametrize("scale", [700, 5 * 1024, 1000 * 1024, 2**31])
def test_laplace_and_opendp_draw_alike(scale: int) -> None:
    from opendp.domains import atom_domain, vector_domain
    from opendp.measurements import make_laplace
    from opendp.metrics import l1_distance
    from opendp.mod import enable_features

    enable_features("contrib")
    space = vector_domain(atom_domain(T="i64")), l1_distance(T="i64")
    theirs = list(make_laplace(*space, scale=scale / 1024)([0] * N))
    assert alike(laplace(N, scale), theirs)
    assert not alike(laplace(N, scale * 13 // 10), theirs)
    assert not alike(laplace(N, scale * 7 // 10), theirs)


@pytest.mark.parametrize("scale", [1024, 1000 * 1024, 2**40, 2**65])
def test_size_and_mean_of_laplace(scale: int) -> None:
    samples = np.array(laplace(N, scale), float) / (scale / 1024)
    q = math.exp(-1024 / scale)
    size = 2 * q / (1 - q * q) * 1024 / scale if scale < 2**40 else 1.0  # E|X|/b
    variance = 2 * q / (1 - q) ** 2 * (1024 / scale) ** 2 if scale < 2**40 else 2.0
    spread = DEVIATIONS * math.sqrt((variance - size**2) / N)
    assert abs(np.abs(samples).mean() - size) <= spread
    assert abs(np.abs(samples).mean() - size * 1.3) > spread
    assert abs(np.abs(samples).mean() - size * 0.7) > spread
    assert abs(samples.mean()) <= DEVIATIONS * math.sqrt(variance / N)


def test_laplace_samples_are_independent() -> None:
    samples = np.array(laplace(200_000, 3000 * 1024)) / 3000
    sizes, signs = np.abs(samples), np.sign(samples + 1e-9)
    unlike = (sizes - sizes.mean()) / sizes.std()
    for left, right in ((signs[1:], signs[:-1]), (unlike[1:], unlike[:-1]), (unlike, signs)):
        assert abs(float(left @ right)) <= DEVIATIONS * math.sqrt(len(left))


@pytest.mark.parametrize("t", [0.5, 7, 400])
def test_choices_are_the_definition(t: float) -> None:
    scores = [abs(20 - place) // 3 * int(max(t, 1)) + 1000 for place in range(60)]
    drawn = [exponential.choose(scores, int(t * 1024)) for _ in range(10_000)]
    assert fits(drawn, choice_law(scores, t))
    assert not fits(drawn, choice_law(scores, t * 1.3))
    assert not fits(drawn, choice_law(scores, t * 0.7))


def test_choices_are_opendps() -> None:
    """The noisy maximum with Gumbel noise has the law of the exponential mechanism."""
    from opendp.domains import atom_domain, vector_domain
    from opendp.measurements import make_noisy_max
    from opendp.measures import zero_concentrated_divergence
    from opendp.metrics import linf_distance
    from opendp.mod import enable_features

    enable_features("contrib")
    space = vector_domain(atom_domain(T="i64")), linf_distance(T="i64")
    scores = [abs(12 - place) for place in range(40)]
    oracle = make_noisy_max(*space, zero_concentrated_divergence(), scale=4.0, negate=True)
    theirs = [oracle(scores) for _ in range(10_000)]
    assert alike([exponential.choose(scores, 4 * 1024) for _ in range(10_000)], theirs)
    for wrong in (3 * 1024, 5 * 1024 + 200):
        assert not alike([exponential.choose(scores, wrong) for _ in range(10_000)], theirs)


@pytest.mark.parametrize("rank", [(1, 2), (1, 10), (3, 4)])
@pytest.mark.parametrize("rows", [2, 10])
def test_quantiles_are_the_definition(rank: tuple[int, int], rows: int) -> None:
    """Scores fall off within some rows of the rank."""
    bins = {3: 10, 4: 4, 9: 1, 20: 14, 21: 9, 22: 1, 38: 2}
    size, (a, b), t = 40, rank, rows * rank[1]
    below = [sum(held for number, held in bins.items() if number < place) for place in range(size + 1)]
    scores = [max(b * below[place] - a * below[-1], a * below[-1] - b * below[place + 1], 0) for place in range(size)]
    drawn = [exponential.quantile(list(bins.items()), size, rank, t * 1024) for _ in range(10_000)]
    assert fits(drawn, choice_law(scores, t))
    assert not fits(drawn, choice_law(scores, t * 1.3))
    assert not fits(drawn, choice_law(scores, t * 0.7))


def test_an_empty_histogram_is_uniform() -> None:
    drawn = [exponential.quantile([], 1000, (1, 2), 1024) for _ in range(20_000)]
    assert fits(drawn, dict.fromkeys(range(1000), 1 / 1000))
