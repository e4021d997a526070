"""Own tables of a user in a plan: named by admission and digest, never by what is in them.

An own table that is brought by the identifier of units is, in a plan, the part of it whose units are in the data. With
at most one row of an identifier that is a protected table like any other: whoever joins or leaves the data brings or
takes one row of it, and a unit that is not there cannot show. Without an identifier it is a public table: the same
whoever is in the data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sandbox.plan.relation import Public, Relation, Scan
from sandbox.plan.walk import walk

SCHEMA = "own"
"""What own tables are called by: `own.insured`. No table of a registration has a point in its name."""


@dataclass(frozen=True)
class Own(Scan):
    """The rows of an own table whose identifiers are in the data: one of each unit at most."""

    admission: str
    digest: str

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self.table, self.digest)
        if self.rows != 1:
            raise ValueError("an own table has one row of a unit at most")


@dataclass(frozen=True)
class OwnPublic(Public):
    """An own table without identifiers: all of its rows."""

    admission: str
    digest: str

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self.table, self.digest)


def own_tables(relations: Iterable[Relation]) -> Iterator[Own | OwnPublic]:
    """Give every use of an own table in `relations`."""
    for relation in relations:
        for node in walk(relation):
            if isinstance(node, Own | OwnPublic):
                yield node


def _check(table: str, digest: str) -> None:
    if not table.startswith(f"{SCHEMA}.") or not digest:
        raise ValueError("an own table is named as one, and by its digest")
