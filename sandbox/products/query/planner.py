"""How each measure is bounded: from the public profile and declarations alone, so that the same question gets the same
plan, and never from what index happens to exist.

For every measurement the error that its reader would see is predicted – the share that bounds leave out, and the
half-width of the noise against a usual group – and what makes it smallest is taken: at most R rows of a unit in a group
and L0 groups (rows mode), or each unit weighed by its norm (L2 mode), and, of sums, closer bounds of the values.

A usual group is the mean one of a declared product of domains. Where keys are private it is one that just shows: twice
the threshold of units in as many groups as rows are. Filters are not counted with. Averages and quantiles are of the
rows that are left; that these differ from all is taken for `APART` of the share left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import log, sqrt

from sandbox.catalogue.profile import ROWS, Histogram, Profile, TableProfile
from sandbox.engines.width import norm_fits
from sandbox.plan.block import Bounds, Key, Norm
from sandbox.plan.plan import STATISTICS
from sandbox.plan.scalar import Case, Column
from sandbox.products.query.measure import Need, needs
from sandbox.products.query.spread import Source, Spread, source, spread
from sandbox.products.query.way import Way, caps, roles, rounded
from sandbox.sql.draft import Measure

APART = 0.01
MOST_LEFT_OUT, STEEP = 0.1, 5.0  # a share beyond counts six times
NORMAL, LAPLACE = 1.96, 3.0  # σ's, or scales, in a 95 % half-width
TAIL = 5.5  # σ's in a threshold
SHARES = (0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995)  # of values, where bounds of them are tried
NEARER = 2  # a quantile's bounds are moved when that leaves at most this part of the range
GROUPS = (1, 2, 3, 5, 8, 12, 16, 20, 25, 32, 40, 50, 64, 80, 100, 128, 160, 200, 255)  # what is tried as L0
ROWS_IN_GROUP = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 50, 80, 128, 200, 255)  # and as R


@dataclass(frozen=True)
class Known:
    """What decisions are made from."""

    measure: Measure
    keys: tuple[Key, ...]
    cells: int | None
    allowed: Bounds
    rho: float
    pure: bool
    source: Source
    table: TableProfile
    profile: Profile
    spread: Spread


def choose(
    measure: Measure,
    keys: Sequence[Key],
    cells: int | None,
    allowed: Bounds,
    explicit: bool,
    loss: Decimal,
    pure: bool,
    profile: Profile | None,
) -> Way:
    """Give how to bound a measure of so many `cells` (None: private keys). `allowed` bounds are kept as they are when
    they were asked for (`explicit`). `loss` is the measure's part of ρ, or of a pure ε."""
    found = source(measure.rows, keys) if profile is not None else None
    table = profile.tables.get(found.table) if profile is not None and found is not None else None
    known = spread(table, found.keys, cells) if table is not None and found is not None else None
    if profile is None or found is None or table is None or known is None:
        return Way(allowed)
    case = Known(measure, tuple(keys), cells, allowed, float(loss), pure, found, table, profile, known)
    return _Planner(case).way(explicit)


