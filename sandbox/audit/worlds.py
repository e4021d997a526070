"""Neighbouring data sets: a small registration, its tables with one unit and without it, both as real data versions.

The unit is the worst that the registration lets through, for many questions at once: as many rows as a unit may have,
all in one group of one key, spread evenly over the groups of a second, each in a group of its own by a third, every
value at a bound. Everybody else has few rows, in the middle.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from sandbox.catalogue.entry import Entry, parse_entry
from sandbox.catalogue.facts import TableFacts, public_facts
from sandbox.catalogue.ingest.version import ingest
from sandbox.catalogue.records import DataVersion
from sandbox.core.clock import now
from sandbox.engines.base import OpenVersion

UNIT = 1
"""The unit that is there in one data set and missing in the other."""
OTHERS = 40
Rows = Sequence[Sequence[Any]]
_KEY, _ORDER = bytes(range(32)), b"audit order " * 4


@dataclass(frozen=True)
class World:
    """A registration, and the rows of each table with the unit; `visits` and `persons` name their unit first."""

    name: str
    declared: Mapping[str, Any]
    tables: Mapping[str, Rows]

    @cached_property
    def entry(self) -> Entry:
        """The registration, read."""
        return parse_entry(self.declared)

    def without(self) -> dict[str, Rows]:
        """Give the tables of the neighbour, which lacks the unit's rows."""
        public = {table.name for table in self.entry.tables if table.public}
        return {
            name: rows if name in public else [rows[0], *(row for row in rows[1:] if row[0] != UNIT)]
            for name, rows in self.tables.items()
        }


@dataclass(frozen=True)
class Pair:
    """The data versions of a world: with the unit, and without it; and what everybody knows of its public tables."""

    present: OpenVersion
    absent: OpenVersion
    facts: Mapping[str, TableFacts]


def stored(world: World, folder: Path) -> Pair:
    """Ingest both data sets of `world` below `folder`, as an upload would be."""
    present, facts = _version(world, "with", world.tables, folder)
    absent, _ = _version(world, "without", world.without(), folder)
    return Pair(present, absent, facts)


def written(tables: Mapping[str, Rows], folder: Path, name: str) -> dict[str, Path]:
    """Write tables as CSV files to `folder`."""
    files = {}
    for table, rows in tables.items():
        files[table] = folder / f"{name}-{table}.csv"
        with files[table].open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows(rows)
    return files


def _version(
    world: World, name: str, tables: Mapping[str, Rows], folder: Path
) -> tuple[OpenVersion, Mapping[str, TableFacts]]:
    files = written(tables, folder, f"{world.name}-{name}")
    target = folder / f"{world.name}-{name}.db"
    made = ingest(world.entry, {table: (file, "csv") for table, file in files.items()}, target, _KEY, _ORDER)
    version = DataVersion(target.name, world.name, 1, target.name, b"", made.report, made.facts, now())
    return OpenVersion(f"{world.name}-{name}", target, _KEY), public_facts(version)


@cache
def clinic() -> World:
    """Persons of one row and visits of up to 12; every person but the unit has three."""
    return _clinic(12, cost=100)


@cache
def crowd() -> World:
    """The same with up to 300 visits of a person: more than ordinals of a byte can count."""
    return _clinic(300, cost=100)


@cache
def wide() -> World:
    """The clinic with costs up to 10,000, to be asked by plans that count on 100."""
    return _clinic(12, cost=10_000)


@cache
def uneven() -> World:
    """The clinic with a person of nine visits among the others: bounds leave some of them out."""
    return _clinic(12, cost=100, each=(*(3,) * 31, 9))


