"""What decisions about a measure are made from, and what the public profile says of the values that it adds up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import sqrt

from sandbox.catalogue.profile import Histogram, Means, Profile, TableProfile
from sandbox.plan.block import Bounds, Key
from sandbox.plan.plan import STATISTICS
from sandbox.plan.scalar import Case, Column, Constant
from sandbox.plan.walk import stored
from sandbox.products.query.measure import Need, needs
from sandbox.products.query.spread import Source, Spread, source, spread
from sandbox.sql.draft import Measure

SHARES = (0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995)  # of values, where bounds of them are tried
GROUPS = (1, 2, 3, 5, 8, 12, 16, 20, 25, 32, 40, 50, 64, 80, 100, 128, 160, 200, 255)  # what is tried as L0
NEARER = 2  # a quantile's bounds are moved when that leaves at most this part of the range


MOST_LEFT_OUT, STEEP = 0.1, 5.0  # a share beyond counts six times
NORMAL, LAPLACE = 1.96, 3.0  # σ's, or scales, in a 95 % half-width
TAIL = 5.5  # σ's in a threshold


def known(
    measure: Measure,
    keys: Sequence[Key],
    cells: int | None,
    allowed: Bounds,
    loss: Decimal,
    pure: bool,
    profile: Profile,
) -> Known | None:
    """Give what there is to decide from; None where the profile says nothing of the rows. `loss` is the measure's part
    of ρ, or of a pure ε."""
    found = source(measure.rows, keys)
    table = profile.tables.get(found.table) if found is not None else None
    over = spread(table, found.keys, cells) if table is not None and found is not None else None
    if found is None or table is None or over is None:
        return None
    return Known(measure, tuple(keys), cells, allowed, float(loss), pure, found, table, profile, over)


@dataclass(frozen=True)
class Known:
    """A measure of so many `cells` (None: private keys), the bounds it may have, its part of ρ – or of a pure ε – and
    what the profile says of its rows."""

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

    @property
    def sure(self) -> bool:
        """Whether the profile knows how units spread over these very groups, not only how many rows they have."""
        keys = self.source.keys
        return self.table.per_unit is None or (keys is not None and (not keys or self.table.key_set(keys) is not None))

    def usual(self, share: float) -> tuple[float, float]:
        """Give the rows and the units of a usual group, where a count of units gets that share of the loss."""
        if self.cells is None:
            units = max(2 * TAIL * sqrt(self.spread.busy / (2 * share)), 1.0)
            return units, units
        return max(self.spread.rows / self.cells, 1.0), self.spread.units * self.spread.pairs / self.cells

    def noise(self, need: Need, bounds: Bounds, share: float) -> float:
        """Give the half-width of the noise that a share of the loss buys, in the need's steps."""
        if self.pure and need.norm is None:
            return LAPLACE * need.total(bounds) / share
        return NORMAL * sqrt(need.square(bounds) / (2 * share))

    def step(self, bounds: Bounds, share: float) -> float:
        """Give the same for a sum that one row moves by at most 1: for another it is as many times that."""
        return self.noise(Need("rows"), bounds, share)

    def mean(self, need: Need) -> float:
        """Give how far values are from 0, on average."""
        values = self.values(need)
        if values is None:
            return max(abs(need.lower), abs(need.upper)) / 2
        return sum(abs(part.middle) * part.share for part in values.parts)

    def uneven(self, need: Need) -> float:
        """Give the standard deviation of values, against their mean: half of the largest where nothing says it."""
        values = self.values(need)
        mean = 0.0 if values is None else sum(part.middle * part.share for part in values.parts)
        if values is None or not mean:
            return 1.0
        return sqrt(sum((part.middle - mean) ** 2 * part.share for part in values.parts)) / abs(mean)

    def values(self, need: Need) -> Histogram | None:
        """Give the histogram of the column that a need adds up, None where the profile has none."""
        column = column_of(need)
        name = self.source.table_of(column) if column is not None else None
        table = self.profile.tables.get(name) if name is not None else None
        found = table.values.get(stored(column)) if table is not None and column is not None else None
        return found if found is not None and found.parts else None

    def apart(self, need: Need, bounds: Bounds) -> tuple[float, float] | None:
        """Give by which part of itself the mean of the rows that bounds keep differs from that of all, as the means of
        units with few rows and with many say it: what is likely, the noise of those means taken off, and what it may
        be for all that noise lets see. None where the profile says nothing."""
        if self.spread.kept(bounds.groups, bounds.rows_per_group) > 1 - 1e-9:
            return 0.0, 0.0
        column = column_of(need)
        means = None if column is None else self.table.means.get(stored(column))
        if column is None or means is None or self.source.table_of(column) != self.source.table:
            return None
        name, tried = ("apart", stored(column), *_both(bounds)), self.spread.tried
        if name not in tried:
            tried[name] = _apart(means, self.spread.parts(*_both(bounds)))
        found: tuple[float, float] | None = tried[name]
        return found

    def clamps(self, need: Need) -> Iterator[tuple[Need, float]]:
        """Give the need as it is, and with closer bounds of its values, each with the share of the total beyond."""
        yield need, 0.0
        values = self.values(need)
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
        asks = self.measure.asks
        return not any(ask.what in STATISTICS and need in needs(ask, self.allowed.rows) for ask in asks)

    def nearer(self, need: Need) -> Need:
        """Give a quantile's need with bounds where nearly all values are, if these are much closer."""
        values = self.values(need)
        limit = values.quantile(SHARES[-1]) if values is not None else None
        if limit is None or need.rank[0] * 2 > need.rank[1] * 1.9 or limit >= need.upper or limit <= need.lower:
            return need
        if (limit - need.lower) * NEARER > need.upper - need.lower:
            return need
        shift = max(need.shift - ((need.upper - need.lower).bit_length() - (limit - need.lower).bit_length()), 0)
        return replace(need, upper=limit, shift=shift)


def _apart(means: Means, parts: Sequence[tuple[float, float, float]]) -> tuple[float, float] | None:
    """Give what `Known.apart` gives, of parts of the rows as `Spread.parts` gives them."""
    left = sum(kept for _, _, kept in parts)
    whole = moved = 0.0
    weights: dict[float, float] = {}
    for rows, share, kept in parts:
        mean, sigma = means.at(rows)
        more = kept / left - share
        whole += mean * share
        moved += mean * more
        weights[sigma] = weights.get(sigma, 0.0) + more  # one mean has one noise, however many parts it is for
    if not whole:
        return None
    noise = sum((sigma * weight) ** 2 for sigma, weight in weights.items())
    return max(moved**2 - noise, 0.0) ** 0.5 / abs(whole), (moved**2 + noise) ** 0.5 / abs(whole)


def _both(bounds: Bounds) -> tuple[int, int]:
    return bounds.groups, bounds.rows_per_group


def counted(left_out: float) -> float:
    """Give what a share left out counts as against noise, which many answers average out and a bias never."""
    return left_out + STEEP * max(left_out - MOST_LEFT_OUT, 0.0)


def filtered(need: Need) -> bool:
    """Say whether rows that do not count – by FILTER – add nothing at all, and not something else, as COALESCE does."""
    node = need.expr
    return not isinstance(node, Case) or (isinstance(node.otherwise, Constant) and node.otherwise.value is None)


def column_of(need: Need) -> Column | None:
    """Give the stored column that a need adds up, also under FILTER."""
    node = need.expr
    if isinstance(node, Case) and len(node.whens) == 1:
        node = node.whens[0][1]
    return node if isinstance(node, Column) else None
