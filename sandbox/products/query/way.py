"""What the planner decides, and what follows from questions and profiles alone: what each need is for, which caps norms
can have."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import ceil

from sandbox.catalogue.profile import ROWS
from sandbox.plan.block import Bounds
from sandbox.products.query.measure import Need, needs
from sandbox.products.query.spread import Spread
from sandbox.sql.draft import Ask

EDGE = 2 ** (1 / 16)  # an edge of norms is so much beyond a norm, on average
LEAST, MOST = 0.0005, 0.9  # of a value, that is given back
WIDEST = 1 << 60
SMALLEST = 1e-9  # of a share: below it is the rounding of floats


@dataclass(frozen=True)
class Way:
    """What was decided, by the needs of the question: bounds, what is measured in place of each, which share of it
    bounds leave out, the bias that is predicted of what is shown (None: nothing says it), the usual size in one group;
    and by what is measured: of sums and averages the usual size of one value, and which share it is divided by when it
    is shown. Where the profile says nothing these are empty. `error` is the sum of what was predicted of all. `beside`:
    of sums around a middle the count, as it is measured, that they are shown together with."""

    bounds: Bounds
    planned: Mapping[Need, Need] = field(default_factory=dict)
    lost: Mapping[Need, float] = field(default_factory=dict)
    bias: Mapping[Need, float | None] = field(default_factory=dict)
    sizes: Mapping[Need, float] = field(default_factory=dict)
    means: Mapping[Need, Fraction] = field(default_factory=dict)
    kept: Mapping[Need, Decimal] = field(default_factory=dict)
    error: float = 0.0
    beside: Mapping[Need, Need] = field(default_factory=dict)

    def of(self, need: Need) -> Need:
        return self.planned.get(need, need)

    def measured(self, parts: Sequence[Need]) -> tuple[Need, ...]:
        """Give what is measured for an output of these needs."""
        count = self.beside.get(parts[0])
        return (*map(self.of, parts), *(() if count is None or len(parts) > 1 else (count,)))

    def predicted(self, what: str, parts: Sequence[Need]) -> tuple[Decimal | None, Decimal | None]:
        """Give what an output of these needs says of itself: its bias, as a share of itself, and its usual size."""
        if any(part not in self.sizes for part in parts):
            return None, None
        first, size = parts[0], self.sizes[parts[0]]
        if what == "average":
            size = size / self.sizes[parts[1]]
        known = what in ("count", "sum", "average")
        usual = rounded(size * 10.0**-first.scale) if known and size > 0 else None
        bias = self.bias.get(first) if known or all(not self.lost[part] for part in parts) else None
        return None if bias is None else rounded(bias if bias > SMALLEST else 0.0), usual


def given_back(
    planned: Mapping[Need, Need], lost: Mapping[Need, float], known: Collection[Need]
) -> dict[Need, Decimal]:
    """Give the shares that what is measured is divided by: what bounds keep of it, where that is `known` and the same
    for every need that it serves."""
    found: dict[Need, set[Decimal]] = {}
    for need, moved in planned.items():
        given = need in known and LEAST <= lost[need] <= MOST
        found.setdefault(moved, set()).add(1 - rounded(lost[need]) if given else Decimal(1))
    return {moved: min(shares) for moved, shares in found.items() if len(shares) == 1 and min(shares) < 1}


def caps(over: Spread, measure: str) -> list[tuple[int, float]]:
    """Give caps of a norm, each with the share of the total that weighing by it leaves out. What a unit adds in all is
    its norm times the root of the groups that it spreads over, as its rows do."""
    name = ("caps", measure)
    if name not in over.tried:
        over.tried[name] = list(_caps(over, measure))
    found: list[tuple[int, float]] = over.tried[name]
    return found


def _caps(over: Spread, measure: str) -> Iterator[tuple[int, float]]:
    if not all(measure in one.norms and ROWS in one.norms for one in over.alike):
        return
    totals = [
        (one.share * one.norms[measure] * one.rows / max(one.norms[ROWS], 1.0), one.norms[measure] * EDGE)
        for one in over.alike
    ]
    whole = sum(total for total, _ in totals)
    for cap in sorted({ceil(edge) for _, edge in totals}):
        if 1 <= cap < WIDEST and whole > 0:
            yield cap, sum(total * (1 - min(1.0, cap / max(edge, 1e-9))) for total, edge in totals) / whole


def roles(asks: Sequence[Ask], rows: int) -> dict[Need, str]:
    """Give every need once, with what it is for: count, units, sum, quantile, mean (the sum of an average), part (of an
    average or a statistic)."""
    found: dict[Need, str] = {}
    for ask in asks:
        parts = needs(ask, rows)
        role = {"rows": "count", "values": "count", "distinct": "distinct", "average": "part"}.get(ask.what, ask.what)
        for place, need in enumerate(parts):
            own = "part" if len(parts) > 1 else role
            if ask.what == "average" and place == 0:
                own = "mean"
            if own == "units" and need.what != "units":
                own = "count"
            if found.get(need, "part") == "part":  # what is shown by itself counts as that
                found[need] = own
    return found


def rounded(number: float) -> Decimal:
    """Give a prediction to four digits: no more of it can be relied on, nor needs to be the same everywhere."""
    return Decimal(f"{number:.4g}")
