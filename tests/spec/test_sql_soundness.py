"""No example of the language lets one unit weigh more than its plan says, two spellings of one question are one
question, and no text takes long or falls over."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from time import process_time
from typing import Any

import pytest
from language.case import Case
from language.town import ENTRY, FACTS, ROWS
from test_sql_language import CASES, compiled

from sandbox.engines.reference import measured
from sandbox.engines.relations import rows_of
from sandbox.errors import Problem
from sandbox.plan.block import Block
from sandbox.plan.relation import Join
from sandbox.plan.walk import walk
from sandbox.sql.fanout import Declared, as_claimed

KNOWN = Declared(ENTRY, FACTS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_unit_weighs_what_the_plan_says(case: Case) -> None:
    for block in compiled(case.sql).blocks:
        rows = Counter(row.unit for row in rows_of(block.rows, ROWS))
        assert max(rows.values(), default=0) <= block.rows.rows
        assert None not in rows
        assert as_claimed(block.rows, KNOWN)
        for unit in rows:
            assert not _too_far(block, unit)


def _too_far(block: Block, unit: Any) -> list[int]:
    """The measurements that change by more than their sensitivity when a unit's rows go, in every protected table."""
    without = {name: [row for row in rows if row.get("__unit", -1) != unit] for name, rows in ROWS.items()}
    here, there = measured(block, ROWS), measured(block, without)
    moved: dict[int, int] = defaultdict(int)
    for group in {*here.groups, *there.groups}:
        for place, measurement in enumerate(block.measurements):
            if measurement.what != "quantile":
                change = _value(here, group, place) - _value(there, group, place)
                moved[place] += change * change
    return [place for place, square in moved.items() if square > block.measurements[place].square]


def _value(exact: Any, group: tuple[Any, ...], place: int) -> int:
    found = [values[place] for one, values in zip(exact.groups, exact.values, strict=True) if one == group]
    return found[0] if found else 0


def test_a_claim_of_fewer_rows_is_seen() -> None:
    [block] = compiled("SELECT SUM(rate) FROM visits JOIN rates USING (dept)").blocks
    [join] = [node for node in walk(block.rows) if isinstance(node, Join)]
    assert join.fanout == 2
    assert block.rows.rows == 8
    assert as_claimed(block.rows, KNOWN)
    assert not as_claimed(Join(join.how, join.left, join.right, join.equal, join.condition, 1), KNOWN)
    assert not as_claimed(block.rows, Declared(ENTRY, {}))


PARAPHRASES = [
    [
        "SELECT COUNT(*) FROM persons p JOIN visits v ON p.pid = v.pid WHERE p.age > 50 AND v.dept = 'eye'",
        "SELECT COUNT(*) FROM persons a JOIN visits b ON b.pid = a.pid AND b.dept = 'eye' AND a.age > 50",
        "SELECT COUNT(*) FROM persons, visits WHERE dept = 'eye' AND visits.pid = persons.pid AND 50 < age",
        "SELECT COUNT(*) FROM (SELECT * FROM persons WHERE age > 50) x JOIN visits USING (pid) WHERE 'eye' = dept",
        "WITH v AS (SELECT pid AS who FROM visits WHERE dept = 'eye') SELECT COUNT(*) FROM persons "
        "JOIN v ON who = pid WHERE age > 50",
        "SELECT COUNT(*) FROM (SELECT age, dept FROM persons JOIN visits USING (pid)) t WHERE t.dept = 'eye' "
        "AND t.age > 50",
    ],
    [
        "SELECT COUNT(*) FROM visits a JOIN visits b ON a.pid = b.pid AND a.cost < b.cost AND a.dept = b.dept",
        "SELECT COUNT(*) FROM visits a, visits b WHERE b.cost > a.cost AND b.dept = a.dept AND b.pid = a.pid",
        "SELECT COUNT(*) FROM (SELECT a.cost AS c, b.cost AS d FROM visits a JOIN visits b ON a.pid = b.pid AND "
        "b.dept = a.dept) WHERE c < d",
    ],
    [
        "SELECT COUNT(*) FROM persons WHERE pid IN (SELECT pid FROM visits WHERE cost > 5)",
        "SELECT COUNT(*) FROM persons p WHERE EXISTS (SELECT * FROM visits v WHERE v.cost > 5 AND p.pid = v.pid)",
        "WITH v AS (SELECT * FROM visits WHERE cost > 5) SELECT COUNT(*) FROM persons WHERE pid IN (SELECT pid FROM v)",
    ],
    [
        "SELECT n, COUNT(*) FROM (SELECT pid, COUNT(*) AS n, SUM(cost) AS s FROM visits GROUP BY pid) GROUP BY n",
        "WITH a AS (SELECT pid AS p, COUNT(*) AS m FROM visits GROUP BY 1), b AS (SELECT m AS k FROM a) "
        "SELECT k, COUNT(*) FROM b GROUP BY k",
    ],
    [
        "SELECT COUNT(*) FROM persons LEFT JOIN visits USING (pid) WHERE visits.dept IS NULL AND age > 3",
        "SELECT COUNT(*) FROM visits v RIGHT JOIN (SELECT pid FROM persons WHERE age > 3) p ON p.pid = v.pid "
        "WHERE dept IS NULL",
    ],
    [
        "SELECT COUNT(*) FROM (SELECT pid, dept FROM visits UNION ALL SELECT pid, town FROM persons) "
        "WHERE dept = 'eye'",
        "SELECT COUNT(*) FROM (SELECT pid, dept FROM visits WHERE dept = 'eye' UNION ALL "
        "SELECT pid, town FROM persons WHERE town = 'eye')",
    ],
    [
        "SELECT dept, COUNT(*) FROM visits GROUP BY dept",
        "SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept UNION ALL "
        "SELECT dept, COUNT(*) FROM visits GROUP BY dept",
        "WITH v AS (SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept) "
        "SELECT a.n - b.n FROM v a JOIN v b USING (dept)",
    ],
]


