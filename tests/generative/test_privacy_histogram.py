"""Runs of a histogram are its bins, with their distances by definition."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sandbox.privacy.histogram import Histogram

BINS = st.dictionaries(st.integers(0, 30), st.integers(0, 12) | st.just(10**20), max_size=20)


@given(BINS, st.integers(0, 10), st.integers(0, 9), st.integers(0, 9), st.integers(0, 300))
def test_near_runs_are_true_and_far_ones_far(bins: dict[int, int], more: int, a: int, rest: int, reach: int) -> None:
    size, b = max(bins, default=0) + 1 + more, a + rest + 1
    rows = [bins.get(number, 0) for number in range(size)]
    target = a * sum(rows)
    truth = [max(b * sum(rows[:place]) - target, target - b * sum(rows[: place + 1]), 0) for place in range(size)]
    numbers = sorted(bins)
    counts = [bins[number] for number in numbers]
    wide = np.array(counts, object if 10**20 in counts else np.int64)
    histogram = Histogram(np.array(numbers, np.int64), wide, size, (a, b))
    assert [histogram.distance(number) for number in range(size)] == truth
    seen = []
    for start, length, distance in zip(*histogram.near(reach), strict=True):
        for number in range(start, start + length):
            seen.append(number)
            if truth[number] < min(truth) + reach:
                assert distance == truth[number]
            else:
                assert min(truth) + reach <= distance <= truth[number]
    assert sorted(seen) == list(range(size))
