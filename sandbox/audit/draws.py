"""Many releases of one block at once: the product's own `release_block`, with the number of the trial as one more key.

Noise is the only chance in a release, so that the exact part is run once a world and the release as often as wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.engines.base import Coded, Columns, Exact, Numbers
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
    made = release(tried(block, list(origins), trials), repeated(exact, len(block.keys), trials))
    places = {group: place for place, group in enumerate(origins)}
    values = np.full((trials, len(places), len(block.measurements)), np.nan)
    for (*group, trial), found in zip(made.groups, made.values, strict=True):
        place = places.get(tuple(group))
        if place is not None:
            values[trial, place] = [float(one - zero) for one, zero in zip(found, origins[tuple(group)], strict=True)]
    return Drawn(tuple(origins), values)


def tried(block: Block, groups: Sequence[Group], trials: int) -> Block:
    """Give the block with the number of the trial as its last key. Of declared domains there are only the values that
    `groups` have: every cell has noise of its own, whatever the others are."""
    keys = []
    for place, key in enumerate(block.keys):
        seen = {group[place] for group in groups}
        kept = None if key.domain is None else tuple(value for value in key.domain if value in seen)
        keys.append(replace(key, domain=kept))
    return replace(block, keys=(*keys, Key("trial", Constant(0, INTEGER), tuple(range(trials)))))


def repeated(exact: Exact, keys: int, trials: int) -> Exact:
    """Give the same exact groups in every trial, in columns: they have `keys` keys."""
    groups, values, size = list(exact.groups), list(exact.values), len(exact.groups)
    again = np.tile(np.arange(size), trials)
    named: list[Sequence[Any]] = [Coded(again, [group[place] for group in groups]) for place in range(keys)]
    named.append(Numbers(np.repeat(np.arange(trials), size)))
    counted = [_tiled([one[place] for one in values], trials) for place in range(len(values[0]) if values else 0)]
    return Exact(Columns(named, size * trials), Columns(counted, size * trials) if values else [])


def _tiled(column: list[Any], trials: int) -> Sequence[Any]:
    """Numbers as one array where they fit, anything else as it is."""
    if all(isinstance(one, int) and abs(one) < 1 << 62 for one in column):
        return Numbers(np.tile(np.array(column, np.int64), trials))
    return column * trials


def only(exact: Exact, groups: Sequence[Group]) -> Exact:
    """Give the part of `exact` that is about `groups`."""
    wanted = set(groups)
    kept = [(g, v) for g, v in zip(exact.groups, exact.values, strict=True) if tuple(g) in wanted]
    return Exact([group for group, _ in kept], [values for _, values in kept])
