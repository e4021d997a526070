"""Leaks that two or three answers went into: the same cells, measured several times with noise of their own.

Who averages two answers leaves (X₁ + X₂)/2 and half of each mark. Seen from X₁ alone that is noise of the size of σ;
but the host knows X₂ too, so the leaked value is moved by X₁ − (X₁ + X₂)/2 before it is scored, and what is left is an
average of copies. (Who takes each cell from one answer or the other leaves each base with cells that were edited: no
combination is needed.) All this reads leak and the X's only, so the error bound of every base stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from watermarking.align import Alignment
from watermarking.base import Base
from watermarking.cells import cell_hashes
from watermarking.fit import trimmed
from watermarking.leak import Reals
from watermarking.observed import Observed
from watermarking.rows import Places

MOST_OTHERS = 11  # that a base is compared with
FEW = 16  # shared cells below which nothing is said
CLOSER = 0.75  # how much closer a combination must be than the base alone


@dataclass(frozen=True)
class Shown:
    """A base and the alignment that shows it."""

    base: Base
    alignment: Alignment


def together(own: Shown, others: Sequence[Shown]) -> Alignment:
    """Give the alignment of a base as it is seen together with others that the leak shows; the same where it shows no
    combination. Which others it was seen with is in `beside`, by their ids."""
    bases = [_names(one) for one in (own, *others[:MOST_OTHERS])]
    return _seen(own.alignment, bases[0], bases[1:])


@dataclass(frozen=True)
class _Named:
    """Cells by name, ascending: first word of the hash, X and σ of the cell."""

    id: bytes
    name: Places
    x: Reals
    sigma: Reals
    own: Places  # names of observed cells, in the order of the observations


def _names(one: Shown) -> _Named:
    name = cell_hashes(one.base)[:, 0].astype(np.uint64).view(np.int64)
    sigma = np.tile([float(primitive.sigma) for primitive in one.base.primitives], len(one.base.groups))
    order = np.argsort(name, kind="stable")
    x = one.base.matrix.ravel().astype(np.float64)
    return _Named(one.base.id, name[order], x[order], sigma[order], name[one.alignment.observed.cell])


def _seen(alignment: Alignment, own: _Named, bases: Sequence[_Named]) -> Alignment:
    x, sigma, _ = _at(own, own.own)
    others = {}
    for place, other in enumerate(bases):
        if other.id != own.id:
            theirs, _, there = _at(other, own.own)
            if there.sum() >= FEW:
                others[place] = np.where(there, theirs - x, np.nan)  # how far their X is above ours
    away = alignment.observed.away
    best: tuple[float, Reals, tuple[int, ...]] = (CLOSER * _size(away / sigma), away, ())
    for count in (1, 2):
        for chosen in combinations(others, count):
            moved = away - sum(others[place] for place in chosen) / (count + 1)
            size = _size(moved / sigma)
            if size < best[0]:
                best = size, moved, chosen
    if not best[2]:
        return alignment
    seen, kept = alignment.observed, np.isfinite(best[1])
    observed = Observed(seen.cell[kept], best[1][kept], seen.grid[kept])
    return replace(alignment, observed=observed, beside=tuple(bases[place].id for place in best[2]))


def _at(base: _Named, names: Places) -> tuple[Reals, Reals, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """X and σ of cells by name, and whether there is one cell of that name."""
    if not len(base.name):
        return np.zeros(len(names)), np.ones(len(names)), np.zeros(len(names), bool)
    place = np.searchsorted(base.name, names)
    place = np.minimum(place, len(base.name) - 1)
    after = np.minimum(place + 1, len(base.name) - 1)
    there = (base.name[place] == names) & ((base.name[after] != names) | (after == place))
    return base.x[place], np.maximum(base.sigma[place], 1e-9), np.asarray(there, bool)


def _size(away: Reals) -> float:
    known = np.abs(away[np.isfinite(away)])
    return trimmed(known) if len(known) >= FEW else np.inf
