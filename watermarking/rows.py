"""Which leaked row shows which group of the base, found by the values of the key columns.

Reads leak and X only. Order, names and further rows or columns of the leak do not matter; a key column may be missing
where the others still tell the groups apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from watermarking.base import Base
from watermarking.cells import canonical
from watermarking.leak import Leak

SAMPLE = 2_000  # rows that decide on the columns
SEEN = 0.25  # share of the sampled rows in which a key column shows known values
TRIES, KEPT = 600, 4  # assignments of columns to keys: how many are tried, how many go on to the measures


@dataclass(frozen=True)
class Rows:
    """For each key of the base the leak's column (None: missing), for each leaked row its group (None: unknown)."""

    columns: tuple[int | None, ...]
    groups: tuple[int | None, ...]


def sample(count: int) -> range:
    """Give evenly spread row numbers, at most about `SAMPLE`."""
    return range(0, count, max(1, count // SAMPLE))


def row_matches(leak: Leak, base: Base) -> list[Rows]:
    """Give the few most plausible matchings, best first; none when no group is found in the leak."""
    known = [[canonical(value) for value in column] for column in zip(*base.groups, strict=True)]
    texts = leak.texts
    chosen = sample(len(leak.rows))
    scored = []
    for columns in _assignments(known, texts, chosen):
        lookup = _lookup(known, columns, len(base.groups))
        found = _matched(texts, columns, lookup, chosen)
        hits = [group for group in found if group is not None]
        if hits:
            used = sum(column is not None for column in columns)
            scored.append(((len(set(hits)), len(hits), used), columns, lookup))
    scored.sort(key=lambda entry: entry[0], reverse=True)
    best = scored[0][0][0] if scored else 0
    return [
        Rows(columns, tuple(_matched(texts, columns, lookup, range(len(leak.rows)))))
        for (distinct, _, _), columns, lookup in scored[:KEPT]
        if 2 * distinct >= best
    ]


def _matched(
    texts: Sequence[Sequence[str]],
    columns: Sequence[int | None],
    lookup: Mapping[tuple[str, ...], int],
    rows: Iterable[int],
) -> list[int | None]:
    used = [texts[column] for column in columns if column is not None]
    return [lookup.get(tuple(text[row] for text in used)) for row in rows]


def _assignments(
    known: Sequence[Sequence[str]], texts: Sequence[Sequence[str]], chosen: range
) -> Iterator[tuple[int | None, ...]]:
    """Give injective choices of a leaked column, or none, for each key; plausible columns only."""
    if not known:
        yield ()
        return
    most = max(1, int(TRIES ** (1 / len(known))) - 1)
    options: list[list[int | None]] = []
    for column in known:
        values = set(column)
        seen = [(sum(text[row] in values for row in chosen), -c) for c, text in enumerate(texts)]
        best = sorted((entry for entry in seen if entry[0] >= SEEN * len(chosen) and entry[0]), reverse=True)
        options.append([*(-c for _, c in best[:most]), None])
    for columns in product(*options):
        used = [column for column in columns if column is not None]
        if used and len(set(used)) == len(used):
            yield columns


def _lookup(known: Sequence[Sequence[str]], columns: Sequence[int | None], count: int) -> dict[tuple[str, ...], int]:
    """Give the group of each combination of key values that only one group has."""
    kept = [key for key, column in zip(known, columns, strict=True) if column is not None]
    found: dict[tuple[str, ...], int] = {}
    shared: set[tuple[str, ...]] = set()
    for group in range(count):
        values = tuple(key[group] for key in kept)
        if values in found:
            shared.add(values)
        found[values] = group
    return {values: group for values, group in found.items() if values not in shared}
