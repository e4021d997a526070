"""Every example of the language, on the reference engine and on DuckDB: the exact answer without noise – and what plain
DuckDB makes of the same text, so that a word means here what it means elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from language import (
    beside,
    correlated,
    frames,
    grouped,
    intersected,
    joined,
    refused,
    released,
    subqueries,
    unions,
    windowed,
)
from language.case import Case
from language.town import ENTRY, FACTS, ROWS, TYPES
from versions import DuckDBEngine, ReferenceEngine, write_version

from sandbox.engines.base import Engine, OpenVersion
from sandbox.engines.width import fits
from sandbox.errors import Problem
from sandbox.jobs.product import Question
from sandbox.plan.codec import from_json, to_json
from sandbox.plan.plan import Plan
from sandbox.plan.relation import Public
from sandbox.plan.walk import walk
from sandbox.privacy.rederive import loss
from sandbox.products.query.kind import QueryProduct

CASES: list[Case] = [
    case
    for module in (joined, subqueries, correlated, grouped, windowed, frames, unions, intersected, released, beside)
    for case in module.CASES
]


def compiled(sql: str, **request: str) -> Plan:
    product = QueryProduct()
    asked = Question(
        {"sql": sql, "epsilon": "1", **request},
        "res",
        "pop",
        "v1",
        ENTRY,
        {},
        Decimal("1e-9"),
        Decimal("1e-10"),
        facts=FACTS,
    )
    return product.compile(asked)


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    path: Path = tmp_path_factory.mktemp("version") / "town.db"
    hidden = {"__unit": None}
    return write_version(
        path, {name: ([{**hidden, **row} for row in rows], TYPES[name]) for name, rows in ROWS.items()}
    )


@pytest.fixture(scope="module", params=["reference", "duckdb"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    found: Engine = ReferenceEngine(ROWS) if request.param == "reference" else DuckDBEngine()
    yield found
    found.close()


@pytest.fixture(scope="module")
def plain() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for name, rows in ROWS.items():
            columns = ", ".join(f"{one} {kind}" for one, kind in TYPES[name].items())
            connection.execute(f"CREATE TABLE {name} ({columns})")
            marks = ", ".join("?" for _ in TYPES[name])
            connection.executemany(
                f"INSERT INTO {name} VALUES ({marks})", [[row[one] for one in TYPES[name]] for row in rows]
            )
        yield connection


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_answer_is_exact(engine: Engine, version: OpenVersion, case: Case) -> None:
    plan = compiled(case.sql)
    assert fits(plan)
    assert loss(plan) == (plan.rho, plan.delta)
    assert case.most is None or plan.blocks[0].bounds.rows == case.most
    exact = engine.run(version, plan)
    answer = QueryProduct().present(plan, exact, [one.values for one in exact])
    assert case.answer is not None
    assert _sorted(case, answer.rows) == _sorted(case, case.answer)


@pytest.mark.parametrize("case", [case for case in CASES if case.plainly], ids=lambda case: case.title)
def test_duckdb_reads_the_text_alike(plain: duckdb.DuckDBPyConnection, case: Case) -> None:
    assert case.answer is not None
    found = [tuple(_exactly(value) for value in row) for row in plain.execute(case.sql).fetchall()]
    assert _sorted(case, found) == _sorted(case, case.answer)


@pytest.mark.parametrize("case", refused.CASES, ids=lambda case: case.title)
def test_it_is_refused_with_what_to_write(case: Case) -> None:
    with pytest.raises(Problem) as found:
        compiled(case.sql)
    assert case.refusal is not None
    assert case.refusal in found.value.detail
    assert found.value.detail.endswith(".")


def test_a_large_public_table_stays_below_the_aggregate() -> None:
    rates = replace(FACTS["rates"], lines=None)
    asked = Question(
        {"sql": f"SELECT * FROM ({refused.GROUPS}) JOIN rates USING (dept)"}, "res", "pop", "v1", ENTRY, {},
        Decimal("1e-9"), Decimal("1e-10"), facts={**FACTS, "rates": rates},
    )  # fmt: skip
    with pytest.raises(Problem) as found:
        QueryProduct().compile(asked)
    assert "rates has more than 10000 values" in found.value.detail and "below the aggregate" in found.value.detail


def test_a_plan_has_the_rows_of_a_public_table_that_stands_beside_groups() -> None:
    """The answer is made again from the base and the plan alone, long after the table has another version."""
    plan = compiled(f"SELECT * FROM ({refused.GROUPS}) JOIN rates USING (dept)")
    again = from_json(to_json(plan))
    assert again == plan and not any(isinstance(node, Public) for node in walk(again.post))
    assert plan.base_key() == compiled(refused.GROUPS).base_key()


def _sorted(case: Case, rows: Any) -> list[tuple[Any, ...]]:
    found = [tuple(row) for row in rows]
    return found if case.ordered else sorted(found, key=_key)


def _exactly(value: Any) -> Any:
    """Averages and quotients are floats there."""
    return Decimal(str(round(value, 4))) if isinstance(value, float) else value


def _key(row: tuple[Any, ...]) -> list[tuple[bool, str, float]]:
    numbers = (bool, int, Decimal)
    return [
        (value is None, "" if isinstance(value, numbers) else str(value), value if isinstance(value, numbers) else 0)
        for value in row
    ]
