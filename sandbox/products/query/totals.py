"""Totals mode: what a unit has in a group is added up first, and that total is clamped. One row is left of each unit
and group, so that a sum moves by the clamp, however many rows the unit has there.

It is a rewriting: the rows are grouped by unit and keys below the measure, counts and sums become sums of those totals.
How units' totals lie follows from the public profile: without keys it has them; in groups that it knows they are a
unit's norm shared out as its rows are; otherwise a row is worth the mean.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sandbox.engines.widths import MOST, width
from sandbox.errors import Problem
from sandbox.plan.block import Block, Bounds
from sandbox.plan.parts import Aggregate, Named
from sandbox.plan.relation import NUMBER, Group, Relation
from sandbox.plan.scalar import INTEGER, Column, Scalar, columns
from sandbox.plan.walk import stored
from sandbox.products.query.known import GROUPS, Known, column_of, counted
from sandbox.products.query.measure import Need, needs
from sandbox.products.query.way import Way, given_back, rounded
from sandbox.sql.draft import Ask, Key, Measure
from sandbox.sql.terms import Term

Reals = NDArray[np.float64]
Tried = tuple[Reals, Reals, Reals]
CLAMPS = 24  # clamps that are tried, from the smallest total to the largest


def totalled(measure: Measure, own: bool) -> Measure | None:
    """Give `measure` over one row for each unit and group; None where it asks for more than counts and sums, where a
    unit has one row anyway, or where totals need more digits than there are. `own`: keys are the unit's own, the same
    in all of its rows; then there is one row for each unit, with the least of what its rows have there."""
    rows = measure.rows.rows
    if rows < 2 or any(ask.what not in ("rows", "values", "sum") for ask in measure.asks):
        return None
    named = tuple(
        Named(f"{key.name.partition(NUMBER)[0]}{NUMBER}k{place}", key.term.node, *_bounds(key.term))
        for place, key in enumerate(measure.keys)
    )
    made = tuple(_aggregate(ask, rows, place) for place, ask in enumerate(measure.asks))
    least = tuple(Aggregate(one.name, "min", one.expr, one.expr.type, one.lower, one.upper) for one in named)
    below = Group(measure.rows, (), (*least, *made)) if own else Group(measure.rows, named, made)
    found = {column.name: column for column in below.columns}
    if any(one.expr is not None and width(one.expr).most * rows > MOST for one in made if one.what == "sum"):
        return None
    keys = tuple(
        Key(key.name, replace(key.term, node=found[one.name], listing=None))
        for key, one in zip(measure.keys, named, strict=True)
    )
    asks = tuple(Ask("sum", Term(found[one.name], one.lower, one.upper, one.what == "sum")) for one in made)
    try:
        for ask in asks:
            needs(ask, below.rows)
    except Problem:
        return None
    return Measure(below, keys, asks, measure.made)


def plan_totals(measure: Measure, totals: Measure, case: Known) -> Way | None:
    """Give how `totals`, made of the measure that `case` is about, is best bounded; None where the profile does not say
    how large totals are."""
    return _Planner(measure, totals, case).way()


class Alike:
    """Units of which each has totals of `sizes`, falling, times `worth`."""

    def __init__(self, share: float, sizes: Sequence[float], worth: float = 1.0) -> None:
        self.share, self.groups, self._worth = share, len(sizes), worth
        self._rising = sizes[::-1]
        self._sums = (0.0, *accumulate(self._rising))

    @property
    def whole(self) -> float:
        return self.share * self._worth * self._sums[-1]

    @property
    def largest(self) -> float:
        return self._worth * self._rising[-1]

    def within(self, clamp: float) -> float:
        """Give what is left of `whole` when each total counts as at most `clamp`."""
        if self.largest <= clamp:
            return self.whole
        limit = clamp / self._worth
        below = bisect_right(self._rising, limit)
        return self.share * self._worth * (self._sums[below] + limit * (self.groups - below))


class _Planner:
    """`_units` has for each need what units alike have in their groups, in the need's steps."""

    def __init__(self, measure: Measure, totals: Measure, case: Known) -> None:
        self._case, self._most = case, totals.rows.rows
        self._needs = {
            needs(ask, self._most)[0]: needs(of, case.allowed.rows)[0]
            for ask, of in zip(totals.asks, measure.asks, strict=True)
        }
        self._share = case.rho / (len(self._needs) + (case.cells is None))
        self._units = {need: self._of_units(need) for need in self._needs}

    def way(self) -> Way | None:
        """Decide."""
        if not all(self._units.values()):
            return None
        reach = min(self._most, self._case.cells or self._most)
        tried = [step for step in GROUPS if step < reach] if self._case.keys else []
        clamped = {need: self._kept_by(need) for need in self._needs}
        found = [
            (groups, {need: self._best(need, groups, clamped[need]) for need in self._needs})
            for groups in (*tried, reach)
        ]
        groups, best = min(found, key=lambda one: sum(error for error, _, _ in one[1].values()))
        planned = {need: moved for need, (_, moved, _) in best.items()}
        lost = {need: left_out for need, (_, _, left_out) in best.items()}
        sizes = {need: max(self._size(need), 1.0) for need in self._needs}
        means = {moved: Fraction(rounded(self._mean(need))) for need, moved in planned.items() if self._mean(need) >= 1}
        known = [need for need in planned if self._case.source.whole and self._case.sure and need.lower >= 0]
        bounds = Bounds(self._most, self._most if groups == reach else groups, 1)
        error = sum(one for one, _, _ in best.values())
        return Way(bounds, planned, lost, lost, sizes, means, given_back(planned, lost, known), error)

    def _kept_by(self, need: Need) -> Tried:
        """The same, kept beside the profile: it is alike for every ε."""
        units, found = self._units[need], self._case.spread.tried
        name = tuple((one.share, one.whole, one.largest) for one in units)
        if name not in found:
            found[name] = self._clamped(need)
        kept: Tried = found[name]
        return kept

    def _clamped(self, need: Need) -> Tried:
        """Give clamps; what each keeps of the totals of units alike, as a share of all; and the groups of these."""
        units = self._units[need]
        whole, largest = sum(one.whole for one in units), max(one.largest for one in units)
        clamps = sorted({max(round(largest * 2 ** (-step / 2)), 1) for step in range(CLAMPS)})
        kept = [[one.within(clamp) / whole for one in units] for clamp in clamps]
        return np.array(clamps, np.float64), np.array(kept), np.array([one.groups for one in units], np.float64)

    def _best(self, need: Need, groups: int, tried: Tried) -> tuple[float, Need, float]:
        """Give the smallest predicted error in so many groups, the need with the clamp that has it, and what both leave
        out."""
        clamps, kept, reached = tried
        left_out = np.maximum(1 - kept @ np.minimum(1.0, groups / reached), 0.0)
        noise = clamps * self._case.step(Bounds(self._most, groups, 1), self._share)
        errors = [counted(one) for one in left_out.tolist()] + noise / max(self._size(need), 1.0)
        errors = np.where(clamps >= max(need.lower, -need.upper), errors, np.inf)  # of what is never nearer to 0
        at = int(np.argmin(errors))
        if not np.isfinite(errors[at]):
            return float("inf"), need, 0.0
        clamp = int(clamps[at])
        moved = replace(need, lower=max(need.lower, -clamp), upper=min(need.upper, clamp))
        return float(errors[at]), moved, float(left_out[at])

    def _of_units(self, need: Need) -> list[Alike]:
        of, spread = self._needs[need], self._case.spread
        counts = of.what != "sum"
        column, source = None if counts else column_of(of), self._case.source
        name = stored(column) if column is not None and source.table_of(column) == source.table else None
        whole = self._case.table.totals.get(name) if name is not None and source.keys == frozenset() else None
        if whole is not None and whole.parts:
            return [Alike(part.share, (max(part.middle, 0.0),)) for part in whole.parts]
        each = 1.0 if counts else self._case.mean(of)
        kept = ("totals", name, each)
        if kept not in spread.tried:
            spread.tried[kept] = self._shared_out(name, each)
        found: list[Alike] = spread.tried[kept]
        return found

    def _shared_out(self, name: str | None, each: float) -> list[Alike]:
        """What units have in each group: their norm as their rows are, or so much for each row."""
        found, spread = [], self._case.spread
        for one, rows in zip(spread.alike, spread.sizes, strict=True):
            norm = one.norms.get(name) if name is not None else None
            worth = each if norm is None else norm / sum(size**2 for size in rows) ** 0.5
            found.append(Alike(one.share, rows, worth))
        return found if sum(one.whole for one in found) > 0 else []

    def _size(self, need: Need) -> float:
        """The usual size in one group, in steps."""
        of = self._needs[need]
        rows, _ = self._case.usual(self._share)
        return rows * (self._case.mean(of) if of.what == "sum" else 1.0)

    def _mean(self, need: Need) -> float:
        """The usual total of one unit in one group."""
        units = self._units[need]
        return sum(one.whole for one in units) / sum(one.share * one.groups for one in units)


