"""How far a value may be off, and because of which noise: half-widths of 95 % intervals that can be calculated with.

Independent errors combine as the root of their squares; the same error met twice adds up or cancels. To first order
that is all there is to say of an expression, and what is linear is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import hypot

MOST = 64  # independent errors that a value remembers; of more it only knows how far they may move it
Source = tuple[int, ...]  # one noisy number: block, group, measurement
Moves = Mapping[Source, float]


class Off(float):
    """A half-width. `moves`: by how much the error of each number moves the value, signed, which squared add up to
    the half-width's square; None where that is not known any more."""

    __slots__ = ("moves",)
    moves: Moves | None

    def __new__(cls, width: float, moves: Moves | None = None) -> Off:
        made = super().__new__(cls, width)
        made.moves = moves if moves is not None and len(moves) <= MOST else None
        return made


def own(width: float, moves: Iterable[tuple[Source, float]]) -> Off:
    """Give a half-width that these errors make up, each as large as its share."""
    found = {source: move for source, move in moves if move}
    size = hypot(*found.values())
    return Off(width, {source: move * width / size for source, move in found.items()} if size else None)


def combined(terms: Sequence[tuple[float, float]]) -> Off:
    """Give the half-width of a sum of values, each times a factor: `terms` are factors and half-widths. What is not
    known of an error is taken for the worst."""
    moves: dict[Source, float] = {}
    unknown, opaque = 0.0, False
    for factor, width in terms:
        known = width.moves if isinstance(width, Off) else None
        if known is None:
            unknown, opaque = unknown + abs(factor) * width, opaque or bool(factor and width)
            continue
        for source, move in known.items():
            moves[source] = moves.get(source, 0.0) + factor * move
    return Off(hypot(*moves.values()) + unknown, None if opaque else moves)
