"""The base of a model: stage after stage, each sum with exact noise, the next stage made with what the last one gave.

A part of `release`, the only door: exact sums live in one call of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.modelling.matrix import Whole, matrices
from sandbox.modelling.solve import found
from sandbox.modelling.sums import sums
from sandbox.plan.fitted import Fitted, Places
from sandbox.plan.plan import Plan
from sandbox.privacy.mechanisms import gaussian
from sandbox.privacy.released import Released

if TYPE_CHECKING:
    import pyarrow as pa


def release_model(plan: Plan, rows: pa.Table) -> list[Released]:
    """Give the base of a model: for each stage its sums with noise, for slots what they hold before marks."""
    fit, look = matrices(plan.stages[0].model, rows)
    kept: list[tuple[Fitted, Whole]] = []
    released = []
    for one in plan.fitted:
        if isinstance(one, Places):
            released.append(_placed(list(one.base)))
            continue
        exact = sums(one, look if one.evaluates else fit, found(kept))
        noisy = exact + gaussian(one.size, one.sigma)
        kept.append((one, noisy))
        released.append(_placed(noisy.tolist()))
    return released


def _placed(values: list[int]) -> Released:
    return Released([(place,) for place in range(len(values))], [(value,) for value in values])
