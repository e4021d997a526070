"""The law of a released integer's error: its noise, the mark of a recipient's copy, and rounding where it is shown.

Noise is a whole number k with P ∝ exp(−k²/2σ²) or exp(−|k|/b). A mark moves a share of the cells by δ up or down, each
as likely over all cells and recipients. Everything is in steps of the measurement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from math import ceil, erfc, exp, floor, log, sqrt

COVERED, LEAST = 0.95, 0.94  # of an interval, and where whole steps cannot give that
NORMAL = 1.959964  # σ's in the half-width of a normal law
FEW = 64  # σ's, in steps, from which on the normal law with half a step more is right to 10⁻⁵
_PARTS = 32  # of a rounding, each as likely


@dataclass(frozen=True)
class Law:
    """Noise of `scale` – σ, or Laplace's b – and marks of ± `delta` on `share` of the cells."""

    laplace: bool
    scale: float
    delta: int = 0
    share: float = 0.0

    @cached_property
    def whole(self) -> int:
        """Give the whole half-width whose interval holds the error in 95 % of all cases, or as nearly as whole steps
        can, never in less than 94 %."""
        enough = _first(lambda steps: self._within(steps) >= COVERED, self._far())
        fewer = self._within(enough - 1)
        return enough - (fewer >= LEAST and COVERED - fewer < self._within(enough) - COVERED)

    @cached_property
    def smooth(self) -> float:
        """Give the half-width of an error that is added to others, so that its steps do not show; where they are few,
        not below what they need by themselves."""
        own = _least_real(lambda width: self._spread(width) >= COVERED, self._far())
        return max(own, self.whole) if self.scale < FEW else own

    def rounded(self, grid: float) -> float:
        """Give the half-width when what is shown is rounded to a `grid`, wherever the truth lies on it."""
        if 2 * grid <= 1:
            return self.whole + grid / 2
        moved = [(2 * part + 1 - _PARTS) / (2 * _PARTS) * grid for part in range(_PARTS)]

        def covers(width: float) -> bool:
            inside = [self._below(floor(width - by)) - self._below(ceil(-width - by) - 1) for by in moved]
            return sum(inside) / _PARTS >= COVERED

        return _least_real(covers, self._far() + grid)

    @property
    def noise(self) -> float:
        """The variance without marks."""
        return self.scale**2 * (2 if self.laplace else 1)

    @property
    def variance(self) -> float:
        return self.noise + self.delta**2 * self.share

    @property
    def reach(self) -> float:
        """Root variances in the half-width of errors that are mostly this one."""
        return log(20) / sqrt(2) if self.laplace else NORMAL

    def _within(self, steps: int) -> float:
        return 2 * self._below(steps) - 1

    def _below(self, steps: int) -> float:
        """P(error ≤ steps)."""
        return sum(chance * self.noise_below(steps - moved) for moved, chance in self.marks)

    def noise_below(self, steps: int) -> float:
        """P(noise ≤ steps)."""
        if self.laplace:
            tail = exp(-(abs(steps) + (steps >= 0)) / self.scale) / (1 + exp(-1 / self.scale))
            return 1 - tail if steps >= 0 else tail
        if self.scale >= FEW:
            return _normal((steps + 0.5) / self.scale)
        table = _table(self.scale)
        middle = len(table) // 2
        return 0.0 if steps < -middle else table[min(steps + middle, 2 * middle)]

    def _spread(self, width: float) -> float:
        """P(|error| ≤ width) as if noise had no steps."""
        below: Callable[[float], float] = _laplace if self.laplace else _normal
        return 2 * sum(chance * below((width - moved) / self.scale) for moved, chance in self.marks) - 1

    @property
    def marks(self) -> Sequence[tuple[int, float]]:
        """By how much marks move a number, and how often."""
        return [(0, 1 - self.share), (self.delta, self.share / 2), (-self.delta, self.share / 2)]

    def _far(self) -> int:
        """Steps that the error is within but for once in ten million."""
        return ceil(17 * self.scale) + self.delta + 1


def _normal(x: float) -> float:
    return erfc(-x / sqrt(2)) / 2


def _laplace(x: float) -> float:
    return 1 - exp(-x) / 2 if x >= 0 else exp(x) / 2


@lru_cache(maxsize=256)
def _table(sigma: float) -> Sequence[float]:
    """P(noise ≤ k) for k from −m to m, beyond which nothing is left."""
    most = ceil(9 * sigma) + 1
    weights = [exp(-(k**2) / (2 * sigma**2)) for k in range(-most, most + 1)]
    whole = sum(weights)
    return [one / whole for one in accumulate(weights)]


def _first(holds: Callable[[int], bool], far: int) -> int:
    """Give the least whole number up to `far` from which on something holds."""
    low, high = 0, far
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _least_real(holds: Callable[[float], bool], far: float) -> float:
    low, high = 0.0, far
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
