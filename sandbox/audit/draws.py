"""Many releases of one block at once: the product's own `release_block`, with the number of the trial as one more key.

Noise is the only chance in a release, so that the exact part is run once a world and the release as often as wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.engines.base import Exact
from sandbox.plan.block import Block, Key
from sandbox.plan.scalar import INTEGER, Constant, Value
from sandbox.privacy.release import release_block

Group = tuple[Value, ...]


@dataclass(frozen=True)
class Drawn:
    """Releases of a block: `values[trial, group, measurement]`, less the group's `origin`; NaN where it was withheld.
    `groups` are those that were looked for."""

    groups: tuple[Group, ...]
    values: NDArray[np.float64]


Origins = dict[Group, tuple[int, ...]]
Release = Callable[[Block, Exact], Any]
"""What gives groups and values, as `release_block` does."""


def drawn(block: Block, exact: Exact, origins: Origins, trials: int, release: Release = release_block) -> Drawn:
    """Release `exact` so many times, and give the groups of `origins`."""
    made = release(tried(block, trials), repeated(exact, trials))
    places = {group: place for place, group in enumerate(origins)}
    values = np.full((trials, len(places), len(block.measurements)), np.nan)
    for (*group, trial), found in zip(made.groups, made.values, strict=True):
        place = places.get(tuple(group))
        if place is not None:
            values[trial, place] = [float(one - zero) for one, zero in zip(found, origins[tuple(group)], strict=True)]
    return Drawn(tuple(origins), values)


def tried(block: Block, trials: int) -> Block:
    """Give the block with the number of the trial as its last key."""
    return replace(block, keys=(*block.keys, Key("trial", Constant(0, INTEGER), tuple(range(trials)))))


def repeated(exact: Exact, trials: int) -> Exact:
    """Give the same exact groups in every trial."""
    groups, values = list(exact.groups), list(exact.values)
    return Exact([(*group, trial) for trial in range(trials) for group in groups], values * trials)


def only(exact: Exact, groups: Sequence[Group]) -> Exact:
    """Give the part of `exact` that is about `groups`."""
    wanted = set(groups)
    kept = [(g, v) for g, v in zip(exact.groups, exact.values, strict=True) if tuple(g) in wanted]
    return Exact([group for group, _ in kept], [values for _, values in kept])
