"""Spellings of PostgreSQL and of the standard say what another spelling says; what one text means in two dialects is
read as the asker says."""

from __future__ import annotations

from time import process_time

import pytest
from query_examples import plan_of, refusal
from test_sql_language import CASES, compiled

from sandbox.errors import Problem
from sandbox.plan.plan import Plan
from sandbox.plan.relation import Sort

FROM = "FROM visits WHERE"


def asked(sql: str, dialect: str) -> Plan:
    return plan_of(sql, dialect=dialect)


@pytest.mark.parametrize("dialect", ["duckdb", "postgresql", "ansi"])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"SELECT COUNT(*) {FROM} cost::INTEGER > 5", f"SELECT COUNT(*) {FROM} CAST(cost AS BIGINT) > 5"),
        (f"SELECT COUNT(*) {FROM} (dept, cost) = ('eye', 7)", f"SELECT COUNT(*) {FROM} dept = 'eye' AND cost = 7"),
        (
            f"SELECT COUNT(*) {FROM} (dept, cost) IN (('eye', 7), ('skin', 20))",
            f"SELECT COUNT(*) {FROM} (dept = 'eye' AND cost = 7) OR (dept = 'skin' AND cost = 20)",
        ),
        (
            f"SELECT COUNT(*) {FROM} ROW(dept, cost) <> ROW('eye', 7)",
            f"SELECT COUNT(*) {FROM} NOT (dept = 'eye' AND cost = 7)",
        ),
        (f"SELECT COUNT(*) {FROM} dept = ANY (ARRAY['a', 'b'])", f"SELECT COUNT(*) {FROM} dept IN ('a', 'b')"),
        (f"SELECT COUNT(*) {FROM} dept <> ALL (ARRAY['eye'])", f"SELECT COUNT(*) {FROM} dept NOT IN ('eye')"),
        (f"SELECT COUNT(*) {FROM} dept NOTNULL", f"SELECT COUNT(*) {FROM} dept IS NOT NULL"),
        (f"SELECT COUNT(*) {FROM} dept ILIKE 'E%' ESCAPE '!'", f"SELECT COUNT(*) {FROM} dept ILIKE 'E%'"),
        (f"SELECT COUNT(*) {FROM} dept ~~ 'e%'", f"SELECT COUNT(*) {FROM} dept LIKE 'e%'"),
        (f"SELECT COUNT(*) {FROM} POSITION('k' IN dept) > 0", f"SELECT COUNT(*) {FROM} STRPOS(dept, 'k') > 0"),
        (
            f"SELECT COUNT(*) {FROM} OVERLAY(dept PLACING 'xx' FROM 2 FOR 1) = 'exxe'",
            f"SELECT COUNT(*) {FROM} LEFT(dept, 1) || 'xx' || SUBSTRING(dept FROM 3) = 'exxe'",
        ),
        (
            f"SELECT COUNT(*) {FROM} day < TO_DATE('2023-02-01', 'YYYY-MM-DD')",
            f"SELECT COUNT(*) {FROM} day < DATE '2023-02-01'",
        ),
        (
            f"SELECT COUNT(*) {FROM} day + INTERVAL '1 year 2 mons, 3 weeks -1 day' > DATE '2024-06-01'",
            f"SELECT COUNT(*) {FROM} day + INTERVAL '14' MONTH + INTERVAL '20' DAY > DATE '2024-06-01'",
        ),
        (
            f"SELECT COUNT(*) {FROM} day - INTERVAL '3 months' > DATE '2023-01-01'",
            f"SELECT COUNT(*) {FROM} day - INTERVAL 3 MONTH > DATE '2023-01-01'",
        ),
        (f"SELECT COUNT(*) {FROM} EXTRACT(MONTH FROM day) = 3", f"SELECT COUNT(*) {FROM} MONTH(day) = 3"),
        (f"SELECT COUNT(*) {FROM} SUBSTRING(dept FROM 1 FOR 2) = 'e'", f"SELECT COUNT(*) {FROM} LEFT(dept, 2) = 'e'"),
        ('SELECT "dept", COUNT(*) FROM "visits" GROUP BY "dept"', "SELECT dept, COUNT(*) FROM visits GROUP BY dept"),
        (
            "SELECT PERCENTILE_CONT(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY cost) FROM visits",
            "SELECT QUANTILE_CONT(cost, 0.1), QUANTILE_CONT(cost, 0.9) FROM visits",
        ),
        ("SELECT APPROX_QUANTILES(cost, 4) FROM visits", "SELECT QUANTILE(cost, [0, 0.25, 0.5, 0.75, 1]) FROM visits"),
        (
            "SELECT COUNT(*) FILTER (WHERE dept = 'eye'), COUNT(*) FROM visits FETCH FIRST ROW ONLY",
            "SELECT COUNT_IF(dept = 'eye'), COUNT(*) FROM visits LIMIT 1",
        ),
    ],
)  # fmt: skip
def test_two_spellings_are_one(one: str, other: str, dialect: str) -> None:
    assert asked(one, dialect).base_key() == asked(other, "duckdb").base_key()


def test_whole_numbers_are_divided_as_the_dialect_says() -> None:
    text = "SELECT COUNT(*) FROM persons WHERE age / 20 = 2"
    whole = asked("SELECT COUNT(*) FROM persons WHERE age // 20 = 2", "duckdb").base_key()
    assert asked(text, "postgresql").base_key() == asked(text, "ansi").base_key() == whole
    assert asked(text, "duckdb").base_key() != whole
    decimal = "SELECT COUNT(*) FROM persons WHERE wage / 20 = 2"
    assert asked(decimal, "postgresql").base_key() == asked(decimal, "duckdb").base_key()


