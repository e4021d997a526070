"""The e-value of every recipient of a base, and what it proves.

If a recipient's copy played no part in the leak, its chips are fresh random bits whatever the attacker did, the mean of
E is 1, and by Markov's inequality P(E ≥ t) ≤ 1/t (Vovk & Wang, "E-values", Annals of Statistics 2021).

Two things keep large traces fast, and neither touches the bound. Among many recipients, a few models tell who may
score at all; the others are given E = 0, which is never more than their E. And where the leak shows very many cells,
the models that explain a sample of them best – judged by leak and X alone – are the list.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from watermarking.align import Alignment
from watermarking.base import Base
from watermarking.chips import ONE, Words, chips_at
from watermarking.design import Design
from watermarking.embed import Channel
from watermarking.leak import Reals
from watermarking.models import MODELS, Model, Seen, laws
from watermarking.observed import Observed
from watermarking.rows import Places

LOG10_ALPHA = -6  # the probability that a trace accuses anybody whose copy played no part
FEWEST = math.ceil(-LOG10_ALPHA / math.log10(2))  # fair chips, below which not even an only recipient can be traced
FARTHEST = 10**9  # δ
TRACED, INSUFFICIENT, NOT_OURS = "traced", "insufficient_evidence", "not_ours"

ALL_CELLS, SAMPLED, BEST = 50_000, 8_192, 24  # cells from which the list is cut down; by how many cells; to how many
FEW = 64  # recipients who are scored in full without a first look, and at least after it
LOOKED = 2**18  # cells of a first look
ROOM = 2**22  # numbers that are worked on at a time


@dataclass(frozen=True)
class Sight:
    """The cells of the channel that the leak shows, one chip and one factor each, by ascending rank."""

    seen: Seen
    rank: Places
    limit: Words

    def __len__(self) -> int:
        return len(self.rank)

    def part(self, begin: int, end: int) -> Sight:
        """Give some of the cells."""
        seen = Seen(*(each[begin:end] for each in (self.seen.p, self.seen.from_high, self.seen.from_low)))
        return Sight(seen, self.rank[begin:end], self.limit[begin:end])


@dataclass(frozen=True)
class Gains:
    """For each model (columns) and cell ln f(z|1)/f(z|0); sums over the cells of ln f(z|0)/g(z) and of ln g(z), with
    g = p·f(·|1) + (1−p)·f(·|0); ln of the models' weights; and a bound of what rounding does to sums of them."""

    gain: Reals
    start: Reals
    log_g: Reals
    log_w: Reals
    slack: float


def informative(alignment: Alignment, path: Channel) -> Places:
    """Give which cells of the channel the leak shows."""
    return np.flatnonzero(np.isin(path.cell, alignment.observed.cell))


def most(alignment: Alignment, path: Channel) -> float:
    """Give what nobody's ln E is above, whatever its chips and whatever was done to the copy: f/g of a cell is at most
    1/p where the chip is 1, and 1/(1−p) where it is 0."""
    p = path.limits[path.rank[informative(alignment, path)]].astype(np.float64) / ONE
    return float(-np.log(np.minimum(p, 1 - p)).sum())


def log_e_values(alignment: Alignment, base: Base, design: Design, path: Channel, k_users: Sequence[bytes]) -> Reals:
    """Give ln E for each K_u: E = ½·Σ_θ w∏(f/g) + ½·(Σ_θ w∏f)/(Σ_θ w∏g) with the weights w of the models, less a bound
    of the rounding of the sums; -∞ for those of many whom a first look excludes."""
    sight = sight_of(alignment.observed, base, design, path)
    if not len(sight):
        return np.zeros(len(k_users))
    models = MODELS if len(sight) <= ALL_CELLS else _likeliest(sight.part(0, SAMPLED))
    gains = gains_of(sight.seen, models)
    found = np.full(len(k_users), -math.inf)
    chosen = range(len(k_users)) if len(k_users) <= FEW else _first_look(sight, models, gains, k_users)
    found[chosen] = _scores(sight, gains, [k_users[i] for i in chosen])
    return found


def gains_of(seen: Seen, models: tuple[Model, ...] = MODELS) -> Gains:
    """Give what each model says about the cells."""
    log_g, start, size = np.zeros(len(models)), np.zeros(len(models)), np.zeros(len(models))
    gain = np.empty((len(seen.p), len(models)))
    for number, (one, zero) in enumerate(laws(seen, models)):
        g = zero + seen.p * (one - zero)
        low = np.log(zero / g)
        gain[:, number] = np.log(one / zero)
        log_g[number], start[number] = np.log(g).sum(), low.sum()
        size[number] = np.abs(low).sum() + np.abs(gain[:, number]).sum()
    # A floating-point sum of m terms errs by at most m·2⁻⁵³ times the sum of their sizes.
    slack = 2.0**-52 * (len(seen.p) + 8) * float(np.max(size + np.abs(log_g)))
    weight = np.array([model.weight for model in models])
    return Gains(gain, start, log_g, np.log(weight / weight.sum()), slack)


