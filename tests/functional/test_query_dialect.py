"""A question says which dialect its text is in; the same question in two dialects is one, and is paid once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from estate import Estate, estate

from sandbox.jobs.records import Job


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with estate(tmp_path_factory.mktemp("box") / "home") as made:
        made.publish()
        yield made


def job(box: Estate, sql: str, **more: str) -> Job:
    asked = box.ask(sql, **more)
    box.finish()
    with box.house.store.read() as tx:
        found = tx.get(Job, asked)
    assert found is not None and found.status == "done"
    return found


def test_one_question_in_two_dialects_is_one(box: Estate) -> None:
    first = job(box, "SELECT COUNT(*) AS n FROM people WHERE age / 20 = 2", dialect="postgresql")
    again = job(box, "SELECT COUNT(*) AS n FROM people WHERE age // 20 = 2")
    other = job(box, "SELECT COUNT(*) AS n FROM people WHERE age / 20 = 2", dialect="duckdb")
    assert (first.free, again.free, other.free) == (False, True, False)
    assert first.base_key == again.base_key != other.base_key


def test_an_unknown_dialect_is_refused(box: Estate) -> None:
    body = {"subscription": box.subscriptions["firm"], "sql": "SELECT COUNT(*) FROM people", "dialect": "mysql"}
    refused = box.web.call("POST", "/jobs/estimate", body, "firm")
    assert (refused.status_code, refused.json["code"]) == (422, "field_invalid")
    assert "dialect" in refused.json["detail"]
