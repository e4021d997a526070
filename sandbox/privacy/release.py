"""The only door: from exact bounded aggregates to numbers that may leave the vault's memory.

What comes out is the base X: raw noisy integers. Counts are *not* clamped at 0 here. An unclamped X is unbiased, so
that totals and averages made from it are, and the detector of marks knows exactly what was drawn; that counts do not go
below 0 is the business of post-processing (marks and presentation), which costs no privacy.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from sandbox.engines.base import Exact, Histogram
from sandbox.plan.block import Block, Measurement
from sandbox.plan.plan import Plan
from sandbox.plan.scalar import Value
from sandbox.privacy.mechanisms import gaussian
from sandbox.privacy.released import Group, Released


def release(plan: Plan, exact: Sequence[Exact]) -> list[Released]:
    """Give the base X of `plan`: for each block what `exact` has of it, with noise. Raises ValueError when that is not
    shaped like the plan's results."""
    return [release_block(block, one) for block, one in zip(plan.blocks, exact, strict=True)]


def release_block(block: Block, exact: Exact) -> Released:
    """Add a block's noise to every measurement of every cell, and withhold groups below the threshold.

    The cells of a block whose keys all have declared domains are the whole product of these domains – exactly one cell
    without keys – so empty groups get noise too; a group outside a domain is dropped. With private keys the cells are
    the groups present, and only those come out whose noisy unit count reaches τ. Order depends on the key values
    alone. Raises ValueError when `exact` is not shaped like the block's result.
    """
    cells = _cells(block, exact)
    drawn = [
        _noisy(measurement, [values[place] for _, values in cells])
        for place, measurement in enumerate(block.measurements)
    ]
    groups, values = [], []
    for (group, _), noisy in zip(cells, zip(*drawn, strict=True), strict=True):
        if block.threshold is None or noisy[block.threshold.measurement] >= block.threshold.tau:
            groups.append(group)
            values.append(noisy)
    return Released(groups, values)


def _noisy(m: Measurement, exact: Sequence[int | Histogram]) -> list[int]:
    """Draw what is released of one measurement, for each of its cells."""
    if m.mechanism == "exponential":
        found = [one for one in exact if not isinstance(one, int)]
        if len(found) != len(exact):
            raise ValueError("an engine gave a number for a quantile")
        from sandbox.privacy.exponential import quantile

        return [quantile(bins, m.bins, m.rank, m.sigma) for bins in found]
    true = [one for one in exact if isinstance(one, int)]
    if len(true) != len(exact):
        raise ValueError("an engine gave bins for a number")
    if m.mechanism == "laplace":
        from sandbox.privacy.laplace import laplace as draw
    else:
        draw = gaussian
    return [value + error for value, error in zip(true, draw(len(true), m.sigma), strict=True)]


def _cells(block: Block, exact: Exact) -> list[tuple[Group, tuple[int | Histogram, ...]]]:
    """Give the cells that get noise, with their exact values, in canonical order."""
    found = dict(zip(exact.groups, exact.values, strict=True))
    if len(found) != len(exact.groups):
        raise ValueError("an engine gave one group twice")
    if any(len(group) != len(block.keys) for group in found):
        raise ValueError("an engine gave groups of the wrong width")
    if any(len(values) != len(block.measurements) for values in exact.values):
        raise ValueError("an engine gave fewer values than were measured")
    domains = [key.domain for key in block.keys if key.domain is not None]
    if len(domains) == len(block.keys):
        nothing: tuple[int | Histogram, ...] = tuple(() if m.what == "quantile" else 0 for m in block.measurements)
        cells = [(group, found.get(group, nothing)) for group in product(*domains)]
    else:
        allowed = [None if key.domain is None else frozenset(key.domain) for key in block.keys]
        cells = [(group, values) for group, values in found.items() if _declared(group, allowed)]
    return sorted(cells, key=lambda cell: [(value is None, value) for value in cell[0]])


def _declared(group: Group, allowed: list[frozenset[Value] | None]) -> bool:
    return all(domain is None or value in domain for value, domain in zip(group, allowed, strict=True))
