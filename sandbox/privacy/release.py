"""The only door: from exact bounded aggregates to numbers that may leave the vault's memory.

What comes out is the base X: raw noisy integers. Counts are *not* clamped at 0 here. An unclamped X is unbiased, so
that totals and averages made from it are, and the detector of marks knows exactly what was drawn; that counts do not go
below 0 is the business of post-processing (marks and presentation), which costs no privacy.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from sandbox.engines.base import Exact
from sandbox.plan.plan import Plan
from sandbox.plan.scalar import Value
from sandbox.privacy.mechanisms import gaussian

Group = tuple[Value, ...]


@dataclass(frozen=True)
class Released:
    """The base X: key values of each group (in the plan's key order) and, aligned, one noisy integer per measurement
    (in the unit of the measurement; sums are around their centre)."""

    groups: list[Group]
    values: list[tuple[int, ...]]


def release(plan: Plan, exact: Exact) -> Released:
    """Add the plan's noise to every measurement of every cell, and withhold groups below the threshold.

    The cells of a plan whose keys all have declared domains are the whole product of these domains – exactly one cell
    without keys – so empty groups get noise too; a group outside a domain is dropped. With private keys the cells are
    the groups present, and only those come out whose noisy unit count reaches τ. Order depends on the key values
    alone. Raises ValueError when `exact` is not shaped like the plan's result.
    """
    cells = _cells(plan, exact)
    noise = [gaussian(len(cells), measurement.sigma) for measurement in plan.measurements]
    groups, values = [], []
    for (group, true), drawn in zip(cells, zip(*noise, strict=True), strict=True):
        noisy = tuple(value + error for value, error in zip(true, drawn, strict=True))
        if plan.threshold is None or noisy[plan.threshold.measurement] >= plan.threshold.tau:
            groups.append(group)
            values.append(noisy)
    return Released(groups, values)


def _cells(plan: Plan, exact: Exact) -> list[tuple[Group, tuple[int, ...]]]:
    """Give the cells that get noise, with their exact values, in canonical order."""
    found = dict(zip(exact.groups, exact.values, strict=True))
    if len(found) != len(exact.groups):
        raise ValueError("an engine gave one group twice")
    if any(len(group) != len(plan.keys) for group in found):
        raise ValueError("an engine gave groups of the wrong width")
    domains = [key.domain for key in plan.keys if key.domain is not None]
    if len(domains) == len(plan.keys):
        nothing = (0,) * len(plan.measurements)
        cells = [(group, found.get(group, nothing)) for group in product(*domains)]
    else:
        allowed = [None if key.domain is None else frozenset(key.domain) for key in plan.keys]
        cells = [(group, values) for group, values in found.items() if _declared(group, allowed)]
    return sorted(cells, key=lambda cell: [(value is None, value) for value in cell[0]])


def _declared(group: Group, allowed: list[frozenset[Value] | None]) -> bool:
    return all(domain is None or value in domain for value, domain in zip(group, allowed, strict=True))
