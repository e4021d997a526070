"""When an answer shows must not tell whether somebody else asked before."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from estate import estate

from sandbox.jobs.records import Job

SQL = "SELECT town, COUNT(*) AS n FROM people GROUP BY town"


def test_who_joins_a_base_waits_as_long_as_who_drew_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with estate(tmp_path / "home", quantum_ms=100) as box:
        box.publish(users=("firm", "other"))
        engine = box.house.vault.engine  # type: ignore[union-attr]
        real, runs = engine.run, []

        def slow(*given: Any) -> Any:
            runs.append(1)
            time.sleep(0.25)
            return real(*given)

        monkeypatch.setattr(engine, "run", slow)
        jobs = []
        for user in ("firm", "other", "other"):
            jobs.append(box.ask(SQL, user))
            box.finish()
        with box.house.store.read() as tx:
            took = [job.finished_at - job.started_at for job in (tx.get(Job, one) for one in jobs)]  # type: ignore
    drawn, joined, repeated = (one.total_seconds() for one in took)
    assert runs == [1]
    assert drawn >= 0.4, "a rung above the quantum"
    assert abs(joined - drawn) < 0.1, "the second asker sees the rung of the first"
    assert repeated < 0.1, "who holds the answer does not wait"
