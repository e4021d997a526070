"""Which tables the model of a synthetic table has: they follow from its marginals alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class Family:
    """A column and its parents, which are drawn before it."""

    column: int
    parents: tuple[int, ...]

    @property
    def columns(self) -> tuple[int, ...]:
        """Parents and column, as the table has its axes."""
        return (*self.parents, self.column)


def families(sizes: Sequence[int], cliques: Sequence[Sequence[int]]) -> tuple[Family, ...]:
    """Give the tables that a model needs in which columns of one clique depend on each other: columns are eliminated
    by the smallest table first (ties: the first column), and drawn in the opposite order."""
    near: dict[int, set[int]] = {column: set() for column in range(len(sizes))}
    for clique in cliques:
        for column in clique:
            near[column] |= set(clique) - {column}
    found = []
    while near:
        column = min(near, key=lambda one: (sizes[one] * prod(sizes[other] for other in near[one]), one))
        beside = near.pop(column)
        for other in beside:
            near[other] |= beside - {other}
            near[other].discard(column)
        found.append(Family(column, tuple(sorted(beside))))
    return tuple(reversed(found))


def size_of(sizes: Sequence[int], family: Family) -> int:
    """Give how many weights a table has."""
    return prod(sizes[column] for column in family.columns)
