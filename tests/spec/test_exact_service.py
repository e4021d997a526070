"""Exact service (U6): the same language over public tables, and every engine gives these rows in this order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal as D
from math import isnan
from pathlib import Path
from typing import Any

import duckdb
import exact_world
import pytest
import sparks
from language import served
from language.case import Case
from versions import KEY

from sandbox.catalogue.entry import parse_entry
from sandbox.catalogue.facts import public_facts
from sandbox.catalogue.ingest.version import ingest
from sandbox.catalogue.laying import declared_layout
from sandbox.catalogue.records import DataVersion
from sandbox.core.clock import now
from sandbox.engines.base import Engine, OpenVersion
from sandbox.engines.duckdb.foreseen import renders
from sandbox.engines.duckdb.pool import DuckDBEngine
from sandbox.engines.reference import ReferenceEngine
from sandbox.engines.spark.engine import SparkEngine
from sandbox.engines.width import fits
from sandbox.errors import Problem
from sandbox.jobs.product import Question
from sandbox.plan.moments import has_moments
from sandbox.plan.reading import Reading
from sandbox.products.query.exact import ExactQuery

ENTRY = parse_entry(exact_world.REGISTRATION)
Read = Callable[[str], list[tuple[Any, ...]]]

CASES: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "rows, without an order by their columns": (
        "SELECT line, name FROM stations WHERE depth >= 7.75",
        [("A", "东门"), ("B", "Zoo"), ("C", "Ä Platz"), (None, "Zoo")],
    ),
    "all columns, values as they came": (
        "SELECT * FROM stations WHERE id = 4 OR id = 2 ORDER BY id DESC",
        [(4, "alley", "B", None, date(2010, 1, 1), None), (2, "西门", "A", D("-1.25"), date(2001, 10, 31), False)],
    ),
    "an order that is not shown, NULL last": (
        "SELECT name FROM stations ORDER BY depth DESC NULLS LAST, id LIMIT 3 OFFSET 1",
        [("Zoo",), ("东门",), ("Ä Platz",)],
    ),
    "ties by what is shown": ("SELECT id FROM stations ORDER BY depth DESC NULLS LAST LIMIT 1", [(3,)]),
    "aggregates are exact": (
        "SELECT line, COUNT(*) AS n, SUM(depth) AS s, AVG(depth) AS mean, MAX(opened) AS last, COUNT(DISTINCT name) AS "
        "names FROM stations GROUP BY line HAVING COUNT(*) > 1 ORDER BY s",
        [
            ("A", 2, D("11.25"), D("5.625000"), date(2001, 10, 31), 2),
            ("B", 2, D("20.00"), D("20.000000"), date(2010, 1, 1), 2),
        ],
    ),
    "of nothing": ("SELECT COUNT(*) AS n, SUM(depth) AS s FROM stations WHERE id > 99", [(0, None)]),
    "a left join keeps lone rows": (
        "SELECT s.id, l.colour FROM stations s LEFT JOIN lines l ON s.line = l.line ORDER BY s.id",
        [(1, "red"), (2, "red"), (3, "blue"), (4, "blue"), (5, None), (6, None)],
    ),
    "not in": (
        "SELECT line FROM lines WHERE NOT EXISTS (SELECT 1 FROM stations s WHERE s.line = lines.line)",
        [("D",)],
    ),
    "windows": (
        "SELECT id, RANK() OVER (PARTITION BY line ORDER BY depth DESC) AS r FROM stations WHERE line IN ('A', 'B')",
        [(1, 1), (2, 2), (3, 1), (4, 2)],
    ),
    "the deepest of each line": (
        "SELECT line, id FROM stations QUALIFY ROW_NUMBER() OVER (PARTITION BY line ORDER BY -depth, id) = 1",
        [("A", 1), ("B", 3), ("C", 5), (None, 6)],
    ),
    "a limit inside": (
        "SELECT COUNT(*) AS n, MIN(id) AS first FROM (SELECT id FROM stations ORDER BY opened DESC NULLS LAST LIMIT 2)",
        [(2, 3)],
    ),
    "a union and distinct rows": (
        "SELECT line FROM stations UNION SELECT line FROM lines ORDER BY line DESC",
        [("D",), ("C",), ("B",), ("A",), (None,)],
    ),
    "rollup": (
        "SELECT line, COUNT(*) AS n, GROUPING(line) AS all_lines FROM stations WHERE line < 'C' GROUP BY ROLLUP (line)",
        [("A", 2, 0), ("B", 2, 0), (None, 4, 1)],
    ),
    "expressions": (
        "SELECT UPPER(name) || '!' AS u, depth / 3 AS third, CASE WHEN lift THEN 1 ELSE 0 END AS l, YEAR(opened) AS y "
        "FROM stations WHERE id = 3",
        [("ZOO!", D("6.66666667"), 1, 2010)],
    ),
}

CASES |= {case.title: (case.sql, case.answer or []) for case in served.CASES}


def reading(sql: str, **spec: Any) -> Reading:
    version = _version(Path())
    facts = public_facts(version)
    question = Question({"sql": sql}, "r", "", "v", ENTRY, spec, D(0), D(0), facts=facts, today=date(2026, 1, 1))
    return ExactQuery().compile(question)


FACTS: dict[str, Any] = {}


def _version(path: Path) -> DataVersion:
    return DataVersion("v", "r", 1, path.name, b"", {}, FACTS, now())


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    folder = tmp_path_factory.mktemp("exact")
    path = folder / "version.duckdb"
    FACTS.update(ingest(ENTRY, exact_world.files(folder), path, KEY, KEY).facts)
    return OpenVersion("version_exact", path, KEY)


@pytest.fixture(scope="module", params=["reference", "duckdb", pytest.param("spark", marks=sparks.needed)])
def read(request: pytest.FixtureRequest, opened: OpenVersion) -> Iterator[Read]:
    own = {"reference": ReferenceEngine, "duckdb": DuckDBEngine, "spark": sparks.spark}
    engine = own[request.param]()
    yield lambda sql: _answered(engine, opened, sql)
    if request.param != "spark":
        engine.close()


def _answered(engine: Engine, opened: OpenVersion, sql: str) -> list[tuple[Any, ...]]:
    made = reading(sql)
    if isinstance(engine, SparkEngine) and has_moments(made.rows):
        pytest.skip("Spark has no exact statistics; web refuses them there")
    return engine.read(opened, made)


@pytest.mark.parametrize("case", CASES)
def test_u6_every_engine_gives_the_rows(case: str, read: Read) -> None:
    sql, expected = CASES[case]
    assert read(sql) == expected


@pytest.mark.parametrize("case", CASES)
def test_u6_what_can_be_read_is_foreseen(case: str, opened: OpenVersion) -> None:
    made = reading(CASES[case][0])
    assert fits(made) and renders(made, declared_layout(ENTRY))


@pytest.mark.parametrize("case", [case for case in served.CASES if case.plainly], ids=lambda case: case.title)
def test_u6_plain_duckdb_gives_the_same_to_its_digits(case: Case) -> None:
    """A word means here what it means elsewhere; DuckDB counts in floats."""
    with duckdb.connect() as plain:
        plain.execute(
            "CREATE TABLE stations (id INT, name VARCHAR, line VARCHAR, depth DOUBLE, opened DATE, lift BOOL)"
        )
        plain.executemany("INSERT INTO stations VALUES (?, ?, ?, ?, ?, ?)", exact_world.STATIONS[1:])
        rows = plain.execute(case.sql).fetchall()
    expected = sorted(case.answer or [], key=str)
    for theirs, ours in zip(sorted(rows, key=str), expected, strict=True):
        for value, own in zip(theirs, ours, strict=True):
            same = value == own or (own is None and value is not None and isnan(value))
            assert same or abs(value - float(own)) <= 0.51 * 10.0 ** own.as_tuple().exponent


def test_u6_an_answer_is_cut_and_says_so(opened: OpenVersion) -> None:
    made = reading("SELECT id FROM stations", rows=4)
    rows = ReferenceEngine().read(opened, made)
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5], "one more than is shown, so that it is known that there are"
    answer = ExactQuery().present(made, rows)
    assert [row[0] for row in answer.rows] == [1, 2, 3, 4] and "there are more" in answer.notes[-1]
    whole = reading("SELECT id FROM stations", rows=6)
    assert "there are more" not in ExactQuery().present(whole, ReferenceEngine().read(opened, whole)).notes[-1]


@pytest.mark.parametrize("field", ["epsilon", "confidence", "bounds", "keys", "mode", "consistent"])
def test_u6_what_chooses_noise_is_refused(field: str, opened: OpenVersion) -> None:
    question = Question(
        {"sql": "SELECT id FROM stations", field: "1"},
        "r",
        "",
        "v",
        ENTRY,
        {},
        D(0),
        D(0),
        facts=public_facts(_version(Path())),
    )
    with pytest.raises(Problem, match=field):
        ExactQuery().compile(question)


def test_u6_another_question_has_another_key(opened: OpenVersion) -> None:
    one, two = reading("SELECT id FROM stations"), reading("SELECT id FROM stations WHERE lift")
    assert one.base_key() == reading("SELECT id FROM stations").base_key() != two.base_key()
    assert replace(one, notes=("other words",)).base_key() == one.base_key()
