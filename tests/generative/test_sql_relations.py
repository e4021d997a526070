"""Random questions over joins, subqueries, groups, windows and unions: both engines give what plain DuckDB does for the
same text, and no unit weighs more than the plan says."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from versions import DuckDBEngine, ReferenceEngine, write_version

sys.path.insert(0, str(Path(__file__).parent.parent / "spec"))
from language.town import ENTRY, FACTS, ROWS, TYPES
from test_sql_language import compiled

from sandbox.engines.base import OpenVersion
from sandbox.engines.relations import rows_of
from sandbox.engines.width import fits
from sandbox.errors import Problem
from sandbox.plan.plan import Plan
from sandbox.privacy.rederive import loss
from sandbox.products.query.kind import QueryProduct
from sandbox.sql.fanout import Declared, as_claimed

BASES = (
    "(SELECT pid, age AS n, town AS t FROM persons)",
    "(SELECT pid, age AS n, sex AS t FROM persons WHERE age > 25)",
    "(SELECT pid, cost AS n, dept AS t FROM visits)",
    "(SELECT pid, EXTRACT(MONTH FROM day) AS n, dept AS t FROM visits WHERE cost < 50)",
    "(SELECT v.pid, price AS n, drug AS t FROM items i JOIN visits v ON i.visit_id = v.visit_id)",
)
NUMBERS = ("1", "5", "20", "41")
TEXTS = ("'eye'", "'skin'", "'north'", "'f'")
NOT_SKIN = "dept <> 'skin'"
TOPS = (
    "SELECT COUNT(*), COUNT(n), SUM(n), COUNT(DISTINCT pid), COUNT(t) FROM {}",
    "SELECT COALESCE(t, 'none') || '!', COUNT(*), COUNT(n), COUNT(DISTINCT pid) FROM {} GROUP BY 1",
    "SELECT COUNT(*), SUM(k), MAX(k), MIN(x) FROM (SELECT COALESCE(t, 'none') || '!' AS x, COUNT(n) AS k FROM {} "
    "GROUP BY 1)",
    "SELECT COALESCE(t, 'none') || '!' AS x, COUNT(*) FROM {} GROUP BY 1 HAVING COUNT(n) > 1 ORDER BY 2, 1 LIMIT 3",
    "SELECT COUNT(*) FROM {} WHERE t IS NULL",
    "WITH g AS (SELECT t, COUNT(*) AS k FROM {} GROUP BY t) SELECT g.t, k, r.rate FROM g LEFT JOIN rates r ON "
    "r.dept = g.t AND r.rate <= g.k",
    "WITH g AS (SELECT t, COUNT(*) AS k FROM {} GROUP BY t) SELECT p.town, SUM(k) OVER (ORDER BY p.town ROWS 1 "
    "PRECEDING) FROM places p LEFT JOIN g ON g.t = p.town",
    "SELECT t, COUNT(*) FROM {} GROUP BY t EXCEPT SELECT dept, rate FROM rates",
    "SELECT t FROM {} GROUP BY t INTERSECT SELECT dept FROM rates",
)


class Writer:
    """Writes subqueries that give rows of units with the columns pid, n (a number) and t (a text)."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def question(self) -> str:
        """Give a whole question."""
        return self._one_of(*TOPS).format(self.rows(self._random.randint(0, 3)) + " z")

    def rows(self, depth: int) -> str:
        """Give a subquery of so many levels at most."""
        if not depth:
            return self._one_of(*BASES)
        return self._two(depth - 1) if self._random.random() < 0.45 else self._of_one(depth - 1)

    def _of_one(self, depth: int) -> str:
        pick, below = self._one_of, self.rows(depth)
        return pick(
            f"(SELECT * FROM {below} a WHERE {self._condition('a')})",
            f"(SELECT pid, n + 1 AS n, t FROM {below} a)",
            f"(SELECT pid, CASE WHEN {self._condition('a')} THEN n END AS n, COALESCE(t, 'x') AS t FROM {below} a)",
            f"(SELECT pid, 1 AS n, t FROM {below} a)",
            f"(SELECT DISTINCT pid, n, t FROM {below} a)",
            f"(SELECT pid, COUNT(*) AS n, MIN(t) AS t FROM {below} a GROUP BY pid)",
            f"(SELECT pid, SUM(n) AS n, t FROM {below} a GROUP BY pid, t HAVING COUNT(*) > {pick('0', '1', '2')})",
            f"(SELECT pid, COUNT(DISTINCT n) AS n, MAX(t) AS t FROM {below} a WHERE {self._condition('a')} "
            "GROUP BY pid)",
            f"(SELECT pid, {pick('RANK()', 'DENSE_RANK()', 'SUM(n)', 'COUNT(n)', 'MAX(n)')} OVER (PARTITION BY "
            f"pid{pick('', ', t')} ORDER BY n{pick('', ' DESC', ' NULLS FIRST', ', t')}) AS n, t FROM {below} a)",
            f"(SELECT pid, {pick('SUM(n)', 'COUNT(n)', 'MAX(n)', 'LAST_VALUE(n)')} OVER (PARTITION BY pid ORDER BY n, "
            f"t ROWS BETWEEN {pick('1 PRECEDING', 'UNBOUNDED PRECEDING', 'CURRENT ROW')} AND "
            f"{pick('1 FOLLOWING', 'UNBOUNDED FOLLOWING', 'CURRENT ROW')}) AS n, t FROM {below} a)",
            f"(SELECT * FROM {below} a QUALIFY RANK() OVER (PARTITION BY pid ORDER BY n DESC) = 1)",
            f"(SELECT a.pid, q.size AS n, q.region AS t FROM {below} a {pick('', 'LEFT')} JOIN places q "
            "ON q.town = a.t)",
            f"(SELECT a.pid, a.n, r.dept AS t FROM rates r {pick('', 'RIGHT')} JOIN {below} a ON r.dept = a.t AND "
            f"{pick('r.rate > 1', 'a.n > 4', 'r.rate < a.n')})",
            f"(SELECT * FROM {below} a WHERE a.t {pick('', 'NOT')} IN (SELECT dept FROM rates WHERE "
            f"{pick('rate > 1', 'rate < 3', NOT_SKIN)}))",
        )

    def _two(self, depth: int) -> str:
        pick, left, right = self._one_of, self.rows(depth), self.rows(self._random.randint(0, depth))
        columns = pick("COALESCE(a.n, b.n) AS n, b.t AS t", "b.n AS n, a.t AS t", "a.n AS n, COALESCE(a.t, b.t) AS t")
        on = self._condition("a", "b")
        return pick(
            f"(SELECT pid, {columns} FROM {left} a {pick('', 'LEFT', 'FULL', 'RIGHT')} JOIN {right} b USING (pid))",
            f"(SELECT a.pid, {columns} FROM {left} a {pick('', 'LEFT')} JOIN {right} b ON a.pid = b.pid AND {on})",
            f"(SELECT a.pid, {columns} FROM {left} a, {right} b WHERE b.pid = a.pid AND {on})",
            f"(SELECT pid, n, t FROM {left} a UNION {pick('', 'ALL')} SELECT pid, n, t FROM {right} b)",
            f"(SELECT pid, n, t FROM {left} a {pick('INTERSECT', 'EXCEPT')} {pick('', 'ALL')} SELECT pid, n, t FROM "
            f"{right} b)",
            f"(SELECT * FROM {left} a WHERE {pick('', 'NOT')} EXISTS (SELECT 1 FROM {right} b WHERE a.pid = b.pid AND "
            f"{on}))",
            f"(SELECT * FROM {left} a WHERE pid {pick('', 'NOT')} IN (SELECT pid FROM {right} b) AND "
            f"{self._condition('a')})",
            f"(SELECT * FROM {left} a WHERE a.n {pick('', 'NOT')} IN (SELECT b.n FROM {right} b WHERE b.pid = a.pid "
            f"AND {self._condition('b')}))",
        )

    def _condition(self, *names: str) -> str:
        pick = self._one_of
        number, text = f"{pick(*names)}.n", f"{pick(*names)}.t"
        simple = pick(
            f"{number} {pick('>', '<=', '=')} {pick(*NUMBERS)}",
            f"{text} {pick('=', '<>')} {pick(*TEXTS)}",
            f"{pick(number, text)} IS {pick('', 'NOT ')}NULL",
            f"{number} {pick('<', '>=', '=')} {pick(*names)}.n",
            f"{text} = {pick(*names)}.t",
        )
        if self._random.random() < 0.7:
            return simple
        return pick(
            f"({simple} AND {self._condition(*names)})", f"({simple} OR {self._condition(*names)})", f"(NOT {simple})"
        )

    def _one_of(self, *texts: str) -> str:
        return self._random.choice(texts)


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    path: Path = tmp_path_factory.mktemp("version") / "town.db"
    return write_version(
        path, {name: ([{"__unit": None, **row} for row in rows], TYPES[name]) for name, rows in ROWS.items()}
    )


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    found = DuckDBEngine()
    yield found
    found.close()


