"""Random text and random conditions: only problems are raised, and a plan's condition means what the text means."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from query_examples import plan_of

from sandbox.errors import Problem
from sandbox.plan.evaluate import evaluate
from sandbox.plan.relation import Filter
from sandbox.privacy.rederive import loss

ROWS: list[dict[str, Any]] = [
    {"sex": sex, "age": age, "wage": wage, "code": code, "insured": insured, "born": born}
    for sex, age, wage, code, insured, born in [
        ("f", 0, Decimal("-10.00"), None, True, date(1920, 5, 1)),
        ("m", 31, Decimal("0.00"), 7, False, date(1999, 12, 31)),
        (None, 30, Decimal("30.50"), -3, None, date(2000, 1, 1)),
        ("f", None, Decimal("990.50"), 2**62, True, date(2019, 12, 31)),
        ("f_x%", 100, Decimal("29.99"), 30, False, date(2000, 2, 29)),
    ]
]
TEXT = """
SELECT COUNT(*) SUM ( AVG ) FROM persons visits WHERE GROUP BY HAVING ORDER LIMIT sex age income wage pid town AND OR
NOT IN BETWEEN IS NULL LIKE CASE WHEN THEN ELSE END DISTINCT , . ; + - * / = <> < > 'f' 1 2.5 1e9 " ' -- /* */ [ ] { }
$1 ? :: AS n OVER UNION ALL WITH x JOIN ON USING DATE '2020-01-01' YEAR EXTRACT COALESCE TRUE read_csv random() \0 é
FILTER COUNT_IF STDDEV CORR
"""
WORDS = TEXT.split()


@given(st.one_of(st.text(max_size=80), st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join)))
@settings(max_examples=400, deadline=None)
def test_text_is_answered_or_refused(text: str) -> None:
    for sql in (
        text,
        "SELECT COUNT(*) FROM persons WHERE " + text,
        f"SELECT sex, COUNT(*), {text} FROM persons GROUP BY 1",
        f"SELECT COUNT(*) FROM (SELECT {text} FROM persons)",
        f"WITH x AS (SELECT sex, COUNT(*) AS n FROM persons GROUP BY 1) SELECT * FROM x WHERE {text}",
    ):
        try:
            plan = plan_of(sql)
        except Problem as problem:
            assert problem.detail.endswith(".") or problem.code == "epsilon_invalid"
            assert "\x1b" not in problem.detail
        else:
            assert loss(plan) == (plan.rho, plan.delta)
            assert plan.base_key()


def conditions() -> st.SearchStrategy[str]:
    number = st.sampled_from(
        ["age", "wage", "code", "30", "30.5", "-3", "0", "age + 1", "wage * 2", "age - wage", "NULL"]
    )
    bounded = st.sampled_from(
        ["age", "wage", "30", "30.55", "-2.5", "age * wage", "-age", "CASE WHEN insured THEN 1 END"]
    )
    compare = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
    literals = st.lists(st.sampled_from(["30", "30.5", "7", "-3", "NULL", "29.99"]), min_size=1, max_size=4).map(
        ", ".join
    )
    day = st.sampled_from(["born", "'2000-01-01'", "DATE '1999-12-31'"])
    text = st.sampled_from(["'f'", "sex", "NULL", "''", "COALESCE(sex, 'm')", "NULLIF(sex, 'f')"])
    simple = st.one_of(
        st.builds("code {} {}".format, compare, st.sampled_from(["30", "6.5", "-3.0"])),
        st.builds("{} {} {}".format, bounded, compare, bounded),
        st.builds("{} {} {}".format, day, compare, day).filter(lambda c: "born" in c),
        st.builds("sex {} {}".format, compare, text),
        st.builds("{} IN ({})".format, st.sampled_from(["age", "wage", "code"]), literals),
        st.builds("{} NOT IN ({})".format, st.sampled_from(["age", "wage"]), literals),
        st.builds("age BETWEEN {} AND {}".format, bounded, bounded),
        st.builds("{} IS {}NULL".format, number, st.sampled_from(["", "NOT "])),
        st.builds("insured IS {}{}".format, st.sampled_from(["", "NOT "]), st.sampled_from(["TRUE", "FALSE", "NULL"])),
        st.builds("sex {}LIKE '{}'".format, st.sampled_from(["", "NOT "]), st.text("fmx%_", max_size=4)),
        st.builds("{}(born) {} {}".format, st.sampled_from(["YEAR", "MONTH", "QUARTER", "DAY"]), compare, bounded),
        st.sampled_from(["insured", "TRUE", "FALSE", "EXTRACT(YEAR FROM born) = 2000"]),
    )
    return st.recursive(
        simple,
        lambda inner: st.one_of(
            st.builds("({} AND {})".format, inner, inner),
            st.builds("({} OR {})".format, inner, inner),
            st.builds("(NOT {})".format, inner),
            st.builds("CASE WHEN {} THEN {} ELSE {} END".format, inner, inner, inner),
            st.builds("(({}) IS NOT TRUE)".format, inner),
        ),
        max_leaves=6,
    )


@pytest.fixture(scope="module")
def table() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE persons (sex VARCHAR, age BIGINT, wage DECIMAL(10, 2), code BIGINT, insured BOOLEAN, born DATE)"
    )
    connection.executemany("INSERT INTO persons VALUES (?, ?, ?, ?, ?, ?)", [list(row.values()) for row in ROWS])
    yield connection
    connection.close()


@given(condition=conditions())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_condition_means_what_duckdb_says(table: duckdb.DuckDBPyConnection, condition: str) -> None:
    expected = [row[0] for row in table.execute(f"SELECT coalesce({condition}, FALSE) FROM persons").fetchall()]
    [block] = plan_of(f"SELECT COUNT(*) FROM persons WHERE {condition}").blocks
    rows = block.rows
    where = rows.condition if isinstance(rows, Filter) else None
    assert [where is None or evaluate(where, row) is True for row in ROWS] == expected
