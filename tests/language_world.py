"""A hostile little resource, read in by the real ingest with and without each unit, and random questions over it in the
whole language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from query_examples import column, registration
from registrations import write_csv

from sandbox.catalogue.entry import Entry, parse_entry
from sandbox.catalogue.facts import TableFacts, public_facts
from sandbox.catalogue.ingest import Limits, ingest
from sandbox.catalogue.profile import ROWS, Histogram, KeySet, Profile, TableProfile
from sandbox.catalogue.records import DataVersion
from sandbox.core.clock import now
from sandbox.engines.base import OpenVersion
from sandbox.engines.files import read_table

Cells = list[str | None]
Files = dict[str, list[Cells]]
UNITS = ("u1", "U1", "u1 ", " ", "日")  # five units: names are compared as they stand
KEY = bytes(32)


def entry() -> Entry:
    """Persons, their visits, and what was given there, which only names the visit; three public tables."""
    identifier = {"role": "identifier"}
    persons = [
        column("pid", "string", **identifier),
        column("sex", "string", domain=["m", "f"]),
        column("age", "integer", bounds=[-3, 100]),
        column("town", "string"),
        column("ok", "boolean"),
        column("born", "date", bounds=["1999-12-30", "2001-01-02"], required=True),
    ]
    visits = [
        column("visit_id", "integer", key=True, **identifier),
        column("pid", "string", **identifier),
        column("dept", "string"),
        column("ward", "string", domain=["a", "b", " a", "é"]),
        column("cost", "decimal(10,2)", bounds=["-20.50", "99999.99"]),
        column("n", "integer", domain=[3, 1, -2], required=True),
        column("day", "date", bounds=["2023-12-30", "2024-02-02"]),
    ]
    items = [
        column("item_id", "integer", **identifier),
        column("visit_id", "integer", **identifier),
        column("drug", "string"),
        column("price", "integer", bounds=[0, 2**40]),
    ]
    tables: list[dict[str, Any]] = [
        {"name": "persons", "unit": "pid", "max_rows_per_unit": 2, "columns": persons},
        {
            "name": "visits", "unit": "pid", "max_rows_per_unit": 4, "columns": visits,
            "key_sets": [["ward"], ["dept", "ward"], ["n"]], "measures": ["cost"],
        },
        {"name": "items", "unit": "visit_id -> visits.pid", "max_rows_per_unit": 5, "columns": items},
        _public("places", {"town": "string", "region": "string", "size": "integer"}),
        _public("rates", {"dept": "string", "rate": "integer"}),
        _public("nothing", {"dept": "string", "rate": "integer"}),
    ]  # fmt: skip
    return parse_entry(registration("world", tables, "persons.pid"))


def _public(name: str, columns: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": name,
        "public": True,
        "columns": [column(one, kind, role="public") for one, kind in columns.items()],
    }


ENTRY = entry()
NAMES = {table.name: [one.name for one in table.columns] for table in ENTRY.tables}
PUBLIC: Files = {
    "places": [["north", "N", "10"], ["south", "S", "-20"], ["", "S", "0"], [None, "N", "7"], ["é", None, None]],
    "rates": [["eye", "1"], ["eye", "2"], ["skin", "3"], [None, "4"], ["eye", None], ["é", "1"], ["eye", "2"]],
    "nothing": [],
}


def files(chance: Random) -> Files:
    """Rows of all tables, many of them dropped, moved to a bound or taken for NULL by registration."""
    made: Files = {"persons": [], "visits": [], "items": [], **PUBLIC}
    visit = 0
    for unit in UNITS:
        for _ in range(chance.choice([0, 1, 1, 2, 4])):
            made["persons"].append([unit, *_person(chance)])
        for _ in range(chance.choice([0, 1, 3, 4, 9])):
            visit += 1
            made["visits"].append([chance.choice([str(visit)] * 6 + [None]), unit, *_visit(chance)])
            for _ in range(chance.choice([0, 0, 1, 2, 7])):
                made["items"].append([str(len(made["items"])), str(visit), *_item(chance)])
    made["items"].append(["900", "999", *_item(chance)])
    return made


def _person(chance: Random) -> Cells:
    return [
        chance.choice(["m", "f", "x", "M", "", None]), chance.choice(["0", "30", "30", "101", "-9", "nan", None]),
        chance.choice(["north", "south", "", "é", "nowhere", None]), chance.choice(["true", "false", "maybe", None]),
        chance.choice(["1999-12-30", "2000-02-29", "1066-01-01", "2001-01-02", "2000-13-01"]),
    ]  # fmt: skip


def _visit(chance: Random) -> Cells:
    return [
        chance.choice(["eye", "skin", "", "é", "e\u0301", "heart", None]),
        chance.choice(["a", "b", " a", "é", "A", None]),
        chance.choice(["0", "12.30", "-20.50", "99999.99", "1e40", "-1e9", "12.3", "nan", None]),
        chance.choice(["3", "1", "-2", "1", "2", None]),
        chance.choice(["2023-12-30", "2024-01-01", "2024-02-02", "9999-12-31", None]),
    ]  # fmt: skip


def _item(chance: Random) -> Cells:
    return [chance.choice(["x", "y", "", "'", None]), chance.choice(["0", "1", str(2**40), str(2**62), "-5", None])]


def without(all_rows: Files, unit: str, chance: Random) -> Files:
    """The same files without any row of one unit, in another order."""
    visits = {row[0] for row in all_rows["visits"] if row[1] == unit}
    mine = {"persons": lambda row: row[0] == unit, "visits": lambda row: row[1] == unit}
    mine["items"] = lambda row: row[1] in visits - {None}
    kept = {name: [row for row in rows if not mine.get(name, bool)(row)] for name, rows in all_rows.items()}
    return {name: rows if name in PUBLIC else chance.sample(rows, len(rows)) for name, rows in kept.items()} | PUBLIC


@dataclass(frozen=True)
class Version:
    """A data version as engines open it, its rows as the reference engine reads them, facts of its public tables."""

    opened: OpenVersion
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    facts: Mapping[str, TableFacts]


def version(folder: Path, name: str, rows: Files) -> Version:
    """Read files in."""
    sent = {}
    for table, cells in rows.items():
        path = folder / f"{name}.{table}.csv"
        write_csv(path, [NAMES[table], *cells])
        sent[table] = (path, "csv")
    target = folder / f"{name}.db"
    made = ingest(ENTRY, sent, target, KEY, b"order" * 6, Limits(failing=100))
    stored = {table: read_table(target, KEY, table) for table in rows}
    record = DataVersion(name, "resource", 1, target.name, b"", made.report, made.facts, now())
    return Version(OpenVersion(str(target), target, KEY), stored, public_facts(record))


def profile(chance: Random, of: str) -> Profile:
    """A public profile that may say anything about the protected tables."""

    def units(*ends: int) -> Histogram:
        return Histogram(0, ends, (*tuple(chance.choice([0, 3, 50, 400]) for _ in ends[1:]), 9), 0.5)

    keys = tuple(
        KeySet(one, units(1, 2, 4), units(1, 2, 4), {ROWS: units(1, 2, 4), "cost": units(9, 999, 10**7)})
        for one in (("ward",), ("dept", "ward"), ("n",))
    )
    values = {"cost": units(10, 1230, 9_999_999), "n": units(1, 3)}
    visits = TableProfile(2000, 700, units(1, 2, 3, 4), keys, values, {"dept": ("eye", "skin", "ghost")})
    persons = TableProfile(900, 700, units(1, 2), (), {"age": units(0, 30, 100)}, {"town": ("north", "")})
    return Profile(of, {"persons": persons, "visits": visits})
