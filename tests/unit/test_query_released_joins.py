"""Released groups meet by equal columns, or by anything where declared values say that there are few pairs."""

from __future__ import annotations

import pytest
from query_examples import plan_of, refusal

from sandbox.privacy.released import Released
from sandbox.products.query.kind import QueryProduct

DECLARED = "(SELECT sex, COUNT(*) AS {n} FROM persons GROUP BY sex) AS {a}"
PRIVATE = "(SELECT age, COUNT(*) AS {n} FROM persons GROUP BY age) AS {a}"


def two(part: str, on: str) -> str:
    key = "sex" if part is DECLARED else "age"
    return (
        f"SELECT a.{key}, b.{key} AS other, n, m FROM {part.format(n='n', a='a')} JOIN {part.format(n='m', a='b')} {on}"
    )


def test_any_condition_joins_groups_of_declared_values() -> None:
    plan = plan_of(two(DECLARED, "ON n <= m"))
    base = [Released([("f",), ("m",)], [(105,), (101,)])]  # one measure, though it is named twice
    answer = QueryProduct().present(plan, base, [one.values for one in base])
    assert {row[:2] for row in answer.rows} == {("f", "f"), ("m", "f"), ("m", "m")}


def test_private_groups_need_an_equality_which_may_have_company() -> None:
    said = refusal(two(PRIVATE, "ON n < m")).detail
    assert "ON a.key = b.key" in said and "LIMIT below 100" in said and "1,000,000 pairs" in said
    assert plan_of(two(PRIVATE, "ON a.age = b.age AND n < m")).blocks


@pytest.mark.parametrize("limit", [99, 5])
def test_a_short_list_may_meet_everybody(limit: int) -> None:
    few = "(SELECT age, COUNT(*) AS m FROM persons GROUP BY age ORDER BY m LIMIT {limit}) AS b"
    sql = f"SELECT a.age, n, m FROM {PRIVATE.format(n='n', a='a')} JOIN {few.format(limit=limit)} ON a.age < b.age"
    assert plan_of(sql).blocks
