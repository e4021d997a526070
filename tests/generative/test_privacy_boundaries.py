"""Properties of the certified cumulative weights, for any σ and precision."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sandbox.privacy.cumulative import boundaries

SIGMAS = st.integers(0, 16).flatmap(lambda width: st.integers(2**width, 2 ** (width + 1)))


@given(SIGMAS, st.integers(1, 200))
def test_rising_to_all_ones(sigma: int, bits: int) -> None:
    bounds = boundaries(sigma, bits)
    assert bounds == sorted(bounds)
    assert bounds[0] >= 0
    assert bounds[-1] == 2**bits - 1, "what lies behind the table has less than 2^−bits"


@given(SIGMAS, st.integers(1, 130), st.integers(1, 130))
def test_more_digits_refine_and_never_contradict(sigma: int, bits: int, more: int) -> None:
    coarse, fine = boundaries(sigma, bits), boundaries(sigma, bits + more)
    assert len(fine) >= len(coarse)
    for rough, exact in zip(coarse, fine, strict=False):
        assert (rough << more) < exact + 2 and exact < (rough + 2) << more


@given(SIGMAS, st.integers(8, 100))
def test_weights_fall(sigma: int, bits: int) -> None:
    """P(|X| = m) falls from m = 1 on, to within the two units that the bounds leave open."""
    bounds = boundaries(sigma, bits)
    steps = [after - before for before, after in pairwise(bounds)]
    assert all(later <= earlier + 4 for earlier, later in pairwise(steps))
