"""The only door: from exact bounded aggregates to numbers that may leave the vault's memory.

What comes out is the base X: raw noisy integers. Counts are *not* clamped at 0 here. An unclamped X is unbiased, so
that totals and averages made from it are, and the detector of marks knows exactly what was drawn; that counts do not go
below 0 is the business of post-processing (marks and presentation), which costs no privacy.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from sandbox.engines.base import Bins, Columns, Exact
from sandbox.plan.block import Block, Measurement
from sandbox.plan.ordering import value_key
from sandbox.plan.plan import Plan
from sandbox.privacy.mechanisms import gaussian
from sandbox.privacy.released import Released

if TYPE_CHECKING:
    import pyarrow as pa

    # arrays are loaded with the first release, in the vault
    from sandbox.privacy.cells import Places, Whole


def release(plan: Plan, exact: Sequence[Exact] | pa.Table) -> list[Released]:
    """Give the base X of `plan`: for each block what `exact` has of it, with noise; of a model, that is fitted to a
    table of rows, what each stage sums, the next one being made with what the last one released. Raises ValueError
    when `exact` is not shaped like the plan's results."""
    if plan.fitted:
        from sandbox.privacy.modelled import release_model

        return release_model(plan, exact)
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
    from sandbox.privacy.cells import column_of, laid_out, spread

    domains = [sorted(key.domain or (), key=value_key) for key in block.keys]
    groups = list(product(*domains))
    found, cells = laid_out(keys, domains)
    drawn = []
    for m, column in zip(block.measurements, values.columns, strict=True):
        nothing = () if m.what == "quantile" else 0
        drawn.append(column_of(_noisy(m, spread(column, found, cells, len(groups), nothing))))
    return Released(groups, Columns(drawn, len(groups)))


def _private_keys(block: Block, keys: Columns, values: Columns) -> Released:
    """Noise for the unit counts of all groups that are present, then, for those that show, for all the rest: what is
    withheld is looked at no more, and measurements have noise of their own."""
    from sandbox.privacy.cells import column_of, in_order, picked

    assert block.threshold is not None
    inside, counted = _inside(block, keys), block.threshold.measurement
    units = _noisy(block.measurements[counted], picked(values.columns[counted], inside))
    shown = (units >= block.threshold.tau).nonzero()[0]
    named = [picked(column, inside[shown]) for column in keys.columns]
    order = in_order(named)
    groups, units = inside[shown[order]], units[shown[order]]
    drawn = [
        column_of(units if number == counted else _noisy(m, picked(values.columns[number], groups)))
        for number, m in enumerate(block.measurements)
    ]
    return Released(Columns([picked(one, order) for one in named], len(groups)), Columns(drawn, len(groups)))


def _inside(block: Block, keys: Columns) -> Places:
    """Give the places of the groups whose keys with a declared domain lie in it."""
    import numpy as np

    from sandbox.privacy.cells import numbered

    inside = np.ones(len(keys), np.bool_)
    for key, column in zip(block.keys, keys.columns, strict=True):
        if key.domain is not None:
            inside &= numbered(column, key.domain) >= 0
    return np.flatnonzero(inside)


def _noisy(m: Measurement, exact: Sequence[Any]) -> Whole:
    """Draw what is released of one measurement, for each of its cells."""
    from sandbox.privacy.cells import added, whole

    if m.mechanism == "exponential":
        if any(isinstance(one, int) for one in exact):
            raise ValueError("an engine gave a number for a quantile")
        from sandbox.privacy.exponential import quantile

        histograms = (bins.array if isinstance(bins, Bins) else bins for bins in exact)
        return whole([quantile(bins, m.bins, m.rank, m.sigma) for bins in histograms])
    true = whole(exact)
    if m.mechanism == "laplace":
        from sandbox.privacy.laplace import laplace

        return added(true, laplace(len(true), m.sigma))
    return added(true, gaussian(len(true), m.sigma))
