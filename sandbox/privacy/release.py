"""The only door: from exact bounded aggregates to numbers that may leave the vault's memory.

What comes out is the base X: raw noisy integers. Counts are *not* clamped at 0 here. An unclamped X is unbiased, so
that totals and averages made from it are, and the detector of marks knows exactly what was drawn; that counts do not go
below 0 is the business of post-processing (marks and presentation), which costs no privacy.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from sandbox.engines.base import Columns, Exact, Histogram
from sandbox.plan.block import Block, Measurement
from sandbox.plan.ordering import value_key
from sandbox.plan.plan import Plan
from sandbox.privacy.mechanisms import gaussian
from sandbox.privacy.released import Released


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
    keys, values = Columns.of(exact.groups, len(block.keys)), Columns.of(exact.values, len(block.measurements))
    if len(keys) != len(values):
        raise ValueError("an engine gave groups without values")
    return _declared_cells(block, keys, values) if block.threshold is None else _private_keys(block, keys, values)


def _declared_cells(block: Block, keys: Columns, values: Columns) -> Released:
    found = dict(zip(keys, values, strict=True))
    if len(found) != len(keys):
        raise ValueError("an engine gave one group twice")
    nothing = tuple(() if m.what == "quantile" else 0 for m in block.measurements)
    domains = [sorted(key.domain or (), key=value_key) for key in block.keys]
    groups = list(product(*domains))
    cells = [found.get(group, nothing) for group in groups]
    drawn = [_noisy(m, [cell[place] for cell in cells]) for place, m in enumerate(block.measurements)]
    return Released(groups, list(zip(*drawn, strict=True)))


def _private_keys(block: Block, keys: Columns, values: Columns) -> Released:
    """Noise for the unit counts of all groups that are present, then, for those that show, for all the rest: what is
    withheld is looked at no more, and measurements have noise of their own."""
    assert block.threshold is not None
    places = _inside(block, keys)
    counted = block.threshold.measurement
    column = values.columns[counted]
    units = _noisy(block.measurements[counted], [column[place] for place in places])
    shown = [(place, number) for place, number in zip(places, units, strict=True) if number >= block.threshold.tau]
    groups = [keys[place] for place, _ in shown]
    if len(set(groups)) != len(groups):
        raise ValueError("an engine gave one group twice")
    order = sorted(range(len(shown)), key=lambda at: [value_key(value) for value in groups[at]])
    shown = [shown[at] for at in order]
    drawn = [
        [number for _, number in shown]
        if number_of == counted
        else _noisy(m, [values.columns[number_of][place] for place, _ in shown])
        for number_of, m in enumerate(block.measurements)
    ]
    return Released([groups[at] for at in order], list(zip(*drawn, strict=True)))


def _inside(block: Block, keys: Columns) -> Sequence[int]:
    """Give the places of the groups whose keys with a declared domain lie in it."""
    places: Sequence[int] = range(len(keys))
    for key, column in zip(block.keys, keys.columns, strict=True):
        if key.domain is not None:
            allowed = frozenset(key.domain)
            places = [place for place in places if column[place] in allowed]
    return places


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
        from sandbox.privacy.laplace import laplace

        drawn = laplace(len(true), m.sigma)
    else:
        drawn = gaussian(len(true), m.sigma)
    return [value + error for value, error in zip(true, drawn, strict=True)]
