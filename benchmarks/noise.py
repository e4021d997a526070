"""What exact noise costs: a sample of Gaussian and Laplace noise beside numpy's unsafe numbers and OpenDP's, in turns,
few samples of a σ that is new, and a choice of the exponential mechanism."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np

from sandbox.plan.block import SIGMA_UNIT
from sandbox.privacy import exponential, geometric, rejection, sampler

SCALES = (10, 1000, 16_384)
SAMPLES = {"numpy, rounded (unsafe)": 100_000, "OpenDP": 5_000, "our table": 100_000}
TURNS = 7
FEW = 31
BINS = 32_768
CHOICES = (1, 5, 1000, 1_000_000)

Work = Callable[[int], object]


def lines() -> str:
    """Give the rows of a table of Gaussian noise: nanoseconds a sample, as a list of whole numbers, and the first use
    of a σ."""
    chance = np.random.default_rng()
    rows = []
    for scale in SCALES:
        sigma = scale * SIGMA_UNIT

        def unsafe(count: int, scale: int = scale) -> object:
            return np.rint(chance.normal(0, scale, count)).astype(np.int64).tolist()

        def ours(count: int, sigma: int = sigma) -> object:
            return sampler.draw(count, sigma)

        sampler._table.cache_clear()
        rows.append(row(scale, unsafe, opendp_gaussian(scale), ours) + few_cells(scale))
    return "\n".join(rows)


def laplace_lines() -> str:
    """Give the rows of the same table of Laplace noise, by its b."""
    from opendp.measurements import make_laplace
    from opendp.metrics import l1_distance

    chance, domain = np.random.default_rng(), whole_numbers()
    rows = []
    for scale in SCALES:

        def unsafe(count: int, scale: int = scale) -> object:
            return np.rint(chance.laplace(0, scale, count)).astype(np.int64).tolist()

        def ours(count: int, scale: int = scale) -> object:
            return geometric.draw(count, scale * SIGMA_UNIT)

        geometric._tables.cache_clear()
        rows.append(row(scale, unsafe, make_laplace(domain, l1_distance(T="i64"), scale=float(scale)), ours))
    return "\n".join(rows)


def few_cells(scale: int) -> str:
    """Give two more cells: `FEW` samples of a new σ by OpenDP, and by rejection."""
    sigma = scale * SIGMA_UNIT
    rejection.draw(1, sigma)
    works = (lambda: opendp_gaussian(scale)([0] * FEW), partial(rejection.draw, FEW, sigma))
    theirs, ours = (median(seconds(work) for _ in range(15)) * 1000 for work in works)
    return f" {theirs:.2f} ms | {ours:.2f} ms |"


def opendp_gaussian(scale: int) -> Callable[[list[int]], object]:
    """Give OpenDP's sampler of a σ."""
    from opendp.measurements import make_gaussian
    from opendp.metrics import l2_distance

    drawn: Callable[[list[int]], object] = make_gaussian(whole_numbers(), l2_distance(T="i64"), scale=float(scale))
    return drawn


def whole_numbers() -> object:
    """Give OpenDP's domain of lists of whole numbers."""
    from opendp.domains import atom_domain, vector_domain
    from opendp.mod import enable_features

    enable_features("contrib")
    return vector_domain(atom_domain(T="i64"))


def choice_lines() -> str:
    """Give the rows of a table of medians of `BINS` bins by t: milliseconds a choice by scores, from a full histogram
    and from one with a hundredth of the bins in use."""
    chance = np.random.default_rng()
    counts = chance.integers(1, 20, BINS)
    rows = np.cumsum(counts)
    scores = np.abs(2 * rows - counts - rows[-1])
    full = np.stack([np.arange(BINS), counts], 1)
    found = []
    for t in CHOICES:
        sigma = t * SIGMA_UNIT
        works = (
            partial(exponential.choose, scores, sigma),
            partial(exponential.quantile, full, BINS, (1, 2), sigma),
            partial(exponential.quantile, full[::100], BINS, (1, 2), sigma),
        )
        exponential._kept.cache_clear()
        building = seconds(works[2])
        cells = " | ".join(f"{median(seconds(work) for _ in range(15)) * 1000:.2f} ms" for work in works)
        found.append(f"| {t:,} | {cells} | {building * 1000:.1f} ms |")
    return "\n".join(found)


def row(scale: int, unsafe: Work, opendp: Callable[[list[int]], object], ours: Work) -> str:
    """Time the three in turns, ours first once."""
    building = seconds(partial(ours, 1))
    works = dict(zip(SAMPLES, (unsafe, lambda count: opendp([0] * count), ours), strict=True))
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(TURNS):
        for name, work in works.items():
            taken[name].append(seconds(partial(work, SAMPLES[name])) / SAMPLES[name] * 1e9)
    cells = " | ".join(f"{median(times):,.0f} ns" for times in taken.values())
    return f"| {scale:,} | {cells} | {building * 1000:.1f} ms |"


def seconds(work: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
