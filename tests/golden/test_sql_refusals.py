"""Every refusal is a promise: its code and its sentence. Named attacks say what answering them would reveal."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from query_examples import plan_of, refusal

from sandbox.errors import Problem
from sandbox.plan.block import Block
from sandbox.plan.evaluate import evaluate
from sandbox.plan.relation import Filter
from sandbox.plan.scalar import Value
from sandbox.plan.walk import expressions, walk

GOLDEN = Path(__file__).with_name("sql_refusals.txt")


def golden() -> list[tuple[str, str]]:
    """The pairs of the file: a line of SQL, then an indented line with code and sentence."""
    lines = [line for line in GOLDEN.read_text().splitlines() if not line.startswith("#")]
    return [(sql, said.strip()) for sql, said in pairwise(lines) if said.startswith("  ") and sql[:2] != "  "]


def measured(sql: str) -> Block:
    [block] = plan_of(sql).blocks
    return block


def test_the_file_is_read() -> None:
    assert len(golden()) > 120


@pytest.mark.parametrize(("sql", "said"), golden())
def test_refusal(sql: str, said: str) -> None:
    problem = refusal(sql)
    assert f"{problem.code}: {problem.detail}" == said


def test_attack_grouping_by_person_shows_rows() -> None:
    assert refusal("SELECT pid, SUM(income) FROM persons GROUP BY pid").code == "sql_not_allowed"
    assert refusal("SELECT SUM(income) FROM persons GROUP BY pid").code == "sql_not_allowed"
    assert (
        refusal("SELECT SUM(income) FROM persons GROUP BY CASE WHEN pid = 1 THEN 1 ELSE 0 END").code
        == "sql_not_allowed"
    )


def test_attack_a_row_that_makes_the_query_fail_tells_that_it_exists() -> None:
    """What could fail is refused, or gives NULL: whatever the row, there is a value."""
    assert refusal("SELECT COUNT(*) FROM persons WHERE income * income * income * income > 0").code == "sql_not_allowed"
    rows: list[dict[str, Value]] = [
        {"age": 50, "town": "x", "wage": Decimal(-1)},
        dict.fromkeys(("age", "town", "wage")),
    ]
    for condition in (
        "1 / (age - 50) > 0",
        "age % (age - 50) > 0",
        "CAST(town AS INTEGER) > 0",
        "SQRT(wage) > 0",
        "LN(wage) > 0",
        "MAKE_DATE(age, age, age) > '2000-01-01'",
    ):
        [block] = plan_of(f"SELECT COUNT(*) FROM persons WHERE {condition}").blocks
        [node] = [expr for relation in walk(block.rows) for expr in expressions(relation)]
        assert [evaluate(node, row) for row in rows] == [None, None], condition


def test_attack_having_and_limit_never_reach_the_engine() -> None:
    asked = plan_of("SELECT town, COUNT(*) AS n FROM persons GROUP BY town HAVING n > 5 ORDER BY n LIMIT 1")
    assert not any(isinstance(node, Filter) for block in asked.blocks for node in walk(block.rows))
    assert asked.base_key() == plan_of("SELECT town, COUNT(*) FROM persons GROUP BY town").base_key()


def test_attack_rows_of_a_unit_without_bound_on_groups() -> None:
    """Only K bounds the rows: one unit can put all K rows into one group, so Δ2 is K, not √K."""
    [count] = measured("SELECT ward, COUNT(*) FROM visits GROUP BY ward").measurements
    assert count.square == 20**2


def test_attack_count_of_a_nullable_column_is_not_the_count_of_rows() -> None:
    kinds = {m.what for m in measured("SELECT COUNT(*), COUNT(income) FROM persons").measurements}
    assert kinds == {"rows", "values"}


def test_attack_keys_of_private_domains_need_a_threshold() -> None:
    for key in ("town", "age", "income", "code", "COALESCE(town, 'x')", "sex, town", "CASE WHEN age > 5 THEN town END"):
        assert measured(f"SELECT COUNT(*) FROM persons GROUP BY {key}").threshold is not None


def test_attack_changing_the_letters_of_a_quoted_name() -> None:
    assert refusal('SELECT COUNT(*) FROM "PERSONS"').code == "sql_not_allowed"
    assert plan_of('SELECT COUNT("Order") FROM "persons"')


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "(" * 5000 + "COUNT(*)" + ")" * 5000 + " FROM persons",
        "SELECT COUNT(*) FROM persons WHERE " + "NOT " * 5000 + "insured",
        "SELECT COUNT(*) FROM persons WHERE " + "-" + " -" * 3000 + "age > 1",
        "SELECT SUM(age" + " + age" * 5000 + ") FROM persons",
        "SELECT " + "CASE WHEN insured THEN 1 ELSE " * 300 + "1" + " END" * 300 + " FROM persons",
        "SELECT COUNT(*) FROM persons WHERE age IN (" + ", ".join(["1"] * 20_000) + ")",
        "SELECT COUNT(*) FROM persons WHERE town = '" + "x" * 100_001 + "'",
        "SELECT COUNT(*) FROM persons WHERE age > 1" + "0" * 5000,
    ],
)
def test_attack_text_that_is_too_long_or_too_deep(sql: str) -> None:
    assert refusal(sql).code in ("sql_not_allowed", "sql_syntax")


@pytest.mark.parametrize("of", ["t", "(SELECT DISTINCT ON (sex) sex FROM persons) t"])
@pytest.mark.parametrize("conditions", ["", " USING (sex)" * 40])
def test_attack_reading_joins_twice_for_each_that_has_no_condition(of: str, conditions: str) -> None:
    said = refusal(f"SELECT COUNT(*) FROM persons{f' JOIN {of}' * 40}{conditions}")
    assert "ON after each JOIN" in said.detail


@pytest.mark.parametrize(
    "sql", ["SELECT \x1b.x FROM persons", 'SELECT COUNT("\x1b[2J") FROM persons', "SELECT \x1b(1) FROM persons"]
)
def test_attack_moving_the_terminal_that_shows_a_refusal(sql: str) -> None:
    assert refusal(sql).detail.isprintable()


def test_long_chains_are_not_deep() -> None:
    towns = " OR ".join(f"town = '{number}'" for number in range(1000))
    assert plan_of(f"SELECT COUNT(*) FROM persons WHERE {towns}")


def test_no_refusal_shows_the_parser_or_a_table_of_another() -> None:
    for sql, said in golden():
        assert "sqlglot" not in said and "Expected" not in said and "\x1b" not in said, sql


def test_a_problem_is_all_that_is_raised() -> None:
    with pytest.raises(Problem):
        plan_of("SELECT COUNT(*) FROM persons WHERE town = '\ud800'")