def test_null_stands_in_an_order_where_the_dialect_says() -> None:
    for dialect, descending, first in (
        ("duckdb", " DESC", False), ("duckdb", "", False), ("postgresql", " DESC", True), ("ansi", "", False),
        ("ansi", " DESC NULLS LAST", False),
    ):  # fmt: skip
        post = asked(f"SELECT dept, COUNT(*) FROM visits GROUP BY dept ORDER BY 1{descending}", dialect).post
        [sort] = [node for node in (post, getattr(post, "source", post)) if isinstance(node, Sort)]
        assert sort.order[0].nulls_first is first


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_every_example_is_one_in_other_dialects_too(case) -> None:  # type: ignore[no-untyped-def]
    read = compiled(case.sql, dialect="postgresql")
    assert [column.name for column in read.post.columns] == [column.name for column in compiled(case.sql).post.columns]


def test_a_dialect_that_nobody_knows() -> None:
    with pytest.raises(Problem) as found:
        asked("SELECT COUNT(*) FROM persons", "mysql")
    assert found.value.code == "field_invalid" and "duckdb, postgresql, ansi" in found.value.detail


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (f"SELECT COUNT(*) {FROM} (dept, cost) = (1, 2, 3)", "write as many on each side"),
        (f"SELECT COUNT(*) {FROM} day + INTERVAL '1 year and 2 months' > DATE '2024-06-01'", "INTERVAL 3 DAY"),
        (f"SELECT COUNT(*) {FROM} OVERLAY(dept PLACING 'x' FROM cost) = 'x'", "whole numbers from 1"),
        ("SELECT dept, COUNT(*) FROM visits GROUP BY dept FETCH FIRST 2 ROWS WITH TIES", "ROWS ONLY"),
        (f"SELECT COUNT(*) {FROM} day > TO_DATE('1 May', 'DD Mon')", "write TO_DATE(x, 'YYYY-MM-DD')"),
        (f"SELECT COUNT(*) {FROM} dept LIKE 'e!%' ESCAPE '!'", "no ESCAPE"),
        (f"SELECT COUNT(*) {FROM} day > LOCALTIMESTAMP", "no times of day"),
        ("SELECT 1 + QUANTILE_CONT(cost, [0.1, 0.5]) FROM visits", "stands in SELECT by itself"),
        ("SELECT QUANTILE_CONT(cost, []) FROM visits", "1 to 32 ranks"),
        ("SELECT QUANTILE_CONT(cost, ['a', NULL]) FROM visits", "write them out"),
        ("SELECT QUANTILE_CONT(cost, [0.5, 2]) FROM visits", "between 0 and 1"),
        ("SELECT QUANTILE_CONT(cost, [0.5])[2] FROM visits", "write the place of one"),
        ("SELECT QUANTILE_CONT(cost, [0.5])[0:1] FROM visits", "write the place of one"),
        ("SELECT dept[1] FROM visits", "Lists are not built"),
    ],
)  # fmt: skip
def test_what_is_written_otherwise_is_refused_with_what_to_write(sql: str, words: str) -> None:
    assert words in refusal(sql).detail


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT COUNT(*) FROM visits WHERE day" + " + INTERVAL '1 year 2 months'" * 2500 + " > DATE '2024-01-01'",
        "SELECT COUNT(*) FROM visits WHERE (dept, " + "cost + " * 60 + "1) IN (" + ", ".join(["('a', 1)"] * 900) + ")",
        f"SELECT COUNT(*) FROM visits WHERE {'OVERLAY(' * 25}dept{chr(32) + 'PLACING chr FROM 1 FOR 1)' * 25} = 'a'",
        f"SELECT {'NTILE(2) OVER (ORDER BY ' * 9}dept{')' * 9} FROM visits GROUP BY dept",
        f"SELECT QUANTILE_CONT({'cost + ' * 60}cost, [{', '.join(['0.5'] * 32)}]){', COUNT(*)' * 900} FROM visits",
        "SELECT COUNT(*) FROM persons JOIN visits USING (*)",
        "SELECT COUNT(*) FROM visits WHERE day > DATE(, )",
        "SELECT DISTINCT FROM (SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept)",
        "SELECT (SELECT COUNT(*) v WHERE v.pid = p.pid) FROM persons p",
    ],
)  # fmt: skip
def test_no_text_takes_long_or_falls_over(sql: str) -> None:
    """Found by changing words of the examples; a part that stands for itself several times made others of 2ⁿ."""
    started = process_time()
    refusal(sql)
    assert process_time() - started < 60  # a fraction of a second; 2ⁿ would never end


def test_a_list_of_ranks_is_columns_of_its_own() -> None:
    plan = plan_of(
        "SELECT QUANTILE_DISC(cost, [0.025, 0.5, 0.5]) AS q, MEDIAN(cost) AS m, dept FROM visits GROUP BY 3 ORDER BY 3"
    )
    assert [column.name for column in plan.post.columns] == ["q_2_5", "q_50", "m", "dept"]
    ranks = sorted(m.rank for m in plan.blocks[0].measurements if m.what == "quantile")
    assert ranks == [(1, 2), (1, 40)]  # the median is measured once
    assert plan.blocks[0].keys[0].name == "dept"


def test_one_of_a_list_of_ranks_is_that_rank() -> None:
    one = plan_of(
        "SELECT QUANTILE_CONT(cost, [0.1, 0.9])[2] - QUANTILE_CONT(cost, [0.1, 0.9])[1] AS spread FROM visits"
    )
    other = plan_of("SELECT QUANTILE_CONT(cost, 0.9) - QUANTILE_CONT(cost, 0.1) AS spread FROM visits")
    assert one == other