@pytest.mark.parametrize("texts", PARAPHRASES, ids=lambda texts: texts[0][:60])
def test_two_spellings_are_one_question(texts: Sequence[str]) -> None:
    assert len({compiled(text).base_key() for text in texts}) == 1


DIFFERENT = [
    ("SELECT COUNT(*) FROM visits a JOIN visits b USING (pid)", "SELECT COUNT(*) FROM visits"),
    (
        "SELECT COUNT(*) FROM persons p LEFT JOIN visits v ON p.pid = v.pid AND v.cost > 5",
        "SELECT COUNT(*) FROM persons p LEFT JOIN visits v ON p.pid = v.pid WHERE v.cost > 5",
    ),
    (
        "SELECT COUNT(*) FROM persons WHERE pid IN (SELECT pid FROM visits)",
        "SELECT COUNT(*) FROM persons WHERE pid NOT IN (SELECT pid FROM visits)",
    ),
    (
        "SELECT COUNT(*) FROM visits a JOIN visits b ON a.pid = b.pid AND a.cost < b.cost",
        "SELECT COUNT(*) FROM visits a JOIN visits b ON a.pid = b.pid AND a.cost <= b.cost",
    ),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_questions_are_not_one(one: str, other: str) -> None:
    assert compiled(one).base_key() != compiled(other).base_key()


def _doubling(step: str, levels: int, start: str = "SELECT pid, cost FROM visits") -> str:
    names = "".join(f", x{i + 1} AS ({step.format(f'x{i}')})" for i in range(levels))
    return f"WITH x0 AS ({start}){names} SELECT COUNT(*) FROM x{levels}"


COUNTED = "SELECT COUNT(*) AS n FROM visits"
HOSTILE = {
    "joins that double": _doubling("SELECT a.pid, a.cost FROM {0} a JOIN {0} b USING (pid)", 40),
    "unions that double": _doubling("SELECT * FROM {0} UNION ALL SELECT * FROM {0}", 40),
    "expressions that double": _doubling("SELECT pid, cost + cost AS cost FROM {0}", 200),
    "unions of expressions that double": _doubling(
        "SELECT pid, CASE WHEN cost > 1 THEN cost ELSE cost + cost END AS cost FROM (SELECT * FROM {0} UNION ALL "
        "SELECT * FROM {0}) WHERE cost > 0",
        20,
    ),
    "releases that double": _doubling("SELECT a.n FROM {0} a JOIN {0} b ON a.n = b.n", 40, COUNTED),
    "ten thousand unions": " UNION ALL ".join([COUNTED] * 10_000),
    "a thousand unions": " UNION ALL ".join([COUNTED] * 1000),
    "deep subqueries": "SELECT COUNT(*) FROM (SELECT * FROM " * 90 + "visits" + ")" * 90,
    "deep brackets": "SELECT COUNT(*) FROM " + "(" * 90 + "visits" + ")" * 90,
    "very deep brackets": "SELECT COUNT(*) FROM " + "(" * 9000 + "visits" + ")" * 9000,
    "a hundred joins": "SELECT COUNT(*) FROM visits v0" + "".join(f" JOIN visits v{i} USING (pid)" for i in range(100)),
    "a thousand joins": "SELECT COUNT(*) FROM visits v0" + "".join(f", visits v{i}" for i in range(1, 1000)),
    "a cube of many keys": "SELECT COUNT(*) FROM persons GROUP BY CUBE (sex, town, age, insured, born, age + 1, 1)",
    "rollups multiplied": "SELECT COUNT(*) FROM persons GROUP BY " + ", ".join(["ROLLUP (sex, town)"] * 40),
    "EXISTS in EXISTS": "SELECT COUNT(*) FROM visits WHERE EXISTS "
    + "(SELECT 1 FROM visits v WHERE EXISTS " * 60
    + "(SELECT 1)"
    + ")" * 60,
    "many windows": "SELECT "
    + ", ".join(f"COUNT(w{i})" for i in range(300))
    + " FROM (SELECT "
    + ", ".join(f"LAG(cost, {i}) OVER (PARTITION BY pid) AS w{i}" for i in range(300))
    + " FROM visits)",
    "a long list of values": "SELECT COUNT(*) FROM visits JOIN (VALUES "
    + ", ".join(f"({i})" for i in range(4000))
    + ") t(cost) USING (cost)",
    "scalar subqueries in each other": "SELECT " + "(SELECT " * 60 + "COUNT(*) FROM visits" + ")" * 60,
    "windows of windows": _doubling(
        "SELECT pid, SUM(cost) OVER (PARTITION BY pid ORDER BY cost) AS cost FROM {0}", 100
    ),
    "groups of groups": _doubling("SELECT pid, SUM(cost) AS cost FROM {0} GROUP BY pid", 100),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_refused_or_answered_in_time(text: str) -> None:
    start = process_time()
    try:
        compiled(text)
    except Problem as problem:
        assert problem.detail.endswith(".")
    assert process_time() - start < 60  # a fraction of a second; what doubles with every word would never end
