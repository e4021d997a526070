"""A plan that the engine has no statement for is refused before anything is held, not failed after it was paid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from estate import estate
from query_examples import clinic, plan_of

from sandbox.catalogue.laying import declared_layout
from sandbox.engines.duckdb import foreseen
from sandbox.engines.layout import Layout
from sandbox.jobs.records import Job
from sandbox.privacy.records import Charge

SQL = "SELECT town, COUNT(*) AS n FROM people GROUP BY town"


def test_what_cannot_be_rendered_is_refused_and_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with estate(tmp_path / "home") as box:
        box.publish()

        def beyond(*_: Any) -> Any:
            raise KeyError("a node that has no SQL")

        monkeypatch.setattr(foreseen, "render", beyond)
        body = {"subscription": box.subscriptions["firm"], "sql": SQL, "epsilon": "0.5"}
        refused = box.web.call("POST", "/jobs", body, "firm", {"Idempotency-Key": "k"})
        assert (refused.status_code, refused.json["code"]) == (422, "sql_not_allowed")
        assert "fewer steps" in refused.json["detail"]
        with box.house.store.read() as tx:
            assert tx.find(Job) == [] and tx.find(Charge) == []
        monkeypatch.undo()
        job = box.ask(SQL)
        box.finish()
        assert box.ok("GET", f"/jobs/{job}", key="firm")["status"] == "done"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT COUNT(*) FROM persons",
        "SELECT dept, AVG(cost), MEDIAN(cost) FROM visits GROUP BY dept",
        "SELECT sex, SUM(income) FROM visits JOIN persons USING (pid) WHERE dept LIKE 'e%' GROUP BY sex",
    ],
)
def test_what_declarations_say_of_a_file_is_enough_to_render_over_it(sql: str) -> None:
    assert foreseen.renders(plan_of(sql), declared_layout(clinic()))
    assert not foreseen.renders(plan_of(sql), Layout({})), "there is no such table"