def mixed(product: Reals, gains: Gains) -> Reals:
    """Give ln E from ln ∏(f/g), recipients × models."""
    weighed = gains.log_g + gains.log_w
    bayes = _log_sum(product + weighed) - _log_sum(weighed[None, :])
    return np.asarray(np.logaddexp(_log_sum(product + gains.log_w), bayes) - math.log(2), np.float64)


def log10_p(log_e: float, pairs: int) -> float:
    """Give log10 min(1, pairs/E): the most probable it is that any of `pairs` innocent recipients scores so high."""
    return min(0.0, math.log10(pairs) - log_e / math.log(10))


def verdict(log10_bound: float) -> str:
    """Give `traced` when the bound is at most α, else `insufficient_evidence`."""
    return TRACED if log10_bound <= LOG10_ALPHA else INSUFFICIENT


def _scores(sight: Sight, gains: Gains, k_users: Sequence[bytes]) -> Reals:
    found = np.empty(len(k_users))
    block = max(1, ROOM // len(sight))
    for begin in range(0, len(k_users), block):
        bits = np.stack([chips_at(key, sight.rank, sight.limit) for key in k_users[begin : begin + block]])
        found[begin : begin + block] = mixed(bits.astype(np.float64) @ gains.gain + gains.start, gains)
    return found - gains.slack


def _first_look(sight: Sight, models: tuple[Model, ...], gains: Gains, k_users: Sequence[bytes]) -> list[int]:
    """Give the recipients who may score: of each way of mixing, the model that explains the leak best is tried on some
    of the cells. Cells are in the order of hashes, so the first ones are as good as any."""
    ways: dict[tuple[str, float], int] = {}
    for number in np.argsort(-gains.log_g, kind="stable").tolist():
        ways.setdefault((models[number].way, models[number].colluders), number)
    picked, cells = list(ways.values()), min(len(sight), LOOKED)
    gain, part = np.ascontiguousarray(gains.gain[:cells, picked], np.float32), sight.part(0, cells)
    p = part.seen.p[:, None]
    mean = (p * gain).sum(axis=0)  # of each sum, by chance
    spread = np.sqrt((p * (1 - p) * gain.astype(np.float64) ** 2).sum(axis=0)) + 1e-9
    high = np.empty(len(k_users))
    block = max(1, ROOM // cells)
    bits = np.empty((block, cells), np.float32)
    for begin in range(0, len(k_users), block):
        keys = k_users[begin : begin + block]
        for place, key in enumerate(keys):
            bits[place] = chips_at(key, part.rank, part.limit)
        high[begin : begin + block] = ((bits[: len(keys)] @ gain - mean) / spread).max(axis=1)
    return sorted(np.argsort(-high, kind="stable")[:FEW].tolist())


def _likeliest(sight: Sight) -> tuple[Model, ...]:
    best = np.argsort(-gains_of(sight.seen).log_g, kind="stable")[:BEST]
    return tuple(MODELS[number] for number in sorted(best.tolist()))


def sight_of(observed: Observed, base: Base, design: Design, path: Channel) -> Sight:
    """Give the marked cells that a leak shows."""
    shown = np.flatnonzero(np.isin(path.cell, observed.cell))
    shown = shown[np.argsort(path.rank[shown])]
    cell, rank = path.cell[shown], path.rank[shown]
    away, grid = observed.at(cell)
    x = base.matrix.ravel()[cell]
    delta = np.array([float(each.delta) for each in design.strengths])[cell % len(base.primitives)]
    high, low = ((path.high[shown] - x).astype(np.float64), (path.low[shown] - x).astype(np.float64))
    limit = path.limits[rank]
    p = limit.astype(np.float64) / ONE
    return Sight(Seen(p, distance(away - high, grid, delta), distance(away - low, grid, delta)), rank, limit)


def distance(away: Reals, grid: Reals, delta: Reals) -> Reals:
    """Give how far, in δ, the leaked value is from what rounding makes of the marked one, given how far it is from the
    marked one itself, the step of the rounding (0: none) and δ, all in one unit. The leaked value lies on the grid, so
    that is a whole number of its steps; a tie may have been rounded either way and counts as none."""
    step = np.where(grid > 0, grid, 1.0)
    whole = np.where(2 * np.abs(away) <= step, 0.0, np.rint(away / step)) * step
    # Values from nowhere must not overflow; how far away they are says nothing.
    return np.clip(np.where(grid > 0, whole, away) / delta, -FARTHEST, FARTHEST)


def _log_sum(values: Reals) -> Reals:
    top = values.max(axis=1, keepdims=True)
    return np.asarray((top + np.log(np.exp(values - top).sum(axis=1, keepdims=True)))[:, 0], np.float64)