def declaration(rows: int, cost: int) -> dict[str, Any]:
    """Give a registration with at most `rows` visits of a person, each at most `cost`."""
    visits = [
        _column("person", "integer", role="identifier"),
        _column("one", "string", domain=["a", "b", "c", "d"]),  # the unit's rows are all in one group
        _column("four", "string", domain=["p", "q", "r", "s"]),  # they are spread over all groups
        _column("own", "string"),  # each is a group of its own, that nobody else is in
        _column("common", "string"),  # a group that everybody is in
        _column("cost", "decimal(10,2)", bounds=[0, cost], required=True),
        _column("gain", "integer", bounds=[-50, 50], required=True),
        _column("other", "integer", bounds=[-50, 50], required=True),
        _column("maybe", "integer", bounds=[0, 10]),  # the unit has 10, everybody else 5
        _column("low", "integer", bounds=[0, 10]),  # the unit has 0, everybody else 10
        _column("few", "boolean"),  # the unit and four others
        _column("flag", "boolean"),
        _column("day", "date", bounds=["2024-01-01", "2024-12-31"], required=True),
        _column("number", "integer"),
    ]
    persons = [
        _column("person", "integer", role="identifier"),
        _column("sex", "string", domain=["f", "m"]),
        _column("income", "integer", bounds=[0, 1000], required=True),
        _column("town", "string"),
    ]
    kinds = [_column("one", "string", role="public"), _column("area", "string", role="public")]
    return {
        "name": "audit",
        "title": {"zh": "审计", "en": "Audit"},
        "holder": "Nobody",
        "domain": "health",
        "grade": "general",
        "personal_information": True,
        "legal_basis": {"type": "lawfully_published", "instrument": "made up", "purpose": "audit"},
        "update_frequency": "P1Y",
        "unit": {"name": "person", "column": "persons.person"},
        "tables": [
            {"name": "persons", "unit": "person", "max_rows_per_unit": 1, "columns": persons},
            {
                "name": "visits",
                "unit": "person",
                "max_rows_per_unit": rows,
                "columns": visits,
                "key_sets": [["one"], ["four"]],
                "measures": ["cost", "gain"],
            },
            {"name": "kinds", "public": True, "columns": kinds},
            {"name": "places", "public": True, "columns": [_column("town", "string", role="public")]},
        ],
        "privacy": {"epsilon": "1e6", "delta": "0.5", "per_user": {"epsilon": "1e6", "delta": "0.5"}},
    }


def _column(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "role": "quasi_identifier", **more}


def _clinic(rows: int, cost: int, each: Sequence[int] = (3,)) -> World:
    persons: list[list[Any]] = [["person", "sex", "income", "town"], [UNIT, "f", 1000, "mine"]]
    persons += [[person, "fm"[person % 2], 500, "ours"] for person in range(2, OTHERS + 2)]
    heads = [
        "person",
        "one",
        "four",
        "own",
        "common",
        "cost",
        "gain",
        "other",
        "maybe",
        "low",
        "few",
        "flag",
        "day",
        "number",
    ]
    visits: list[list[Any]] = [heads]
    for at in range(rows):
        four = "pqrs"[at * 4 // rows]
        numbers = [cost, 50, 50, 10, 0]
        visits.append([UNIT, "a", four, f"mine {at}", "all", *numbers, "true", "true", "2024-12-31", 1000 + at])
    for person in range(2, OTHERS + 2):
        for at in range(each[person % len(each)]):
            place, day = (person + at) % 4, f"2024-{1 + person % 12:02}-15"
            keys = ["abcd"[place], "pqrs"[place], f"{person} {at}", "all"]
            few = "true" if person < 6 else "false"
            visits.append([person, *keys, 40 + 5 * (at % 3), at % 3 - 1, 1 - at % 3, 5, 10, few, "false", day, at])
    kinds = [["one", "area"], *([kind, area] for kind in "abcd" for area in ("north", "south"))]
    return World(
        f"clinic-{rows}-{cost}-{len(each)}",
        declaration(rows, cost),
        {"persons": persons, "visits": visits, "kinds": kinds, "places": [["town"], *([["mine"]] * 1000)]},
    )
