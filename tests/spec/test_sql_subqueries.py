"""Subqueries mean what the flat question means: those of rows disappear, those of groups are post-processing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from query_examples import only, plan_of, refusal

from sandbox.privacy.rederive import loss
from sandbox.privacy.released import Released
from sandbox.products.query.kind import QueryProduct

GROUPED = "SELECT sex, COUNT(*) AS n, AVG(age) AS mean FROM persons GROUP BY sex"


@pytest.mark.parametrize(
    ("nested", "flat"),
    [
        ("SELECT COUNT(*) FROM (SELECT * FROM persons)", "SELECT COUNT(*) FROM persons"),
        (
            "SELECT COUNT(*) FROM (SELECT age AS a FROM persons WHERE insured) AS x WHERE x.a > 3",
            "SELECT COUNT(*) FROM persons WHERE age > 3 AND insured",
        ),
        (
            "WITH x AS (SELECT *, age * 2 AS d FROM persons), y AS (SELECT d + 1 AS e, pid AS who, sex FROM x q) "
            "SELECT sex, AVG(e), COUNT(DISTINCT who) FROM y GROUP BY sex",
            "SELECT sex, AVG(age * 2 + 1), COUNT(DISTINCT pid) FROM persons GROUP BY sex",
        ),
        (
            "SELECT AVG(b) FROM (SELECT CASE WHEN a > 3 THEN a END AS b FROM (SELECT age + 1 AS a FROM persons))",
            "SELECT AVG(CASE WHEN age + 1 > 3 THEN age + 1 END) FROM persons",
        ),
        (
            "WITH persons AS (SELECT age, sex FROM persons WHERE insured) SELECT COUNT(*) FROM persons WHERE age > 1",
            "SELECT COUNT(*) FROM persons WHERE insured AND age > 1",
        ),
        (GROUPED + " HAVING COUNT(*) > 3", GROUPED),
        (f"SELECT * FROM ({GROUPED}) WHERE n > 3 ORDER BY mean LIMIT 1", GROUPED),
        (f"WITH r AS ({GROUPED}) SELECT sex AS s, n FROM r", "SELECT sex, COUNT(*) FROM persons GROUP BY sex"),
        (
            f"SELECT 2 * m AS n FROM (SELECT mean + 1 AS m FROM ({GROUPED}))",
            "SELECT AVG(age) FROM persons GROUP BY sex",
        ),
    ],
)
def test_nested_is_flat(nested: str, flat: str) -> None:
    plan = plan_of(nested)
    assert plan.base_key() == plan_of(flat).base_key()
    assert loss(plan) == (plan.rho, plan.delta)


@pytest.mark.parametrize(
    ("sql", "names", "rows"),
    [
        ("SELECT * FROM {} q WHERE q.n > 3", ["sex", "n", "mean"], [("f", 9, Decimal("50.0000"))]),
        ("SELECT n * 2 AS n, sex FROM {} ORDER BY n DESC", ["n", "sex"], [(18, "f"), (4, "m")]),
        ("SELECT sex FROM {} ORDER BY n LIMIT 1", ["sex"], [("m",)]),
        ("SELECT sex, n, n + 1 AS sex_2, sex FROM {} WHERE mean < 60 AND n < 5", ["sex", "n", "sex_2", "sex_3"], None),
        ("SELECT *, -n AS n FROM {} WHERE sex = 'm'", ["sex", "n_2", "mean", "n"], [("m", 2, Decimal("49.5000"), -2)]),
        ("SELECT sex, n FROM (SELECT * FROM {} WHERE n > 3) WHERE n < 100", ["sex", "n"], [("f", 9)]),
        ("SELECT up FROM (SELECT n + 1 AS up, sex FROM {}) ORDER BY up", ["up"], [(3,), (10,)]),
    ],
)
def test_outer_select_works_on_released_groups(
    sql: str, names: list[str], rows: list[tuple[object, ...]] | None
) -> None:
    plan = plan_of(sql.format(f"({GROUPED})"))
    values = [{"rows": 9, "values": 9, "sum": 0}, {"rows": 2, "values": 2, "sum": -1}]
    base = [tuple(one[m.what] for m in only(plan).measurements) for one in values]
    answer = QueryProduct().present(plan, [Released([("f",), ("m",)], base)], [base])
    assert [column.name for column in answer.columns] == names
    assert rows is None or answer.rows == tuple(rows)
    assert all((column.error_95 is None) == (column.role == "key") for column in answer.columns)


def test_a_subquery_that_doubles_at_each_level_is_refused() -> None:
    def chain(step: str, levels: int) -> str:
        names = ", ".join(f"x{i + 1} AS (SELECT {step} AS a FROM x{i})" for i in range(levels))
        return f"WITH x0 AS (SELECT age AS a FROM persons), {names} SELECT COUNT(*) FROM x{levels} WHERE a > 1"

    assert plan_of(chain("a + 1", 50))
    assert "repeats its parts" in refusal(chain("CASE WHEN a > 1 THEN a ELSE 2 END", 30)).detail
    assert "stands for too much" in refusal(chain("a + 1", 300)).detail
    filters = ", ".join(f"x{i + 1} AS (SELECT * FROM x{i} WHERE a <> {i})" for i in range(600))
    assert refusal(f"WITH x0 AS (SELECT age AS a FROM persons), {filters} SELECT COUNT(*) FROM x600")
