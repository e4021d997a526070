"""The tables that a leaked sheet may be read as: as it stands, in pieces, wide made long, turned on its side.

Reads the leak and the key values of X only. Every reading is a function of these, so choosing among them leaves the
error bound as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from watermarking.leak import Leak
from watermarking.numbers import folded, reading
from watermarking.rows import Keys

MOST_ROWS = 100_000  # of a sheet that is looked at in pieces
MOST_CELLS = 5_000_000  # of a table made long
MOST_COLUMNS = 1_000  # of a table turned on its side
VALUES = 2_000  # of a key whose values may be names of columns
BREAKS = " _-/|:.·,;()[]'\""


@dataclass(frozen=True)
class Shape:
    """A way to read a leak: tables to be aligned each for itself."""

    name: str
    parts: tuple[Leak, ...]


def shapes(leak: Leak, keys: Keys) -> Iterator[Shape]:
    """Give the ways to read `leak`, the plainest first."""
    yield Shape("plain", (leak,))
    pieces = _pieces(leak)
    if len(pieces) > 1 or pieces[0] is not leak:
        yield Shape("pieces", tuple(pieces))
    long = [_long(piece, keys) for piece in pieces]
    if any(found is not None for found in long):
        yield Shape("wide", tuple(found or piece for found, piece in zip(long, pieces, strict=True)))
    if len(leak.rows) < MOST_COLUMNS and len(leak.columns) > 1:
        turned = _turned(leak)
        yield Shape("turned", (turned,))
        if (wide := _long(turned, keys)) is not None:
            yield Shape("turned, wide", (wide,))


def _pieces(leak: Leak) -> list[Leak]:
    """Tables below each other, each below its own names. A line of words where numbers stand is a line of names."""
    if len(leak.rows) > MOST_ROWS:
        return [leak]
    numeric = [[reading(text) is not None for text in row] for row in leak.rows]
    heads = [not any(found) and any(row) for row, found in zip(leak.rows, numeric, strict=True)]
    if not any(heads) or 2 * sum(heads) > len(heads):
        return [leak]
    found: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    names, fresh = leak.columns, False
    for row, head in zip(leak.rows, heads, strict=True):
        if head:
            names, fresh = _named(names, row) if fresh else row, True
            continue
        fresh = False
        if any(row):
            found.setdefault(names, []).append(row)
    if heads[0] and leak.columns not in found and sum(map(bool, leak.columns)) > 1:
        first = next(iter(found))  # two lines of names on top of the sheet
        found = {_named(leak.columns, first): found.pop(first)} | found
    return [Leak(names, tuple(rows)) for names, rows in found.items()]


def _named(upper: Sequence[str], lower: Sequence[str]) -> tuple[str, ...]:
    """Two lines of names as one; in the upper line a name may stand for the columns after it too."""
    if sum(map(bool, upper)) < 2:
        return tuple(lower)  # a title
    found, last = [], ""
    for above, below in zip(upper, lower, strict=True):
        last = above or last
        found.append(" ".join(part for part in (last if below != last else "", below) if part))
    return tuple(found)


def _long(leak: Leak, keys: Keys) -> Leak | None:
    """The table with the key values in its columns' names put into columns of their own, or None where there are
    none."""
    found, changed = leak, False
    for codes in keys.codes:
        if 1 < len(codes) <= VALUES and (longer := _melted(found, codes)) is not None:
            found, changed = longer, True
    return found if changed else None


def _melted(leak: Leak, codes: dict[str, int]) -> Leak | None:
    plain = [value for value in sorted(codes, key=len, reverse=True) if value]
    spread: dict[str, dict[str, int]] = {}  # value of the key: rest of the name: column
    others = []
    for place, name in enumerate(leak.columns):
        split = _split(folded(name), plain)
        if split is None or split[1] in spread.get(split[0], {}):
            others.append(place)
        else:
            spread.setdefault(split[0], {})[split[1]] = place
    rests = list(dict.fromkeys(rest for columns in spread.values() for rest in columns))
    width = len(others) + 1 + len(rests)
    if len(spread) < 2 or len(leak.rows) * len(spread) * width > MOST_CELLS:
        return None
    rows = []
    for row in leak.rows:
        kept = [row[place] for place in others]
        for value, columns in spread.items():
            rows.append((*kept, value, *(row[columns[rest]] if rest in columns else "" for rest in rests)))
    names = (*(leak.columns[place] for place in others), "", *(rest or "value" for rest in rests))
    return Leak(names, tuple(rows))


def _split(name: str, values: Sequence[str]) -> tuple[str, str] | None:
    """A name that is a value, or a value and something else."""
    for value in values:
        if value not in name:
            continue
        if name == value:
            return value, ""
        if name.startswith(value) and (name[len(value)] in BREAKS or not value[-1].isalnum()):
            return value, _rest(name[len(value) :])
        if name.endswith(value) and name[-len(value) - 1] in BREAKS:
            return value, _rest(name[: -len(value)])
        inner = name.find(value)
        if name[inner - 1] in BREAKS and name[inner + len(value) : inner + len(value) + 1] in BREAKS:
            return value, _rest(f"{name[:inner]} {name[inner + len(value) :]}")
    return None


def _rest(name: str) -> str:
    """What is left of a name, the same whatever its parts were joined by."""
    return " ".join("".join(" " if mark in BREAKS else mark for mark in name).split())


def _turned(leak: Leak) -> Leak:
    columns = list(zip(leak.columns, *leak.rows, strict=True))
    return Leak(tuple(columns[0]), tuple(columns[1:]))
