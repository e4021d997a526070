"""Odd questions, asked as an attacker would who wants to know whether one person is there: through errors, values that
overflow, long texts, keys that are hers alone, joins that multiply her. Each is refused before anything is read, or
answered in both worlds, which differ by no more than what is charged; none ends in a failure."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from estate import Estate, estate
from hostile_world import ANSWERED, REFUSED, hostile

from sandbox.audit.cases import Case
from sandbox.audit.run import Bench, bench, claimed
from sandbox.audit.subject import Subject
from sandbox.audit.verdict import judge
from sandbox.errors import Problem
from sandbox.privacy.release import release
from sandbox.products.query.kind import QueryProduct

TRIALS = 400


@pytest.fixture(scope="module")
def on() -> Iterator[Bench]:
    with bench(children=2) as made:
        yield made


def asked(on: Bench, sql: str) -> Subject:
    return claimed(on, Case("odd", "", sql, world=hostile, epsilon="4"))


@pytest.mark.parametrize("sql", ANSWERED)
def test_an_odd_question_is_answered_in_both_worlds(on: Bench, sql: str) -> None:
    found = asked(on, sql)
    assert judge("odd", "", found, TRIALS, 1e-9).why == ()
    for exact in (found.present, found.absent):
        assert exact is not None
        base = release(found.plan, exact)
        answer = QueryProduct().present(found.plan, base, [one.values for one in base])
        assert len(answer.errors) == len(answer.rows)


@pytest.mark.parametrize(("code", "sql"), REFUSED)
def test_an_odd_question_is_refused_with_what_to_write(on: Bench, code: str, sql: str) -> None:
    with pytest.raises(Problem) as refused:
        asked(on, sql)
    assert refused.value.code == code and len(refused.value.detail) > 20


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with estate(tmp_path_factory.mktemp("red") / "home") as made:
        made.publish()
        yield made


BODIES = {
    "a zero character": "SELECT COUNT(*) FROM people WHERE town = '\x00'",
    "half a character": "SELECT COUNT(*) FROM people WHERE town = '\ud800'",
    "half a character as a name": "SELECT COUNT(*) AS \"\udfff\" FROM people",
    "writing from right to left": "SELECT COUNT(*) AS \u202en FROM people",
    "brackets without end": "SELECT COUNT(*) FROM people WHERE " + "(" * 20_000 + "1" + ")" * 20_000 + " = 1",
    "comments in comments": "SELECT COUNT(*) " + "/*" * 5_000 + "*/" * 5_000 + " FROM people",
    "a hundred joins": "SELECT COUNT(*) FROM people p0 "
    + " ".join(f"JOIN people p{n} ON p0.person = p{n}.person" for n in range(1, 100)),
    "a thousand columns": "SELECT " + ", ".join(f"COUNT(*) AS c{n}" for n in range(1_000)) + " FROM people",
    "a thousand different columns": "SELECT "
    + ", ".join(f"COUNT_IF(age > {n}) AS c{n}" for n in range(1_000)) + " FROM people",
    "a long list": f"SELECT COUNT(*) FROM people WHERE age IN ({', '.join(map(str, range(15_000)))})",
    "a long sum": "SELECT COUNT(*)" + " + COUNT(*)" * 5_000 + " FROM people",
    "a tower of unions": "SELECT COUNT(*) AS n FROM people" + " UNION ALL SELECT COUNT(*) FROM people" * 300,
    "twenty grouping keys": "SELECT COUNT(*) FROM people GROUP BY CUBE ("
    + ", ".join(f"age % {n}" for n in range(2, 22)) + ")",
    "common tables that double": "WITH t0 AS (SELECT town, COUNT(*) AS n FROM people GROUP BY town)"
    + "".join(f", t{n} AS (SELECT a.town, a.n FROM t{n - 1} a, t{n - 1} b)" for n in range(1, 24))
    + " SELECT COUNT(*) FROM t23",
    "itself": "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT COUNT(*) FROM t",
    "a text that is none": "'",
    "nothing": ";",
    "two": "SELECT COUNT(*) FROM people; DROP TABLE people",
    "a parameter": "SELECT COUNT(*) FROM people WHERE age > ?",
    "a named parameter": "SELECT COUNT(*) FROM people WHERE age > $age",
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_no_text_breaks_the_service(box: Estate, name: str) -> None:
    box.beat()
    body = {"subscription": box.subscriptions["firm"], "sql": BODIES[name], "epsilon": "0.5"}
    answer = box.web.call("POST", "/jobs/estimate", body, "firm")
    assert answer.status_code == 200 or 400 <= answer.status_code < 500, (name, answer.status_code)
    assert answer.status_code == 200 or (answer.json or {})["detail"], name


@pytest.mark.parametrize(
    "epsilon", ["NaN", "-1", "0", "1e-400", "1e400", "Infinity", "1" * 5_000, "0x1", "１", None, [], {}, True]
)
def test_no_epsilon_breaks_the_service(box: Estate, epsilon: object) -> None:
    box.beat()
    sql = "SELECT COUNT(*) FROM people"
    body = {"subscription": box.subscriptions["firm"], "sql": sql, "epsilon": epsilon}
    answer = box.web.call("POST", "/jobs/estimate", body, "firm")
    assert answer.status_code < 500, json.dumps(epsilon)[:40]
    assert answer.status_code >= 400 or epsilon in ("１", None)