def _aggregate(ask: Ask, rows: int, place: int) -> Aggregate:
    """The total of an ask over the rows of one unit and group, of which there are so many at most."""
    of = "" if ask.term is None else " and ".join(sorted(name.partition(NUMBER)[0] for name in columns(ask.term.node)))
    name = f"{of}{NUMBER}t{place}"
    if ask.term is None or ask.what != "sum":
        what: Literal["rows", "values"] = "rows" if ask.term is None else "values"
        return Aggregate(name, what, None if ask.term is None else ask.term.node, INTEGER, Decimal(0), Decimal(rows))
    low, high = ask.term.range or (Decimal(0), Decimal(0))
    return Aggregate(name, "sum", ask.term.node, ask.term.type, min(low, low * rows), max(high, high * rows))


def measured_of(block: Block) -> tuple[Relation, tuple[Scalar, ...]]:
    """Give the rows that a block measures and its keys as the question has them: of totals, those below them."""
    keys = tuple(key.expr for key in block.keys)
    below = block.rows
    if not isinstance(below, Group) or not any(is_total(one.column) for one in below.aggregates):
        return below, keys
    every: tuple[Named | Aggregate, ...] = (*below.keys, *below.aggregates)
    named: dict[Scalar, Scalar | None] = {one.column: one.expr for one in every}
    return below.source, tuple(expr for key in keys if (expr := named.get(key)) is not None)


def is_total(node: Scalar) -> bool:
    """Say whether an expression is what units have in a group in all."""
    return isinstance(node, Column) and node.name.partition(NUMBER)[2].startswith("t")


def _bounds(term: Term) -> tuple[Decimal | None, Decimal | None]:
    return term.range or (None, None)
