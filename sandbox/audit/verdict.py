"""The judgement of one case: what it is charged, what the two worlds show, and whether that can be.

Half of the draws choose the event to bet on, the other half measure it, so that bounds hold for an event chosen before.
A mechanism that keeps its promise fails with probability at most `alpha`, which is split over all bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from sandbox.audit.bounds import epsilon_shown, interval, likely, rho_shown
from sandbox.audit.scores import Numbers, distance, score
from sandbox.audit.subject import Charge, Differing, Subject, differing, worlds
from sandbox.plan.block import Block
from sandbox.privacy.convert import epsilon_for

DELTA = Decimal("1e-6")
"""The δ at which a ρ is shown as an ε."""
CHOICES = 64
TESTS = 16
"""Bounds that are computed for a case are fewer: two ends of three events in two worlds, and one more in each."""


@dataclass(frozen=True)
class Shown:
    """What the draws prove, each a lower bound: ρ, ε (at δ = 10⁻⁶, or 0 for a pure charge), and the probability that
    the keys of a group tell the worlds apart. `reached` is the largest part of a claimed Δ2² that the unit moves."""

    rho: float = 0.0
    epsilon: float = 0.0
    delta: float = 0.0
    reached: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """`why` has a sentence for each promise that is broken; none when all hold."""

    name: str
    covers: str
    charge: Charge
    shown: Shown
    why: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.why

    @property
    def epsilon(self) -> Decimal:
        """The ε that is claimed: that of a pure charge, or of ρ at δ = 10⁻⁶."""
        return self.charge.pure if self.charge.pure is not None else epsilon_for(self.charge.rho, DELTA)


def judge(name: str, covers: str, one: Subject, trials: int, alpha: float) -> Verdict:
    """Draw, compare and judge."""
    if not one.whole:
        both = one.present is None and one.absent is None
        why = "it failed, and shows nothing" if both else "it fails in one world and answers in the other"
        return Verdict(name, covers, one.charge, Shown(epsilon=0.0 if both else float("inf")), (why,))
    assert one.present is not None and one.absent is not None
    blocks = one.plan.blocks
    cells = [differing(block, *ends) for block, *ends in zip(blocks, one.present, one.absent, strict=True)]
    reached = max(part for block, own in zip(blocks, cells, strict=True) for part in _reached(block, own))
    here, there, lone, odd = _observed(one, cells, trials)
    delta = max(interval(int(lone[side].sum()), trials, alpha / TESTS)[0] for side in (0, 1))
    pure = one.charge.pure is not None
    rho, epsilon = proved(here, there, alpha / TESTS, 0.0 if pure else float(DELTA))
    if odd[0].any() or odd[1].any():
        epsilon = max(epsilon, _event(odd[0], odd[1], alpha / TESTS, 0.0)[1])
    shown = Shown(rho, epsilon, delta, reached)
    made = Verdict(name, covers, one.charge, shown)
    return Verdict(name, covers, one.charge, shown, tuple(_broken(made)))


def _broken(one: Verdict) -> Iterator[str]:
    if one.shown.reached > 1:
        yield f"the unit moves {one.shown.reached:.3g} times the Δ2² that is claimed"
    if one.shown.rho > one.charge.rho:
        yield f"ρ is at least {one.shown.rho:.3g}, charged is {one.charge.rho:.3g}"
    if one.shown.epsilon > one.epsilon:
        yield f"ε is at least {one.shown.epsilon:.3g}, claimed is {one.epsilon:.3g}"
    if one.shown.delta > one.charge.delta:
        yield f"keys tell with probability at least {one.shown.delta:.3g}, δ is {one.charge.delta:.3g}"


def _reached(block: Block, cells: Differing) -> Iterator[float]:
    """Give for each measurement what part of its Δ2² the unit moves."""
    for place, m in enumerate(block.measurements):
        moved = [distance(m, cells.present[g][place], cells.absent[g][place]) for g in cells.present]
        yield sum(step**2 for step in moved) / m.square


Marks = NDArray[np.bool_]
Sides = tuple[Marks, Marks]


def _observed(one: Subject, cells: list[Differing], trials: int) -> tuple[Numbers, Numbers, Sides, Sides]:
    """Give the scores of both worlds, in which trials a lone key came out, and in which a number was no whole one."""
    scores = np.zeros((2, trials))
    lone, odd = np.zeros((2, trials), bool), np.zeros((2, trials), bool)
    for _ in range(one.again):
        for number, own in enumerate(cells):
            for side, found in enumerate(worlds(one, number, own, trials)):
                scores[side] += score(one.plan.blocks[number], own, found)
                alone = found.values[:, len(own.common) :, 0]
                lone[side] |= (~np.isnan(alone)).any(axis=1)
                odd[side] |= _finer(found.values)
    return scores[0], scores[1], (lone[0], lone[1]), (odd[0], odd[1])


def _finer(values: Numbers) -> Marks:
    """In which trials a small number has more binary places than one that came from a sum with 1 can have."""
    small = np.abs(values) < 0.25
    scaled = np.where(small, values, 0.0) * 2.0**53
    found: Marks = (scaled != np.round(scaled)).any(axis=(1, 2))
    return found


def proved(here: Numbers, there: Numbers, alpha: float, delta: float) -> tuple[float, float]:
    """Give lower bounds of ρ and ε: choose an event for each by the first half of the draws, measure by the second."""
    half = len(here) // 2
    ends = _chosen(here[:half], there[:half], delta)
    first, second = (_event(here[half:] >= end, there[half:] >= end, alpha, delta) for end in ends)
    return first[0], second[1]


def _chosen(here: Numbers, there: Numbers, delta: float) -> tuple[float, float]:
    """Give the two scores from which on the events promise most of ρ and of ε."""
    here, there = np.sort(here), np.sort(there)
    both = np.concatenate((here, there))
    shares = np.concatenate((np.linspace(0, 1, CHOICES), [0.001, 0.003, 0.997, 0.999]))
    found = []
    for end in np.unique(np.quantile(both, shares)):
        hits = [len(side) - int(np.searchsorted(side, end)) for side in (here, there)]
        p, q = (likely(one, len(here)) for one in hits)
        found.append((float(end), _both(p, q, delta)))
    return max(found, key=lambda one: one[1][0])[0], max(found, key=lambda one: one[1][1])[0]


def _event(here: Marks, there: Marks, alpha: float, delta: float) -> tuple[float, float]:
    """Give what an event proves of ρ and ε."""
    p, q = (interval(int(side.sum()), len(side), alpha) for side in (here, there))
    return _both(p, q, delta)


def _both(p: tuple[float, float], q: tuple[float, float], delta: float) -> tuple[float, float]:
    """The same of an event with these bounds, whichever world it is likelier in, and of its opposite."""
    ways = [(p[0], q[1]), (q[0], p[1]), (1 - p[1], 1 - q[0]), (1 - q[1], 1 - p[0])]
    return max(rho_shown(*way) for way in ways[:2]), max(epsilon_shown(*way, delta) for way in ways)
