"""The public profile of a resource as facts to plan by: noisy sizes and histograms, bought once from the budget.

Everything here was released with noise: it may be shown to whoever may see the entry, and plans may depend on it. It
says how units were spread in the data version it was bought of; for later versions it is a hint.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil
from typing import Any

SURE = 3
"""A bucket with fewer units than this many σ of its noise counts as empty: noise must not look like a long tail."""
CLOSE = 0.05
"""The most by which σ of a mean may stand from it."""
ROWS = "*"
"""The measure of a norm that counts rows."""


@dataclass(frozen=True)
class Part:
    """A share of the units – all shares make 1 – with values from `low` to `high`, in grains."""

    low: int
    high: int
    share: float

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2


@dataclass(frozen=True)
class Histogram:
    """Noisy numbers of units by a whole number: bucket i reaches from where the one before ends to `upper[i]`, both
    included, the first from `lower`. `sigma` is the standard deviation of each bucket's noise."""

    lower: int
    upper: tuple[int, ...]
    units: tuple[int, ...]
    sigma: float

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Give the buckets that surely have units, in order, neighbours together where only their sum is sure; none
        when noise hides all of them."""
        starts = (self.lower, *(end + 1 for end in self.upper))
        found: list[tuple[int, int, int]] = []
        for run in self._runs():
            units = [max(self.units[place], 0) for place in run]
            if sum(self.units[place] for place in run) >= SURE * self.sigma * len(run) ** 0.5 and sum(units):
                centre = sum(n * place for n, place in zip(units, run, strict=True)) / sum(units)
                first, last = (run[0], run[0]) if len(run) == 1 else (int(centre), ceil(centre))
                found.append((starts[first], self.upper[last], sum(self.units[place] for place in run)))
        whole = sum(units for _, _, units in found)
        return tuple(Part(low, high, units / whole) for low, high, units in found)

    def _runs(self) -> Iterator[list[int]]:
        """Give sure buckets each by itself, and those between them together."""
        unsure: list[int] = []
        for place, units in enumerate(self.units):
            if units >= SURE * self.sigma and units > 0:
                yield from [unsure] if unsure else []
                yield [place]
                unsure = []
            else:
                unsure.append(place)
        yield from [unsure] if unsure else []

    def quantile(self, share: float) -> int | None:
        """Give the end of the bucket up to which at least this share of the units lies; None when it is not known."""
        below = 0.0
        for part in self.parts:
            below += part.share
            if below >= share - 1e-12:
                return part.high
        return None

    @property
    def mean(self) -> float | None:
        """Give the mean over units, buckets counted at their middles."""
        return sum(part.middle * part.share for part in self.parts) if self.parts else None


@dataclass(frozen=True)
class KeySet:
    """How units spread over the groups of a key set: by the number of groups, by the rows of the largest one, and by
    norms: √(Σ over groups of (Σ|x|)²) of a measure, in its grains (of `ROWS`, x is 1)."""

    keys: tuple[str, ...]
    groups: Histogram
    most: Histogram
    norms: Mapping[str, Histogram]


@dataclass(frozen=True)
class Means:
    """The mean of a column over the units that have so many rows: of bucket i, which ends with `upper[i]` rows, the
    mean of its units' means, in grains, and σ of the noise in it; None where noise hides it. At least one is known."""

    upper: tuple[int, ...]
    means: tuple[tuple[float, float] | None, ...]

    def at(self, rows: float) -> tuple[float, float]:
        """Give the mean of units with so many rows, or with as near a number as is known, and its σ."""
        return self._nearest[min(bisect_left(self.upper, rows), len(self.upper) - 1)]

    @cached_property
    def _nearest(self) -> tuple[tuple[float, float], ...]:
        """For each bucket its mean or that of the nearest known one, the lower where two are as near."""
        known = [(place, mean) for place, mean in enumerate(self.means) if mean is not None]
        return tuple(min(known, key=lambda one: abs(one[0] - at))[1] for at in range(len(self.upper)))


@dataclass(frozen=True, eq=False)
class TableProfile:
    """A protected table: its noisy rows and units, units by rows, by key sets, one value of each unit of numeric
    columns (in grains), the values of text columns that enough units share, what units have of numeric columns in all,
    and their means by how many rows a unit has."""

    rows: int
    units: int
    per_unit: Histogram | None = None
    key_sets: tuple[KeySet, ...] = ()
    values: Mapping[str, Histogram] = field(default_factory=dict)
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    totals: Mapping[str, Histogram] = field(default_factory=dict)
    means: Mapping[str, Means] = field(default_factory=dict)

    def key_set(self, keys: Iterable[str]) -> KeySet | None:
        """Give what is known of exactly these keys."""
        wanted = frozenset(keys)
        return next((one for one in self.key_sets if frozenset(one.keys) == wanted), None)


@dataclass(frozen=True)
class Profile:
    """What was bought: of which data version, and each protected table by its declared name."""

    version: str
    tables: Mapping[str, TableProfile]


def profile_of(raw: Mapping[str, Any]) -> Profile:
    """Read a stored profile."""
    return Profile(raw["version"], {name: _table(one) for name, one in raw["tables"].items()})


def _table(raw: Mapping[str, Any]) -> TableProfile:
    return TableProfile(
        max(raw["rows"], 0),
        max(raw["units"], 0),
        _histogram(raw["per_unit"]) if raw.get("per_unit") else None,
        tuple(map(_key_set, raw.get("key_sets", ()))),
        {name: _histogram(one) for name, one in raw.get("values", {}).items()},
        {name: tuple(values) for name, values in raw.get("keys", {}).items()},
        {name: _histogram(one) for name, one in raw.get("totals", {}).items()},
        {name: found for name, one in raw.get("means", {}).items() if (found := _means(one)) is not None},
    )


def _means(raw: Mapping[str, Any]) -> Means | None:
    """Read sums and numbers of units. A mean says nothing where noise moves it by more than `CLOSE` of that of all."""
    units, sums, sigma = raw["units"], [total / raw["finer"] for total in raw["sums"]], float(raw["sigma"])
    centre = float(raw["centre"])
    whole = centre + sum(sums) / max(sum(units), 1)
    found = tuple(
        (centre + total / number, sigma / number) if number > 0 and sigma <= CLOSE * abs(whole) * number else None
        for number, total in zip(units, sums, strict=True)
    )
    return Means(tuple(raw["upper"]), found) if any(found) else None


def _key_set(raw: Mapping[str, Any]) -> KeySet:
    norms = {name: _histogram(one) for name, one in raw["norms"].items()}
    return KeySet(tuple(raw["keys"]), _histogram(raw["groups"]), _histogram(raw["most"]), norms)


def _histogram(raw: Mapping[str, Any]) -> Histogram:
    return Histogram(raw["lower"], tuple(raw["upper"]), tuple(raw["units"]), float(raw["sigma"]))
