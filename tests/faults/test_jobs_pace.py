"""When an answer shows must not tell whether somebody else asked before."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from estate import estate

from sandbox.jobs import pace
from sandbox.jobs.pace import began
from sandbox.jobs.records import Job

SQL = "SELECT town, COUNT(*) AS n FROM people GROUP BY town"


def waited(job: Job | None, quantum: int) -> float:
    """Seconds from the tick in which the job began to its end."""
    assert job is not None and job.started_at is not None and job.finished_at is not None
    begun = began(job.created_at, job.started_at, timedelta(milliseconds=quantum))
    return (job.finished_at - begun).total_seconds()


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
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            time.sleep(seconds)

        monkeypatch.setattr(pace, "time", SimpleNamespace(sleep=sleep))
        jobs = []
        for user in ("firm", "other", "other"):
            jobs.append(box.ask(SQL, user))
            box.finish()
        with box.house.store.read() as tx:
            ended = [tx.get(Job, one) for one in jobs]
    drawn, joined, _ = (waited(job, quantum=100) for job in ended)
    assert runs == [1]
    assert drawn >= 0.4, "a rung above the quantum"
    assert joined >= 0.4, "the second asker sees the rung of the first"
    assert len(slept) == 2 and min(slept) > 0, "who holds the answer does not wait"


ASKED = datetime(2026, 1, 2, tzinfo=UTC)


def job(started: float, finished: float | None = None, *, free: bool = False) -> Any:
    """A job that started and finished so many milliseconds after it was asked."""
    ends = None if finished is None else after(finished)
    return SimpleNamespace(free=free, created_at=ASKED, started_at=after(started), finished_at=ends)


def after(milliseconds: float) -> datetime:
    return ASKED + timedelta(milliseconds=milliseconds)


@pytest.mark.parametrize(
    ("started", "worked", "shown"),
    [
        (0, 10, 100),
        (60, 10, 100),  # time in the queue is part of the quantum
        (60, 45, 200),
        (60, 100, 200),
        (60, 200, 400),
        (1030, 10, 1100),  # whole quanta in the queue are added, not doubled
        (1030, 200, 1400),
    ],
)
def test_an_answer_shows_whole_quanta_after_its_question(
    started: float, worked: float, shown: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shows(job(started), started + worked, None, monkeypatch) == pytest.approx(shown)


def test_who_joins_waits_for_the_rung_of_who_drew_wherever_both_began(monkeypatch: pytest.MonkeyPatch) -> None:
    drew = job(360, 300 + 400 + 12)
    assert shows(job(20), 25, drew, monkeypatch) == pytest.approx(400)
    assert shows(job(590), 595, drew, monkeypatch) == pytest.approx(500 + 400)


def test_a_repeated_question_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shows(job(20, free=True), 25, None, monkeypatch) == 25


def shows(which: Any, done: float, drawn_by: Any, patch: pytest.MonkeyPatch) -> float:
    """Give when an answer shows that is done so many milliseconds after its question."""
    slept: list[float] = []
    patch.setattr(pace, "now", lambda: after(done))
    patch.setattr("time.sleep", slept.append)
    pace.wait_for_quantum(SimpleNamespace(quantum_ms=100), which, drawn_by)  # type: ignore[arg-type]
    return done + 1000 * sum(slept)


@pytest.mark.parametrize(
    ("started", "expected"), [(0, 0), (30, 0), (99.999, 0), (100, 100), (101, 100), (799, 700), (-5, -5)]
)
def test_a_job_begins_with_a_tick(started: float, expected: float) -> None:
    assert began(ASKED, after(started), timedelta(milliseconds=100)) == after(expected)
