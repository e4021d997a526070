"""How each measure is bounded: from the public profile and declarations alone, so that the same question gets the same
plan, and never from what index happens to exist.

For every measurement the error that its reader would see is predicted – the share that bounds leave out, and the
half-width of the noise against a usual group – and what makes it smallest is taken: at most R rows of a unit in a group
and L0 groups (rows mode), or each unit weighed by its norm (L2 mode), and, of sums, closer bounds of the values.

A usual group is the mean one of a declared product of domains. Where keys are private it is one that just shows: twice
the threshold of units in as many groups as rows are. Filters are not counted with. Averages are of the rows that are
left; how far these differ from all the profile says by the means of units with few rows and with many. Of quantiles
nothing says it: for the choice it is taken for `APART` of the share left out. Both are of a sample of the rows.

Counts and sums of all rows of a table, in groups whose spread the profile knows, are shown divided by the share that
bounds keep. That is right for groups alike; since it may be wrong for others, bounds are chosen as if it were not done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import hypot, log, sqrt

from sandbox.catalogue.profile import ROWS
from sandbox.engines.width import norm_fits
from sandbox.plan.block import Bounds, Norm
from sandbox.plan.scalar import Column
from sandbox.products.query.around import averages_of_sums, centred, counts_of_sums
from sandbox.products.query.known import GROUPS, NORMAL, Known, column_of, counted, filtered
from sandbox.products.query.measure import Need, needs
from sandbox.products.query.spread import spread
from sandbox.products.query.way import Way, caps, given_back, roles, rounded

APART = 0.01
ROWS_IN_GROUP = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 50, 80, 128, 200, 255)  # and as R


def choose(case: Known, explicit: bool, mode: str | None = None) -> Way:
    """Give how to bound a measure. Its `allowed` bounds are kept as they are when they were asked for (`explicit`), and
    so is a `mode`: rows or weights."""
    return _Planner(case).way(explicit, mode)


@dataclass(frozen=True, eq=False)
class _Wanted:
    """A need with what every prediction about it starts from: what it is for, its usual size, closer bounds of its
    values and the shares beyond, how uneven these are; and the predictions made so far."""

    need: Need
    role: str
    size: float
    clamped: Sequence[tuple[Need, float]]
    uneven: float
    near: Need
    errors: dict[Bounds, tuple[float, Need, float]] = field(default_factory=dict)


class _Planner:
    def __init__(self, case: Known) -> None:
        self._case, self._raises = case, False
        self._roles = roles(case.measure.asks, case.allowed.rows)
        shows = {Need("units")} if case.cells is None and case.allowed.rows > 1 else set()
        self._shared = {
            need
            for ask in case.measure.asks
            for need in needs(ask, case.allowed.rows)
            if len(needs(ask, case.allowed.rows)) > 1
        }
        asks, rows = case.measure.asks, case.allowed.rows
        counts = {} if case.pure else counts_of_sums(asks, rows)
        self._counts = {need: count for need, count in counts.items() if count in self._roles}
        self._averages = averages_of_sums(asks, rows)
        self._share = case.rho / len(set(self._roles) | shows)
        self._sizes = {need: self._size(need) for need in self._roles}
        self._wanted = {need: self._about(need, role) for need, role in self._roles.items()}
        self._steps: dict[Bounds, float] = {}

    def _about(self, need: Need, role: str) -> _Wanted:
        case, summed = self._case, role in ("sum", "mean")
        return _Wanted(
            need,
            role,
            self._sizes[need],
            tuple(case.clamps(need)) if summed else (),
            case.uneven(need) if role == "mean" else 0.0,
            case.nearer(need) if role == "quantile" else need,
        )

    def way(self, explicit: bool, mode: str | None) -> Way:
        """Decide: of rows and weights the one with the smaller error, or the mode that was asked for."""
        case = self._case
        planned: dict[Need, Need] = {}
        lost: dict[Need, float] = {}
        self._raises = not explicit and case.source.whole and case.sure
        error = 0.0
        for need in self._weighable() if not explicit and mode != "rows" else ():
            weighed = self._weighed(need)
            if weighed is not None and (mode == "weights" or weighed[2] < self._best([need])[0]):
                planned[need], lost[need] = weighed[0], weighed[1]
                error += weighed[2]
                self._counts = {total: count for total, count in self._counts.items() if count != need}
        rest = [need for need in self._roles if need not in planned]
        least, bounds = (0.0, case.allowed) if explicit or not rest else self._best(rest)
        for need in rest:
            _, moved, left_out = self._error(self._wanted[need], bounds)
            planned[need], lost[need] = moved, left_out
        for need in (need for need in rest if need in self._averages):
            planned[need], lost[need] = self._as_averaged(need, planned[self._averages[need]], bounds)
        if case.cells is None and bounds.rows_per_group == 1:
            for need, moved in planned.items():
                planned[need] = Need("units") if moved == Need("rows") and bounds.rows > 1 else moved
        sums = {need: case.mean(need) for need, role in self._roles.items() if role in ("sum", "mean")}
        means = {planned[need]: Fraction(rounded(mean)) for need, mean in sums.items() if mean > 0}
        kept = given_back(planned, lost, [need for need in planned if self._raised(need)])
        bias = {need: self._bias(need, lost[need], bounds) for need in self._roles}
        return Way(bounds, planned, lost, bias, self._sizes, means, kept, error + least)

    def _weighable(self) -> Sequence[Need]:
        """What L2 mode is tried for: counts first, since a sum that has a count beside it needs less noise."""
        return sorted(self._roles, key=lambda need: self._roles[need] == "sum")

    def _as_averaged(self, need: Need, averaged: Need, bounds: Bounds) -> tuple[Need, float]:
        """Give a sum with the bounds of values that the average of the same has, which is then made of the same sum;
        and what is left out."""
        ends = averaged.lower, averaged.upper
        moved, beyond = next(one for one in self._wanted[need].clamped if (one[0].lower, one[0].upper) == ends)
        reached = self._reached(bounds)
        kept = self._case.spread.kept(reached.groups, reached.rows_per_group)
        return moved, 1 - kept * (1 - beyond)

    def _reached(self, bounds: Bounds) -> Bounds:
        cells = bounds.groups if self._case.cells is None else self._case.cells
        return replace(bounds, groups=cells) if cells < bounds.groups else bounds

    def _furthest(self, need: Need, moved: Need) -> float:
        """Give the most that one row moves a sum; of one around a middle, with what the noise of the count adds."""
        if need not in self._counts:
            return moved.furthest
        middle = centred(moved)
        return hypot(middle.furthest, middle.centre)

    def _raised(self, need: Need) -> bool:
        """Whether what bounds leave out of a need is given back: of counts, and of sums of values of one sign."""
        signed = need.what == "sum" and (need.centre or need.lower < 0 < need.upper)
        return self._raises and self._roles[need] in ("count", "units", "sum") and not signed

    def _bias(self, need: Need, left_out: float, bounds: Bounds) -> float | None:
        """Give the bias that is predicted, before anything is given back; None where nothing says it."""
        match self._roles[need]:
            case "mean":
                known = self._case.apart(need, bounds)
                return None if known is None else left_out + known[1] - known[0]
            case "quantile" | "part" | "distinct":
                return None if left_out else 0.0
            case _:
                return left_out

    def _best(self, wanted: Sequence[Need]) -> tuple[float, Bounds]:
        """Give the bounds with the smallest sum of errors; of equals those that leave out least."""
        best = float("inf"), self._case.allowed
        about = [self._wanted[need] for need in wanted]
        for bounds in self._grid(all(one.role == "units" for one in about)):
            error = sum(self._error(one, bounds)[0] for one in about)
            if error <= best[0]:
                best = error, bounds
        return best

    def _grid(self, any_rows: bool) -> Iterator[Bounds]:
        """Give the bounds that are tried, closer ones first; those of rows where they matter."""
        allowed, grouped = self._case.allowed, bool(self._case.keys)
        reach = min(allowed.groups, self._case.cells or allowed.groups)
        for groups in (*(step for step in GROUPS if step < reach), allowed.groups) if grouped else (allowed.groups,):
            tried = (step for step in ROWS_IN_GROUP if step < allowed.rows_per_group and not any_rows)
            for per_group in (*tried, allowed.rows_per_group):
                few = groups if grouped or per_group == allowed.rows else 1
                yield Bounds(allowed.rows, few, per_group)

    def _error(self, about: _Wanted, bounds: Bounds) -> tuple[float, Need, float]:
        found = about.errors.get(bounds)
        if found is None:
            found = about.errors[bounds] = self._predict(about, bounds)
        return found

    def _predict(self, about: _Wanted, bounds: Bounds) -> tuple[float, Need, float]:
        """Give the predicted error of a need under bounds, the need with the best bounds of values, and the share that
        both leave out."""
        case, need, size = self._case, about.need, about.size
        reached = self._reached(bounds)
        kept = case.spread.kept(reached.groups, reached.rows_per_group)
        match about.role:
            case "units":
                left_out = 1 - case.spread.touched(reached.groups)
                return counted(left_out) + case.noise(need, reached, self._share) / size, need, left_out
            case "quantile":
                near = about.near
                noise = case.noise(near, reached, self._share) / NORMAL * log(20 * near.bins) / near.rank[1]
                left_out, rank = APART * (1 - kept), near.rank[0] / near.rank[1]
                error = counted(left_out) + noise / max(size * kept, 1e-9) + self._thinned(kept, rank * (1 - rank))
                return error, near, left_out
            case "sum" | "mean" as role:
                apart = 1 - kept if role == "sum" else self._apart(need, reached, kept)
                thinned = 0.0 if role == "sum" else self._thinned(kept, about.uneven**2)
                within = size if role == "sum" else size * max(kept, 1e-9)
                step = self._step(reached)
                best = (float("inf"), need, 0.0)
                for moved, beyond in about.clamped:
                    left_out = 1 - (1 - apart) * (1 - beyond)
                    error = counted(left_out) + step * max(self._furthest(need, moved), 1) / within + thinned
                    if error < best[0]:
                        best = error, moved, left_out
                return best
            case "part":
                return case.noise(need, reached, self._share) / max(size * kept, 1e-9), need, 1 - kept
            case _:
                left_out = 1 - kept
                return counted(left_out) + case.noise(need, reached, self._share) / size, need, left_out

    def _step(self, bounds: Bounds) -> float:
        """Give the half-width of the noise of a sum that one row moves by at most 1."""
        found = self._steps.get(bounds)
        if found is None:
            found = self._steps[bounds] = self._case.step(bounds, self._share)
        return found

    def _thinned(self, kept: float, variance: float) -> float:
        """Give the half-width of what is computed of the rows of a usual group that bounds keep, as a sample of all."""
        kept = max(kept, 1e-9)
        return NORMAL * sqrt(variance * max(1 - kept, 0.0) / (kept * self._case.usual(self._share)[0]))

    def _apart(self, need: Need, bounds: Bounds, kept: float) -> float:
        known = self._case.apart(need, bounds)
        return APART * (1 - kept) if known is None else known[0]

    def _size(self, need: Need) -> float:
        """Give the usual size in one group, before anything is left out, in the need's steps."""
        rows, units = self._case.usual(self._share)
        match need.what:
            case "units":
                return max(units, 1.0)
            case "sum":
                return max(rows * self._case.mean(need), 1.0)
            case _:
                return rows

    def _weighed(self, need: Need) -> tuple[Need, float, float] | None:
        """Give the need in L2 mode, with the share that it leaves out and its predicted error; None where that mode
        does not fit: it is for counts and sums, that no average shares, of registered rows in declared groups."""
        case, role = self._case, self._roles[need]
        plain = not case.pure and case.cells is not None and case.allowed.rows > 1 and case.source.plain
        if need in self._shared or not case.keys or need.lower > 0 or need.upper < 0:
            return None
        if not plain or role not in ("count", "sum"):
            return None
        column = column_of(need) if need.what == "sum" else None
        if need.what == "sum" and (column is None or need.centre or not filtered(need)):
            return None
        if not norm_fits(column, case.allowed.rows):
            return None
        grouped = {key.expr.name.partition("@")[0]: key.expr for key in case.keys if isinstance(key.expr, Column)}
        best: tuple[Need, float, float] | None = None
        for known in case.table.key_sets:
            over = spread(case.table, frozenset(known.keys), None)
            if over is None or not set(known.keys) <= set(grouped):
                continue
            keys = tuple(grouped[name] for name in sorted(known.keys))
            for cap, left_out in caps(over, ROWS if column is None else column.name.partition("@")[0]):
                moved = replace(need, norm=Norm(keys, cap))
                noise = NORMAL * cap / sqrt(2 * self._share) / self._sizes[need]
                error = counted(left_out) + noise
                if best is None or error < best[2]:
                    best = moved, left_out, error
        return best
