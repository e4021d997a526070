"""`explain`: a plan in words, in both languages, from the plan alone."""

from __future__ import annotations

from datetime import date

import pytest
from query_examples import plan_of, refusal

from sandbox.products.query.explain import explain
from sandbox.products.query.words import KINDS, MECHANISMS, SAID

GROUPED = (
    "SELECT dept, COUNT(*) AS n, SUM(cost) AS paid, COUNT(DISTINCT pid) AS people FROM visits WHERE cost > 3 "
    "GROUP BY dept HAVING COUNT(*) > 4 ORDER BY n LIMIT 3"
)


def test_every_part_of_a_plan_is_said() -> None:
    plan = plan_of(GROUPED, bounds={"groups": 2, "rows_per_group": 3})
    said = "\n".join(explain(plan, "person", "en"))
    [block] = plan.blocks
    assert block.threshold is not None
    for part in (
        "Rows of visits are read; registration keeps at most 20 of one person.",
        "a condition on cost",
        f"to have {block.threshold.tau} or more different units (person)",
        "at most 2 groups with at most 3 rows",
        "n is a number of rows, with Gaussian noise: off by at most ",
        "paid is a sum of cost",
        "people is the number of different units (person)",
        "rows are filtered, rows are ordered or cut",
    ):
        assert part in said
    declared = "\n".join(explain(plan_of("SELECT sex, AVG(age) FROM persons GROUP BY sex"), "person", "en"))
    assert "Groups by sex: their values are declared" in declared
    assert "at no cost" not in declared


def test_both_languages_have_the_same_sentences() -> None:
    for table in (SAID, KINDS, MECHANISMS):
        assert table["en"].keys() == table["zh"].keys()
    plan = plan_of(GROUPED)
    english, chinese = (explain(plan, "person", language) for language in ("en", "zh"))
    assert len(english) == len(chinese)
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in said) for said in chinese)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_aliases_change_the_words_and_nothing_else(language: str) -> None:
    one, other = (plan_of(f"SELECT COUNT(*) AS {name} FROM persons") for name in ("a", "b"))
    assert one.base_key() == other.base_key()
    changed = [s for s, t in zip(explain(one, "p", language), explain(other, "p", language), strict=True) if s != t]
    assert len(changed) == 1


def test_today_is_part_of_the_plan() -> None:
    sql = "SELECT COUNT(*) FROM persons WHERE born < CURRENT_DATE - INTERVAL 18 YEAR"
    assert refusal(sql).code == "sql_not_allowed"
    keys = {plan_of(sql, today=date(2026, 11, day)).base_key() for day in (1, 2)}
    written = plan_of("SELECT COUNT(*) FROM persons WHERE born < DATE '2008-11-01'").base_key()
    assert len(keys) == 2 and written in keys
