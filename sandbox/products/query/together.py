"""The law of a number that two released integers make up, first + factor·second, each with its noise and mark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import ceil, erfc, exp, floor, hypot, isclose, sqrt

from sandbox.products.query.law import COVERED, FEW, LEAST, Law

STEPS = 4  # σ's of the second, in steps, below which its steps show in the sum
_NEVER = 1e-9
Below = Callable[[float], float]


@lru_cache(maxsize=1024)
def half_width(first: Law, second: Law, factor: int) -> float:
    """Give the half-width of the interval that holds the error in 95 % of all cases, in steps of the first: in whole
    steps where these are few."""
    below = _below(first, second, factor)
    if below is None:  # of a normal and a Laplace law: what the two need by themselves is a little more
        return hypot(first.smooth, factor * second.smooth)
    moved = [(one + factor * two, p * q) for one, p in first.marks for two, q in second.marks if p * q > _NEVER]
    if first.scale < FEW:
        return _whole(lambda steps: sum(p * (below(steps - by) - below(-steps - by - 1)) for by, p in moved), first)
    return _real(
        lambda width: sum(p * (below(width - by) - below(-width - by)) for by, p in moved),
        hypot(first.smooth, factor * second.smooth),
    )


def _below(first: Law, second: Law, factor: int) -> Below | None:
    """P(noise ≤ x), as if the first had no steps where it has many."""
    if second.scale < STEPS or first.scale < FEW:
        alone, lattice = _alone(first), _lattice(second)
        return lambda x: sum(chance * alone(x - factor * steps) for steps, chance in lattice)
    a, b = first.scale, factor * second.scale
    if first.laplace != second.laplace:
        return None
    if not first.laplace:
        return lambda x: erfc(-x / hypot(a, b) / sqrt(2)) / 2
    return lambda x: 1 - _tail(a, abs(b), x) if x >= 0 else _tail(a, abs(b), -x)


def _alone(law: Law) -> Below:
    if law.scale < FEW:
        return lambda x: law.noise_below(floor(x))
    if law.laplace:
        return lambda x: 1 - exp(-x / law.scale) / 2 if x >= 0 else exp(x / law.scale) / 2
    return lambda x: erfc(-x / law.scale / sqrt(2)) / 2


def _lattice(law: Law) -> Sequence[tuple[int, float]]:
    far = ceil(20 * law.scale if law.laplace else 7 * law.scale) + 1
    chances = [(k, law.noise_below(k) - law.noise_below(k - 1)) for k in range(-far, far + 1)]
    return [(k, chance) for k, chance in chances if chance > _NEVER]


def _tail(a: float, b: float, x: float) -> float:
    """P(noise > x) of the sum of two Laplace laws, x ≥ 0."""
    if isclose(a, b, rel_tol=1e-4):
        return exp(-x / a) * (1 + x / (2 * a)) / 2
    return (a * a * exp(-x / a) - b * b * exp(-x / b)) / (a * a - b * b) / 2


def _whole(within: Callable[[int], float], first: Law) -> float:
    low, high = 0, 1
    while within(high) < COVERED:
        low, high = high, 2 * high
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if within(middle) >= COVERED else (middle + 1, high)
    fewer = within(low - 1)
    return low - (fewer >= LEAST and COVERED - fewer < within(low) - COVERED)


def _real(within: Callable[[float], float], near: float) -> float:
    low, high = 0.0, 2 * near
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (low, middle) if within(middle) >= COVERED else (middle, high)
    return high
