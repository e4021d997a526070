"""Random subqueries: the flat plan counts what DuckDB counts for the nested text, and what an outer SELECT does to
released groups is what DuckDB does to a table of them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from query_examples import plan_of
from test_sql_text import ROWS, conditions

from sandbox.engines.base import OpenVersion
from sandbox.engines.reference import ReferenceEngine
from sandbox.privacy.released import Released
from sandbox.products.query.kind import QueryProduct

PEOPLE = [{**row, "__unit": place, "__h": place, "__ord": 0} for place, row in enumerate(ROWS)]
RENAMED = (
    "sex, age + 1 AS up, wage AS age, code AS wage, insured, born, CASE WHEN insured THEN age ELSE wage END AS mixed"
)
GROUPED = "SELECT sex, COUNT(*) AS n, SUM(wage) AS total FROM persons GROUP BY sex"
RELEASED = [(("f",), 9, 120_050), (("m",), -2, 7), ((None,), 4, -500)]


@pytest.fixture(scope="module")
def tables() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    kinds = "sex VARCHAR, age BIGINT, wage DECIMAL(10, 2), code BIGINT, insured BOOLEAN, born DATE"
    connection.execute(f"CREATE TABLE persons ({kinds})")
    connection.executemany("INSERT INTO persons VALUES (?, ?, ?, ?, ?, ?)", [list(row.values()) for row in ROWS])
    connection.execute("CREATE TABLE released (sex VARCHAR, n BIGINT, total DECIMAL(38, 2))")
    shown = [[sex, max(n, 0), Decimal(total).scaleb(-2)] for (sex,), n, total in RELEASED[:2]]
    connection.executemany("INSERT INTO released VALUES (?, ?, ?)", shown)
    yield connection
    connection.close()


@given(conditions(), st.sampled_from(["up > 30", "age < up", "wage IS NULL", "mixed BETWEEN 1 AND up", "NOT insured"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_subqueries_of_rows(tables: duckdb.DuckDBPyConnection, inside: str, outside: str) -> None:
    sql = (
        f"WITH x AS (SELECT * FROM persons WHERE {inside}), y AS (SELECT {RENAMED} FROM x AS x) "
        f"SELECT COUNT(*), SUM(mixed - up), COUNT(wage) FROM (SELECT * FROM y) AS z WHERE {outside}"
    )
    [expected] = tables.execute(sql).fetchall()
    plan = plan_of(sql)
    engine = ReferenceEngine({"persons": PEOPLE})
    [found] = engine.run(OpenVersion("v", None, b""), plan)[0].values  # type: ignore[arg-type]
    by_place = [found[output.source[0]] for output in plan.outputs[0]]
    assert by_place[0] == expected[0] and by_place[2] == expected[2]
    assert Decimal(by_place[1]).scaleb(-2) == (expected[1] or 0)


@given(
    st.lists(
        st.sampled_from(["sex", "n", "total", "n * 2 AS n2", "total - n AS sex2", "sex AS s"]), min_size=1, unique=True
    ),
    st.sampled_from(["TRUE", "n > 3", "total < 100", "sex = 'f' OR n = 0", "n * 100 >= total", "sex IN ('m', 'x')"]),
    st.sampled_from(["n", "total DESC", "sex DESC", "n - total", "1, sex"]),
    st.sampled_from(["", "LIMIT 1", "LIMIT 5 OFFSET 1"]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_outer_selects(tables: duckdb.DuckDBPyConnection, shown: list[str], where: str, order: str, most: str) -> None:
    sql = f"SELECT {', '.join(shown)} FROM {{}} AS r WHERE {where} ORDER BY {order} {most}"
    plan = plan_of(sql.format(f"({GROUPED})"))
    groups = [group for group, _, _ in RELEASED[:2]]
    base = [
        tuple(n if m.what == "rows" else total - m.centre * n for m in plan.blocks[0].measurements)
        for _, n, total in RELEASED[:2]
    ]
    answer = QueryProduct().present(plan, [Released(groups, base)], [base])
    assert list(answer.rows) == tables.execute(sql.format("released")).fetchall()
