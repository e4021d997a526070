"""The e-value of every recipient of a base, and what it proves.

If a recipient's copy played no part in the leak, its chips are fresh random bits whatever the attacker did, the mean of
E is 1, and by Markov's inequality P(E ≥ t) ≤ 1/t (Vovk & Wang, "E-values", Annals of Statistics 2021).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from watermarking.align import Alignment, Observation
from watermarking.base import Base
from watermarking.chips import ONE, chips
from watermarking.design import Design
from watermarking.embed import Channel
from watermarking.models import Reals, Seen, log_ratios

LOG10_ALPHA = -6  # the probability that a trace accuses anybody whose copy played no part
FARTHEST = 10**9  # δ
BLOCK = 500  # recipients scored at a time
TRACED, INSUFFICIENT, NOT_OURS = "traced", "insufficient_evidence", "not_ours"


def informative(alignment: Alignment, path: Channel) -> list[int]:
    """Give the cells of the channel that the leak shows: one chip, one factor each."""
    return [i for i, cell in enumerate(path.cells) if cell in alignment.observed]


def log_e_values(alignment: Alignment, base: Base, design: Design, path: Channel, k_users: Sequence[bytes]) -> Reals:
    """Give ln E for each K_u: E = ½·mean_θ ∏(f/g) + ½·(Σ_θ ∏f)/(Σ_θ ∏g), less a bound of the rounding of the sums."""
    cells = informative(alignment, path)
    if not cells:
        return np.zeros(len(k_users))
    rank = path.rank[cells]
    models = list(log_ratios(_seen(alignment, base, design, path, cells)))
    zero = np.stack([low for _, low, _ in models], axis=1)
    gain = np.stack([high for high, _, _ in models], axis=1) - zero
    start, log_g = zero.sum(axis=0), np.array([g.sum() for _, _, g in models])
    # A floating-point sum of m terms errs by at most m·2⁻⁵³ times the sum of their sizes.
    size = np.abs(zero).sum(axis=0) + np.abs(gain).sum(axis=0)
    slack = 2.0**-52 * (len(cells) + 8) * float(np.max(size + np.abs(log_g)))
    found = np.empty(len(k_users))
    for begin in range(0, len(k_users), BLOCK):
        bits = np.stack([chips(key, path.limits)[rank] for key in k_users[begin : begin + BLOCK]])
        product = bits.astype(np.float64) @ gain + start
        mean = _log_sum(product) - math.log(len(models))
        bayes = _log_sum(product + log_g) - _log_sum(log_g[None, :])
        found[begin : begin + BLOCK] = np.logaddexp(mean, bayes) - math.log(2)
    return found - slack


def log10_p(log_e: float, pairs: int) -> float:
    """Give log10 min(1, pairs/E): the most probable it is that any of `pairs` innocent recipients scores so high."""
    return min(0.0, math.log10(pairs) - log_e / math.log(10))


def verdict(log10_bound: float) -> str:
    """Give `traced` when the bound is at most α, else `insufficient_evidence`."""
    return TRACED if log10_bound <= LOG10_ALPHA else INSUFFICIENT


def _seen(alignment: Alignment, base: Base, design: Design, path: Channel, cells: Sequence[int]) -> Seen:
    high, low = [], []
    for i in cells:
        group, primitive = path.cells[i]
        observation = alignment.observed[group, primitive]
        delta = design.strengths[primitive].delta
        high.append(_distance(observation, path.high[i], delta))
        low.append(_distance(observation, path.low[i], delta))
    p = path.limits[path.rank[list(cells)]].astype(np.float64) / ONE
    return Seen(p, np.array(high), np.array(low))


def _distance(observation: Observation, marked: int, delta: int) -> float:
    """How far, in δ, the leaked value is from what rounding makes of the marked one. The leaked value lies on the grid,
    so that is a whole number of its steps; a tie may have been rounded either way and counts as none."""
    distance, grid = observation.value - marked, observation.grid
    if grid:
        distance = Fraction(0) if 2 * abs(distance) <= grid else round(distance / grid) * grid
    # Values from nowhere must not overflow; how far away they are says nothing.
    return float(max(Fraction(-FARTHEST), min(Fraction(FARTHEST), distance / delta)))


def _log_sum(values: Reals) -> Reals:
    top = values.max(axis=1, keepdims=True)
    return np.asarray((top + np.log(np.exp(values - top).sum(axis=1, keepdims=True)))[:, 0], np.float64)