@pytest.fixture(scope="module")
def plain() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for name, rows in ROWS.items():
            connection.execute(
                f"CREATE TABLE {name} ({', '.join(f'{one} {kind}' for one, kind in TYPES[name].items())})"
            )
            marks = ", ".join("?" for _ in TYPES[name])
            connection.executemany(
                f"INSERT INTO {name} VALUES ({marks})", [[row[one] for one in TYPES[name]] for row in rows]
            )
        yield connection


@given(seed=st.integers(0, 10**9))
@settings(
    max_examples=100,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_random_questions_mean_what_duckdb_says(
    plain: duckdb.DuckDBPyConnection, engine: DuckDBEngine, version: OpenVersion, seed: int
) -> None:
    sql = Writer(seed).question()
    note(sql)
    try:
        plan = compiled(sql)
    except Problem as problem:
        assert any(words in problem.detail for words in ("could have", "merged", "more digits")), problem.detail
        return
    if not fits(plan):
        return
    assert loss(plan) == (plan.rho, plan.delta)
    for block in plan.blocks:
        counted = Counter(row.unit for row in rows_of(block.rows, ROWS))
        assert max(counted.values(), default=0) <= block.rows.rows
        assert as_claimed(block.rows, Declared(ENTRY, FACTS))
    expected = plain.execute(sql).fetchall()
    assert _answer(ReferenceEngine(ROWS), version, plan) == _rows(expected)
    assert _answer(engine, version, plan) == _rows(expected)


def _answer(engine: Any, version: OpenVersion, plan: Plan) -> list[tuple[Any, ...]]:
    exact = engine.run(version, plan)
    return _rows(QueryProduct().present(plan, exact, [found.values for found in exact]).rows)


def _rows(rows: Any) -> list[tuple[Any, ...]]:
    """Rows in one order; a sum of nothing is 0 here."""
    return sorted((tuple(0 if value is None else value for value in row) for row in rows), key=str)
