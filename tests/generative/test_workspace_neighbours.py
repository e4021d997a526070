"""Random questions in the whole language over own tables and hostile data, and over the same data without any one unit:
nothing moves by more than the plan says, whoever is not in the data changes nothing, and both engines agree.

The own tables stand in the place of tables of the registration, one by identifier and one without; they hold strangers,
and units of which the data have no row of their own. `SANDBOX_PLANS` and `SANDBOX_SEED` as in the other languages'."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, partial
from itertools import islice
from random import Random
from typing import Any

import pytest
from language_moves import by_hand, check_relations, domains_missed, leaving, moved_too_far, same
from language_questions import Questions
from language_world import ENTRY, UNITS, Version, files, profile, version, without

from sandbox.catalogue.facts import ColumnFacts, TableFacts
from sandbox.catalogue.ingest.units import unit_name
from sandbox.engines.base import Engine, Exact
from sandbox.engines.duckdb.pool import DuckDBEngine
from sandbox.engines.files import read_names
from sandbox.engines.own import OwnRows, rows_in
from sandbox.engines.reference import ReferenceEngine
from sandbox.engines.width import fits
from sandbox.errors import Problem
from sandbox.jobs.ownreading import declared, read_rows
from sandbox.jobs.product import Question
from sandbox.plan.codec import from_json
from sandbox.plan.plan import Plan
from sandbox.privacy.rederive import loss
from sandbox.products.query.compile import compile_query
from sandbox.products.workspace.tables import read_tables
from sandbox.sql.fanout import Declared, as_claimed
from sandbox.sql.own import OwnTable

PLANS = int(os.environ.get("SANDBOX_PLANS", "40"))
SEED = int(os.environ.get("SANDBOX_SEED", "0"))
PARTS = 12
LARGEST = 2_000  # rows of one unit, for plain Python's sake
NAMING = b"order" * 6  # what the world's ingest names units by
COLUMNS = [
    {"name": "sex", "domain": ["m", "f", "x"]}, {"name": "age", "bounds": [-3, 100], "type": "integer"},
    {"name": "town", "type": "string"}, {"name": "ok", "type": "boolean"},
    {"name": "born", "type": "date", "bounds": ["1999-12-30", "2001-01-02"]},
]  # fmt: skip
PLACES = [{"name": "town", "type": "string"}, {"name": "region", "type": "string"}]
SIZES = [{"name": "size", "type": "integer", "bounds": [-20, 10]}]


@dataclass(frozen=True)
class Own:
    """Own tables as plans and as engines know them, and those by identifier without strangers."""

    tables: dict[str, OwnTable]
    rows: dict[str, OwnRows]
    known: dict[str, OwnRows]


@dataclass(frozen=True)
class World:
    """A version, the version without each unit, and own tables."""

    whole: Version
    less: dict[str, Version]
    own: Own


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder, chance = tmp_path_factory.mktemp("world"), Random(SEED)
    rows = files(chance)
    rows["persons"] = [row for row in rows["persons"] if row[0] != UNITS[1]]  # one is known by other rows alone
    less = {unit: version(folder, f"no{at}", without(rows, unit, chance)) for at, unit in enumerate(UNITS)}
    return World(version(folder, "all", rows), less, brought(chance))


def brought(chance: Random) -> Own:
    """Own tables, through the door that users bring them in by."""
    names = [*UNITS[:4], "nobody", "u1  ", "U2"]
    persons = [["pid", "sex", "age", "town", "ok", "born"]]
    persons += [[name, *_person(chance)] for name in chance.sample(names, len(names))]
    places = [["town", "region", "size"], ["north", "N", "10"], ["north", "S", "-200"], ["é", "", "0"], ["", "N", "7"]]
    given = [
        {"name": "persons", "csv": _csv(persons), "basis": "x", "columns": COLUMNS},
        {"name": "places", "csv": _csv(places), "basis": "x", "columns": PLACES + SIZES},
    ]
    tables, rows = {}, {}
    for name, (content, told) in read_tables(given, ENTRY).items():
        tables[name] = declared(json.loads(json.dumps(told)), "admission_1")
        rows[f"own.{name}"] = read_rows(tables[name], told, json.loads(content)["cells"], NAMING)
    mine = {unit_name(unit, NAMING) for unit in UNITS}
    kept = [place for place, name in enumerate(rows["own.persons"].names or ()) if name in mine]
    assert len(kept) == 4
    return Own(tables, rows, {**rows, "own.persons": _only(rows["own.persons"], kept)})


def _only(table: OwnRows, kept: list[int]) -> OwnRows:
    columns = {name: tuple(values[place] for place in kept) for name, values in table.columns.items()}
    assert table.names is not None
    return OwnRows(table.types, columns, len(kept), tuple(table.names[place] for place in kept))


def _person(chance: Random) -> list[str]:
    return [
        chance.choice(["m", "f", "x", ""]), chance.choice(["0", "30", "101", "-9", ""]),
        chance.choice(["north", "é", "nowhere", ""]), chance.choice(["true", "false", ""]),
        chance.choice(["1999-12-30", "2000-02-29", "1066-01-01", ""]),
    ]  # fmt: skip


def _csv(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    made = DuckDBEngine(children=8, threads=1)
    yield made
    made.close()


def planned(seed: int, world: World) -> tuple[str, Plan, bool] | None:
    """A random question with own tables in some places; None when it has none, or is refused."""
    chance = Random(-seed)
    put: Callable[[Any], str] = lambda found: chance.choice(["own.", "own.", ""]) + found[0]  # noqa: E731
    sql = re.sub(r"(?<=FROM |JOIN )(persons|places)\b", put, Questions(seed).question())
    known = profile(chance, chance.choice(["v1", "v0"])) if chance.random() < 0.4 else None
    bounds = {name: chance.choice([1, 2, 3]) for name in ("groups", "rows_per_group") if chance.random() < 0.3}
    question = Question(
        {"sql": sql, "epsilon": "2000", "bounds": bounds}, "res", "pop", "v1", ENTRY, {}, Decimal("1e-9"),
        Decimal("1e-10"), pure=chance.random() < 0.1, profile=known, facts=world.whole.facts, own=world.own.tables,
    )  # fmt: skip
    try:
        plan = compile_query(question)
    except Problem as problem:
        assert problem.detail
        return None
    if not plan.own or not fits(plan) or any(block.rows.rows > LARGEST for block in plan.blocks):
        return None
    assert loss(plan) == (plan.rho, plan.delta) and from_json(plan.json) == plan
    return sql, by_hand(plan, chance) if chance.random() < 0.4 else plan, known is None


def examine(sql: str, plan: Plan, declared_keys: bool, world: World, engine: Engine) -> None:
    """Everything that must hold of one question."""
    whole = beside(world.whole, world.own.rows)
    facts = {**world.whole.facts, "own.places": counted(whole.rows["own.places"])}
    for block in plan.blocks:
        check_relations(block, whole.rows)
        assert as_claimed(block.rows, Declared(ENTRY, facts)), sql
    found = same(engines(whole, engine), plan)
    assert found == same({"without strangers": engines(beside(world.whole, world.own.known), engine)["embedded"]}, plan)
    for block, values in zip(plan.blocks, found, strict=True):
        assert not (declared_keys and domains_missed(block, values)), sql
    for unit, smaller in world.less.items():
        every = engines(beside(smaller, world.own.rows), engine)
        fewer = same(every if unit in UNITS[:2] else {"reference": every["reference"]}, plan)
        for block, one, other in zip(plan.blocks, found, fewer, strict=True):
            assert not moved_too_far(block, leaving(block, one), leaving(block, other)), (sql, unit)


def counted(rows: Sequence[Mapping[str, Any]]) -> TableFacts:
    """The facts of a table without identifiers, from its rows, whatever is told of it."""
    values = {name: Counter(row[name] for row in rows if row[name] is not None) for name in ("town", "region", "size")}
    most = {name: max(found.values()) for name, found in values.items()}
    return TableFacts(len(rows), {name: ColumnFacts(0, 0, one, None, None, None) for name, one in most.items()})


def beside(of: Version, own: dict[str, OwnRows]) -> Version:
    """The version with own tables beside it, for both engines."""
    names = _names(of.opened.path, of.opened.key)
    rows = {**of.rows, **{name: rows_in(table, names) for name, table in own.items()}}
    return Version(replace(of.opened, own=own), rows, of.facts)


_names = cache(read_names)


def engines(of: Version, engine: Engine) -> dict[str, Callable[[Plan], list[Exact]]]:
    reference = ReferenceEngine(of.rows)
    return {
        "reference": partial(reference.run, replace(of.opened, own={})),
        "embedded": partial(engine.run, of.opened),
    }


@pytest.mark.parametrize("part", range(PARTS))
def test_own_tables_move_no_question_by_more_than_it_says(part: int, world: World, engine: DuckDBEngine) -> None:
    wanted = -(-PLANS // PARTS)
    seeds = range(SEED + part, SEED + 40 * PARTS * wanted, PARTS)
    asked = (one for seed in seeds if (one := planned(seed, world)) is not None)
    examined = [examine(*one, world, engine) for one in islice(asked, wanted)]
    assert len(examined) == wanted
