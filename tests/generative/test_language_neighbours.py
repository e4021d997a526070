"""Random questions in the whole language, asked of hostile data and of the same data without any one unit: no exact
integer, no score and no set of groups moves by more than the plan says, nothing fails, and all engines agree.

`SANDBOX_PLANS` says how many are asked, `SANDBOX_SEED` from which seed on; `make nightly` asks ten thousand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from language_moves import by_hand, check_relations, domains_missed, leaving, moved_too_far, same
from language_questions import Questions
from language_world import ENTRY, UNITS, Version, files, profile, version, without
from versions import write_version

from sandbox.engines.base import Engine, Exact, OpenVersion
from sandbox.engines.duckdb.pool import DuckDBEngine
from sandbox.engines.reference import ReferenceEngine
from sandbox.engines.width import fits
from sandbox.errors import Problem
from sandbox.jobs.product import Question
from sandbox.plan.plan import Plan
from sandbox.privacy.rederive import loss
from sandbox.products.query.kind import QueryProduct
from sandbox.sql.fanout import Declared, as_claimed

PLANS = int(os.environ.get("SANDBOX_PLANS", "40"))
SEED = int(os.environ.get("SANDBOX_SEED", "0"))
PARTS = 40
WORLDS = min(PARTS, 1 + PLANS // 500)
LARGEST = 2_000  # rows of one unit, for plain Python's sake
TYPES = {
    "persons": {"sex": "VARCHAR", "age": "BIGINT", "town": "VARCHAR", "ok": "BOOLEAN", "born": "DATE"},
    "visits": {
        "visit_id": "BIGINT", "dept": "VARCHAR", "ward": "VARCHAR", "cost": "DECIMAL(18,2)", "n": "BIGINT",
        "day": "DATE",
    },
    "items": {"item_id": "BIGINT", "visit_id": "BIGINT", "drug": "VARCHAR", "price": "BIGINT"},
    "places": {"town": "VARCHAR", "region": "VARCHAR", "size": "BIGINT"},
    "rates": {"dept": "VARCHAR", "rate": "BIGINT"},
    "nothing": {"dept": "VARCHAR", "rate": "BIGINT"},
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """A version, the same rows in a file without codes or index, and the version without each unit."""

    whole: Version
    plain: OpenVersion
    less: dict[str, Version]


@pytest.fixture(scope="module")
def world_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], World]:
    return cache(lambda number: _world(number, tmp_path_factory.mktemp("world")))


def _world(number: int, folder: Path) -> World:
    chance = Random(number)
    rows = files(chance)
    whole = version(folder, "all", rows)
    bare = {
        name: ([{"__unit": None, "__h": None, **row} for row in whole.rows[name]], types)
        for name, types in TYPES.items()
    }
    less = {unit: version(folder, f"no{at}", without(rows, unit, chance)) for at, unit in enumerate(UNITS)}
    return World(whole, write_version(folder / "plain.db", bare), less)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    made = DuckDBEngine(children=8, threads=1)
    yield made
    made.close()


@dataclass(frozen=True)
class Asked:
    """A question and its plan. `declared`: all lists of keys are declared ones. `seen`: the unit without which all
    engines are asked again, or None, and the file without codes is asked; the definition alone is asked without each
    of them, and takes a hundredth of the time."""

    sql: str
    plan: Plan
    declared: bool
    seen: str | None


def planned(seed: int, world: World) -> Asked | None:
    """A random question; None when it is refused, always with a sentence."""
    chance = Random(-seed)
    sql = Questions(seed).question()
    bounds = {name: chance.choice([1, 2, 3]) for name in ("groups", "rows_per_group") if chance.random() < 0.3}
    known = profile(chance, chance.choice(["v1", "v0"])) if chance.random() < 0.4 else None
    question = Question(
        {"sql": sql, "epsilon": "2000", "bounds": bounds}, "res", "pop", "v1", ENTRY, {}, Decimal("1e-9"),
        Decimal("1e-10"), pure=chance.random() < 0.1, profile=known, facts=world.whole.facts,
    )  # fmt: skip
    try:
        plan = QueryProduct().compile(question)
    except Problem as problem:
        assert problem.detail
        return None
    if not fits(plan) or any(block.rows.rows > LARGEST for block in plan.blocks):
        return None
    assert loss(plan) == (plan.rho, plan.delta)
    seen = chance.choice(UNITS) if chance.random() < 0.5 else None
    return Asked(sql, by_hand(plan, chance) if chance.random() < 0.4 else plan, known is None, seen)


def examine(asked: Asked, world: World, engine: Engine) -> None:
    """Everything that must hold of one question."""
    whole, plan = world.whole, asked.plan
    for block in plan.blocks:
        check_relations(block, whole.rows)
        assert as_claimed(block.rows, Declared(ENTRY, whole.facts)), asked.sql
    plain = {} if asked.seen else {"plain": partial(engine.run, world.plain)}
    found = same(_engines(whole, engine) | plain, plan)
    for block, values in zip(plan.blocks, found, strict=True):
        assert not (asked.declared and domains_missed(block, values)), asked.sql
    for unit, smaller in world.less.items():
        every = _engines(smaller, engine)
        fewer = same(every if unit == asked.seen else {"reference": every["reference"]}, plan)
        for block, one, other in zip(plan.blocks, found, fewer, strict=True):
            assert not moved_too_far(block, leaving(block, one), leaving(block, other)), (asked.sql, unit)


def _engines(of: Version, engine: Engine) -> dict[str, Callable[[Plan], list[Exact]]]:
    reference = ReferenceEngine(of.rows)
    return {"reference": partial(reference.run, of.opened), "embedded": partial(engine.run, of.opened)}


@pytest.mark.parametrize("part", range(PARTS))
def test_no_unit_moves_a_question_by_more_than_it_says(
    part: int, world_of: Callable[[int], World], engine: DuckDBEngine
) -> None:
    world, wanted = world_of(part % WORLDS), -(-PLANS // PARTS)
    seeds = range(SEED + part, SEED + 10 * PARTS * wanted, PARTS)
    questions = (asked for seed in seeds if (asked := planned(seed, world)) is not None)
    examined = [examine(asked, world, engine) for asked in islice(questions, wanted)]
    assert len(examined) == wanted
