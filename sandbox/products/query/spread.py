"""How units spread over the groups of a statement, as far as the public profile says it.

The profile has one histogram of units for each figure. They are put together as if the units with the most rows also
touched the most groups, had the largest group and the largest norm: the n-th part of one goes with the n-th of all.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from sandbox.catalogue.profile import Histogram, TableProfile
from sandbox.plan.block import Key
from sandbox.plan.relation import Filter, Join, Project, Relation, Scan, Semi
from sandbox.plan.scalar import Column, columns
from sandbox.plan.walk import stored


@dataclass(frozen=True)
class Alike:
    """A share of the units that count as alike: rows, groups, rows of the largest group, norms by measure."""

    share: float
    rows: float
    groups: float
    most: float
    norms: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Spread:
    """All units, by how they spread; `rows` and `units` are how many there are."""

    rows: float
    units: float
    alike: tuple[Alike, ...]

    def kept(self, groups: int, per_group: int) -> float:
        """Give the share of rows that bounds of so many groups, and rows in each, leave in."""
        found = self._shares.get((groups, per_group))
        if found is None:
            found = sum(kept for _, _, kept in self.parts(groups, per_group))
            self._shares[groups, per_group] = found
        return found

    def parts(self, groups: int, per_group: int) -> list[tuple[float, float, float]]:
        """Give units alike by their rows: how many each has, their share of all rows, and what of it bounds keep."""
        whole = sum(one.rows * one.share for one in self.alike)
        here = self._rows_kept(per_group)
        return [
            (one.rows, one.rows * one.share / whole, min(1.0, groups / one.groups) * rows)
            for one, rows in zip(self.alike, here, strict=True)
        ]

    def touched(self, groups: int) -> float:
        """Give the share of pairs of unit and group that so many groups of a unit leave in."""
        if groups not in self._touched:
            self._touched[groups] = sum(min(groups, one.groups) * one.share for one in self.alike) / self.pairs
        return self._touched[groups]

    @cached_property
    def pairs(self) -> float:
        """The mean number of groups of a unit."""
        return sum(one.groups * one.share for one in self.alike)

    @cached_property
    def busy(self) -> float:
        """The same, each unit counted once for each of its rows."""
        rows = sum(one.rows * one.share for one in self.alike)
        return sum(one.groups * one.rows * one.share for one in self.alike) / rows

    def _rows_kept(self, per_group: int) -> tuple[float, ...]:
        if per_group not in self._tables:
            whole = sum(one.rows * one.share for one in self.alike)
            self._tables[per_group] = tuple(
                one.share * sum(min(size, per_group) for size in sizes) / whole
                for one, sizes in zip(self.alike, self.sizes, strict=True)
            )
        return self._tables[per_group]

    @cached_property
    def _shares(self) -> dict[tuple[int, int], float]:
        return {}

    @cached_property
    def _touched(self) -> dict[int, float]:
        return {}

    @cached_property
    def _tables(self) -> dict[int, tuple[float, ...]]:
        return {}

    @cached_property
    def tried(self) -> dict[Hashable, Any]:
        """Whatever was worked out from this spread and holds for every question."""
        return {}

    @cached_property
    def sizes(self) -> tuple[tuple[float, ...], ...]:
        """The rows of each group of units alike."""
        return tuple(_sizes(one) for one in self.alike)


def _sizes(one: Alike) -> tuple[float, ...]:
    """Give the rows of each group of a unit: they fall geometrically from the largest, to 1 at least, and add up."""
    groups = max(round(one.groups), 1)

    def falling(by: float) -> list[float]:
        return [max(1.0, one.most * by**place) for place in range(groups)]

    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (low, middle) if sum(falling(middle)) > one.rows else (middle, high)
    sizes = falling(high)
    scale = one.rows / sum(sizes)
    return tuple(size * scale for size in sizes)


@lru_cache(maxsize=256)
def spread(table: TableProfile, keys: frozenset[str] | None, cells: int | None) -> Spread | None:
    """Give how the units of a table spread over groups by `keys` (columns of it; None: something else), of which there
    are `cells` (None: private). Groups that the profile does not know are taken for even where they are declared, and
    for as bad as can be otherwise. None where the profile says nothing."""
    if table.per_unit is None:
        return Spread(table.rows, table.units, (Alike(1.0, 1.0, 1.0, 1.0, {}),)) if table.units > 0 else None
    known = table.key_set(keys) if keys is not None else None
    figures = {"rows": table.per_unit}
    if known is not None:
        figures |= {"groups": known.groups, "most": known.most}
        figures |= {f"norm {name}": one for name, one in known.norms.items() if one.parts}
    if table.rows <= 0 or table.units <= 0 or not all(one.parts for one in figures.values()):
        return None
    alike = tuple(_alike(share, at, keys, cells) for share, at in _with_tail(figures, table))
    return Spread(table.rows, table.units, alike)


def _with_tail(figures: Mapping[str, Histogram], table: TableProfile) -> Iterator[tuple[float, dict[str, float]]]:
    """Give shares of the units as coupled, and units in the tail that noise hides: as many as make the rows add up,
    with numbers of rows between those that are seen last and the most that there may be."""
    found = list(_coupled(figures))
    mean = sum(share * at["rows"] for share, at in found)
    missing = table.rows / table.units - mean
    seen, most = table.per_unit.parts[-1].high, table.per_unit.upper[-1]  # type: ignore[union-attr]
    if missing > 0 and seen < most:
        rows = (seen * most) ** 0.5
        share = min(missing / (rows - mean), 1.0) if rows > mean else 0.0
        yield from ((own * (1 - share), at) for own, at in found)
        yield share, {**found[-1][1], "rows": rows}
    else:
        yield from found


def _alike(share: float, at: Mapping[str, float], keys: frozenset[str] | None, cells: int | None) -> Alike:
    rows = at["rows"]
    if "groups" in at:
        groups = min(at["groups"], rows)
        most = min(max(at["most"], rows / groups), rows - groups + 1)
    elif keys is not None and not keys:
        groups, most = 1.0, rows
    elif cells is not None:
        groups = max(cells * (1 - (1 - 1 / cells) ** rows), 1.0)
        most = min(2 * rows / groups, rows - groups + 1)
    else:
        groups, most = rows, rows
    return Alike(share, rows, groups, most, {name[5:]: value for name, value in at.items() if name.startswith("norm ")})


def _coupled(figures: Mapping[str, Histogram]) -> Iterator[tuple[float, dict[str, float]]]:
    """Give shares of the units in order, each with the middle of every figure there."""
    places, left = dict.fromkeys(figures, 0), {name: one.parts[0].share for name, one in figures.items()}
    while True:
        share = min(left.values())
        if share > 1e-12:
            yield share, {name: one.parts[places[name]].middle for name, one in figures.items()}
        for name, one in figures.items():
            left[name] -= share
            if left[name] <= 1e-12:
                places[name] += 1
                if places[name] == len(one.parts):
                    return
                left[name] = one.parts[places[name]].share


@dataclass(frozen=True)
class Source:
    """Which table gives a statement's rows, what it groups by there, and from which scan each column comes. `plain`:
    the rows are those of the table, filtered at most; `whole`: they are all of its rows."""

    table: str
    keys: frozenset[str] | None
    scans: tuple[Scan, ...]
    plain: bool
    whole: bool

    def table_of(self, column: Column) -> str | None:
        """Give the table that has the column."""
        return next((scan.table for scan in self.scans if column in scan.columns), None)


def source(rows: Relation, keys: Sequence[Key]) -> Source | None:
    """Give where the rows come from, if every one is a row of one table, joined with at most one of any other."""
    scans = _scans(rows)
    if not scans:
        return None
    main = max(scans, key=lambda scan: scan.rows)
    if main.rows != rows.rows:
        return None
    named: set[str] | None = set()
    single = {column.name for scan in scans if scan.rows == 1 for column in scan.columns}
    for key in keys:
        if columns(key.expr) <= single:
            continue  # of one row of the unit: the same for all of its rows
        if named is None or not isinstance(key.expr, Column) or key.expr not in main.columns:
            named = None
        else:
            named.add(stored(key.expr))
    plain = isinstance(rows, Scan) or (
        isinstance(rows, Filter) and all(isinstance(n, Filter | Scan) for n in _below(rows))
    )
    whole = isinstance(rows, Scan) or (isinstance(rows, Project) and isinstance(rows.source, Scan))
    return Source(main.table, None if named is None else frozenset(named), scans, plain, whole)


def _below(node: Relation) -> Iterator[Relation]:
    while isinstance(node, Filter):
        node = node.source
        yield node


def _scans(node: Relation) -> tuple[Scan, ...]:
    """Give the scans whose columns the rows have; none when rows are made otherwise than by filters and joins."""
    match node:
        case Scan():
            return (node,)
        case Filter():
            return _scans(node.source)
        case Project() if all(isinstance(one.expr, Column) and one.column == one.expr for one in node.named):
            return _scans(node.source)
        case Semi():
            return _scans(node.left)
        case Join() if node.how != "full":
            left = _scans(node.left)
            right = _scans(node.right) if node.right.state == "unit" else ()
            return (*left, *right) if left and (right or node.right.state != "unit") else ()
        case _:
            return ()
