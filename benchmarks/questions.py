"""The seven questions: as plain DuckDB is asked them, as the sandbox is, and without any bound on our own coded table.

The bounds that plain DuckDB is given (least, greatest) are those that the town's registration declares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Question:
    """`plain` and `sql` give the same columns, `keys` of them keys, in the same order. In `coded`, `{table}` and
    `{table.column}` stand for what lies under them in a stored data version. `request` holds what is asked beside the
    text."""

    name: str
    about: str
    plain: str
    sql: str
    coded: str
    keys: int
    request: Mapping[str, Any] = field(default_factory=dict)


COST, INCOME = "LEAST(GREATEST(cost, 0), 10000)", "LEAST(GREATEST(income, 0), 200000)"

QUESTIONS = (
    Question(
        "Q1",
        "persons: COUNT(*)",
        "SELECT COUNT(*) FROM persons",
        "SELECT COUNT(*) AS n FROM persons",
        "SELECT count(*) FROM {persons}",
        0,
    ),
    Question(
        "Q2",
        "province: COUNT(*), SUM(income), AVG(age)",
        f"SELECT province, COUNT(*), SUM({INCOME}), AVG(age) FROM persons GROUP BY province",
        "SELECT province, COUNT(*) AS n, SUM(income) AS total, AVG(age) AS age FROM persons GROUP BY province",
        "SELECT {persons.province}, count(*), sum({persons.income}), sum({persons.age}) FROM {persons} GROUP BY ALL",
        1,
    ),
    Question(
        "Q3",
        "dept: COUNT(*), SUM(cost)",
        f"SELECT dept, COUNT(*), SUM({COST}) FROM visits GROUP BY dept",
        "SELECT dept, COUNT(*) AS n, SUM(cost) AS total FROM visits GROUP BY dept",
        "SELECT {visits.dept}, count(*), sum({visits.cost}) FROM {visits} GROUP BY ALL",
        1,
    ),
    Question(
        "Q4",
        "hospital, dept: COUNT(*), private keys",
        "SELECT hospital, dept, COUNT(*) FROM visits GROUP BY hospital, dept",
        "SELECT hospital, dept, COUNT(*) AS n FROM visits GROUP BY hospital, dept",
        "SELECT {visits.hospital}, {visits.dept}, count(*) FROM {visits} GROUP BY ALL",
        2,
    ),
    Question(
        "Q5",
        "visits ⋈ persons, province, sex: AVG(cost)",
        f"SELECT province, sex, AVG({COST}) FROM visits JOIN persons USING (person_id) GROUP BY province, sex",
        "SELECT province, sex, AVG(cost) AS mean FROM visits JOIN persons USING (person_id) GROUP BY province, sex",
        "SELECT p.{persons.province}, p.{persons.sex}, count(*), sum(v.{visits.cost}) "
        "FROM {visits} v JOIN {persons} p USING (__unit) GROUP BY ALL",
        2,
    ),
    Question(
        "Q6",
        "dept: COUNT(DISTINCT person) WHERE cost > 1000",
        "SELECT dept, COUNT(DISTINCT person_id) FROM visits WHERE cost > 1000 GROUP BY dept",
        "SELECT dept, COUNT(DISTINCT person_id) AS n FROM visits WHERE cost > 1000 GROUP BY dept",
        "SELECT {visits.dept}, count(*) FROM (SELECT DISTINCT __unit, {visits.dept} FROM {visits} "
        "WHERE {visits.cost} > {visits.cost:1000}) GROUP BY ALL",
        1,
    ),
    Question(
        "Q7",
        "dept: MEDIAN(cost)",
        "SELECT dept, MEDIAN(cost) FROM visits GROUP BY dept",
        "SELECT dept, MEDIAN(cost) AS half FROM visits GROUP BY dept",
        "SELECT {visits.dept}, median({visits.cost}) FROM {visits} GROUP BY ALL",
        1,
    ),
)
