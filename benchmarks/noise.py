"""What a sample of exact noise costs: numpy's unsafe normal numbers, OpenDP and our table, in turns."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np

from sandbox.plan.plan import SIGMA_UNIT
from sandbox.privacy import mechanisms, sampler

SCALES = (10, 1000, 16_384)
SAMPLES = {"numpy, rounded (unsafe)": 100_000, "OpenDP": 5_000, "our table": 100_000}
TURNS = 7


def lines() -> str:
    """Give the rows of a table: nanoseconds a sample, as a list of whole numbers, and the first use of a σ."""
    chance = np.random.default_rng()
    rows = []
    for scale in SCALES:
        sigma = scale * SIGMA_UNIT
        by_opendp = mechanisms._sampler(float(scale))

        def unsafe(count: int, scale: int = scale) -> object:
            return np.rint(chance.normal(0, scale, count)).astype(np.int64).tolist()

        def opendp(count: int, draw: Callable[[list[int]], object] = by_opendp) -> object:
            return draw([0] * count)

        def ours(count: int, sigma: int = sigma) -> object:
            return sampler.draw(count, sigma)

        sampler._table.cache_clear()
        building = seconds(ours, 1)
        works = dict(zip(SAMPLES, (unsafe, opendp, ours), strict=True))
        taken: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(TURNS):
            for name, work in works.items():
                taken[name].append(seconds(work, SAMPLES[name]) / SAMPLES[name] * 1e9)
        cells = " | ".join(f"{median(times):,.0f} ns" for times in taken.values())
        rows.append(f"| {scale:,} | {cells} | {building * 1000:.1f} ms |")
    return "\n".join(rows)


def seconds(work: Callable[[int], object], count: int) -> float:
    """Time one call."""
    start = time.perf_counter()
    work(count)
    return time.perf_counter() - start
