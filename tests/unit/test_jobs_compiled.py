"""A question is compiled once for whoever asks it again: for the same party alone, and under the same circumstances."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from estate import Estate, estate, table
from query_examples import plan_of

from sandbox.jobs import compiled
from sandbox.jobs.compiled import Compiled, Recent, question_of
from sandbox.jobs.records import Job
from sandbox.products.query.kind import QueryProduct

SQL = "SELECT town, COUNT(*) AS n FROM people GROUP BY town"


@pytest.fixture
def compiling(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are compiled, as they come."""
    asked: list[str] = []
    real = QueryProduct.compile

    def counted(self: QueryProduct, question: Any) -> Any:
        asked.append(question.request["sql"])
        return real(self, question)

    monkeypatch.setattr(QueryProduct, "compile", counted)
    return asked


def ask(box: Estate, user: str, sql: str = SQL) -> Job:
    job = box.ask(sql, user)
    box.finish()
    with box.house.store.read() as tx:
        found = tx.get(Job, job)
    assert found is not None and found.status == "done"
    return found


def test_who_asks_again_needs_no_compiling_and_nobody_else_is_faster(tmp_path: Path, compiling: list[str]) -> None:
    with estate(tmp_path / "home") as box:
        box.publish(users=("firm", "other"))
        first, again = ask(box, "firm"), ask(box, "firm")
        assert compiling == [SQL]
        assert (again.plan, again.base_key, again.free, again.rho) == (first.plan, first.base_key, True, 0)
        other = ask(box, "other")
        assert compiling == [SQL, SQL], "how long a question takes must not tell that others asked it"
        assert other.plan == first.plan and not other.free and other.rho == first.rho
        with box.working():
            files = {"people": (io.BytesIO(table()), "people.csv", "text/csv")}
            box.ok("PUT", f"/resources/{box.resource}/data", data=files)
        assert ask(box, "firm").base_key != first.base_key, "another data version is another question"
        assert len(compiling) == 3


def test_what_is_refused_the_second_time_says_why(tmp_path: Path) -> None:
    with estate(tmp_path / "home") as box:
        box.publish()
        ask(box, "firm")
        box.ok("POST", f"/subscriptions/{box.subscriptions['firm']}/cancel", {}, "firm")
        body = {"subscription": box.subscriptions["firm"], "sql": SQL, "epsilon": "0.5"}
        refused = box.web.call("POST", "/jobs", body, "firm", {"Idempotency-Key": "again"})
        assert (refused.status_code, refused.json["code"]) == (403, "subscription_inactive")


def test_questions_are_told_apart_and_the_oldest_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "KEPT", 2)
    request = {"subscription": "s", "sql": "SELECT 1"}
    assert question_of("a", request) != question_of("b", request) != question_of("b", {**request, "epsilon": "1"})
    assert question_of("a", {**request, "fresh": True}) is None, "it means something else each time"
    recent, plan = Recent(), Compiled(plan_of("SELECT COUNT(*) FROM persons"))
    for asked in ("1", "2", "1", "3"):
        recent.keep(asked, "given", plan)
    assert [recent.has(asked) for asked in ("1", "2", "3")] == [True, False, True]
    assert recent.get("1", "given") is plan and recent.get("1", "other") is None and recent.get("2", "given") is None
    assert plan.loss == (plan.plan.rho, plan.plan.delta) and plan.key == plan.plan.base_key()