class _Planner:
    def __init__(self, case: Known) -> None:
        self._case = case
        self._roles = roles(case.measure.asks, case.allowed.rows)
        counted = {Need("units")} if case.cells is None and case.allowed.rows > 1 else set()
        self._share = case.rho / len(set(self._roles) | counted)
        self._sizes = {need: self._size(need) for need in self._roles}
        self._near = {need: self._nearer(need) for need, role in self._roles.items() if role == "quantile"}
        self._errors: dict[tuple[Need, Bounds], tuple[float, Need, float]] = {}
        self._clamped = {
            need: tuple(self._clamps(need)) for need, role in self._roles.items() if role in ("sum", "mean")
        }

    def way(self, explicit: bool) -> Way:
        """Decide."""
        case = self._case
        planned: dict[Need, Need] = {}
        lost: dict[Need, float] = {}
        if not explicit:
            for need in self._roles:
                weighed = self._weighed(need)
                if weighed is not None and weighed[2] < self._best([need])[0]:
                    planned[need], lost[need] = weighed[0], weighed[1]
        rest = [need for need in self._roles if need not in planned]
        _, bounds = (0.0, case.allowed) if explicit or not rest else self._best(rest)
        for need in rest:
            _, moved, left_out = self._error(need, bounds)
            planned[need], lost[need] = moved, left_out
        if case.cells is None and bounds.rows_per_group == 1:
            for need, moved in planned.items():
                planned[need] = Need("units") if moved == Need("rows") and bounds.rows > 1 else moved
        sizes = {planned[need]: self._sizes[need] for need in self._roles}
        sums = {need: self._mean(need) for need, role in self._roles.items() if role == "sum"}
        means = {planned[need]: Fraction(rounded(mean)) for need, mean in sums.items() if mean > 0}
        return Way(bounds, planned, {planned[need]: lost[need] for need in self._roles}, sizes, means)

    def _best(self, wanted: Sequence[Need]) -> tuple[float, Bounds]:
        """Give the bounds with the smallest sum of errors; of equals those that leave out least."""
        best = float("inf"), self._case.allowed
        for bounds in self._grid(all(self._roles[need] == "units" for need in wanted)):
            error = sum(self._error(need, bounds)[0] for need in wanted)
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

    def _error(self, need: Need, bounds: Bounds) -> tuple[float, Need, float]:
        found = self._errors.get((need, bounds))
        if found is None:
            found = self._errors[need, bounds] = self._predict(need, bounds)
        return found

    def _predict(self, need: Need, bounds: Bounds) -> tuple[float, Need, float]:
        """Give the predicted error of a need under bounds, the need with the best bounds of values, and the share that
        both leave out."""
        case = self._case
        reached = bounds if case.cells is None else replace(bounds, groups=min(bounds.groups, case.cells))
        kept = case.spread.kept(reached.groups, reached.rows_per_group)
        size = self._sizes[need]
        match self._roles[need]:
            case "units":
                left_out = 1 - case.spread.touched(reached.groups)
                return _counted(left_out) + self._noise(need, reached) / size, need, left_out
            case "quantile":
                near = self._near[need]
                noise = self._noise(near, reached) / NORMAL * log(20 * near.bins) / near.rank[1]
                left_out = APART * (1 - kept)
                return _counted(left_out) + noise / max(size * kept, 1e-9), near, left_out
            case "sum" | "mean" as role:
                part = 1.0 if role == "sum" else APART
                best = (float("inf"), need, 0.0)
                for moved, beyond in self._clamped[need]:
                    left_out = 1 - (1 - part * (1 - kept)) * (1 - beyond)
                    within = size * (1 if role == "sum" else max(kept, 1e-9))
                    error = _counted(left_out) + self._noise(moved, reached) / within
                    if error < best[0]:
                        best = error, moved, left_out
                return best
            case "part":
                return self._noise(need, reached) / max(size * kept, 1e-9), need, 0.0
            case _:
                left_out = 1 - kept
                return _counted(left_out) + self._noise(need, reached) / size, need, left_out

    def _noise(self, need: Need, bounds: Bounds) -> float:
        """Give the half-width of the noise, in the need's steps."""
        if self._case.pure and need.norm is None:
            return LAPLACE * need.total(bounds) / self._share
        return NORMAL * sqrt(need.square(bounds) / (2 * self._share))

    def _size(self, need: Need) -> float:
        """Give the usual size in one group, before anything is left out, in the need's steps."""
        case = self._case
        if case.cells is None:
            units = 2 * TAIL * sqrt(case.spread.busy / (2 * self._share))
            rows = units
        else:
            rows, units = case.spread.rows / case.cells, case.spread.units * case.spread.pairs / case.cells
        match need.what:
            case "units":
                return max(units, 1.0)
            case "sum":
                return max(rows * self._mean(need), 1.0)
            case _:
                return max(rows, 1.0)

    def _mean(self, need: Need) -> float:
        """Give how far values are from 0, on average."""
        values = self._values(need)
        if values is None:
            return max(abs(need.lower), abs(need.upper)) / 2
        return sum(abs(part.middle) * part.share for part in values.parts)

    def _values(self, need: Need) -> Histogram | None:
        column = _column(need)
        name = self._case.source.table_of(column) if column is not None else None
        table = self._case.profile.tables.get(name) if name is not None else None
        found = table.values.get(column.name.partition("@")[0]) if table is not None and column is not None else None
        return found if found is not None and found.parts else None

    def _clamps(self, need: Need) -> Iterator[tuple[Need, float]]:
        """Give the need as it is, and with closer bounds of its values, each with the share of the total beyond."""
        yield need, 0.0
        values = self._values(need)
        if values is None or not self._may_clamp(need):
            return
        whole = sum(abs(part.middle) * part.share for part in values.parts)
        for share in SHARES:
            limit = values.quantile(share) or 0
            upper, lower = min(need.upper, limit), max(need.lower, -abs(limit))
            if not lower < upper < need.upper or whole <= 0:
                continue
            beyond = sum(
                (max(part.middle - upper, 0) + max(lower - part.middle, 0)) * part.share for part in values.parts
            )
            centre = (lower + upper) // 2 if need.centre else 0
            yield replace(need, lower=lower, upper=upper, centre=centre), beyond / whole

    def _may_clamp(self, need: Need) -> bool:
        """Statistics of a column share its sum with products of it, which have bounds of their own."""
        asks = self._case.measure.asks
        return not any(ask.what in STATISTICS and need in needs(ask, self._case.allowed.rows) for ask in asks)

    def _nearer(self, need: Need) -> Need:
        """Give a quantile's need with bounds where nearly all values are, if these are much closer."""
        values = self._values(need)
        limit = values.quantile(SHARES[-1]) if values is not None else None
        if limit is None or need.rank[0] * 2 > need.rank[1] * 1.9 or limit >= need.upper or limit <= need.lower:
            return need
        if (limit - need.lower) * NEARER > need.upper - need.lower:
            return need
        shift = max(need.shift - ((need.upper - need.lower).bit_length() - (limit - need.lower).bit_length()), 0)
        return replace(need, upper=limit, shift=shift)

    def _weighed(self, need: Need) -> tuple[Need, float, float] | None:
        """Give the need in L2 mode, with the share that it leaves out and its predicted error; None where that mode
        does not fit: it is for counts and sums, that no average shares, of registered rows in declared groups."""
        case, role = self._case, self._roles[need]
        plain = not case.pure and case.cells is not None and case.allowed.rows > 1 and case.source.plain
        if not plain or role not in ("count", "sum") or not case.keys or need.lower > 0 or need.upper < 0:
            return None
        column = _column(need) if need.what == "sum" else None
        if need.what == "sum" and (column is None or need.centre):
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
                error = _counted(left_out) + NORMAL * cap / sqrt(2 * self._share) / self._sizes[need]
                if best is None or error < best[2]:
                    best = moved, left_out, error
        return best


def _counted(left_out: float) -> float:
    """Give what a share left out counts as against noise, which many answers average out and a bias never."""
    return left_out + STEEP * max(left_out - MOST_LEFT_OUT, 0.0)


def _column(need: Need) -> Column | None:
    """Give the stored column that a need adds up, also under FILTER."""
    node = need.expr
    if isinstance(node, Case) and len(node.whens) == 1:
        node = node.whens[0][1]
    return node if isinstance(node, Column) else None
