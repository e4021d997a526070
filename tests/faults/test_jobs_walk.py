"""A worker may die before or after every step of the walk; the job is finished once, charged once, billed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from estate import Estate, estate

from sandbox.engines.base import EngineFailed
from sandbox.jobs import run, telling, trace, working
from sandbox.jobs.records import Base, Holding, Job, Release, Task
from sandbox.jobs.tasks import claim
from sandbox.metering.records import UsageEvent
from sandbox.privacy.accountant import check_balances
from sandbox.privacy.records import Charge
from sandbox.transparency.records import LogEntry
from sandbox.transparency.verify import compare_with_store, verify_log

SQL = "SELECT town, COUNT(*) AS n, AVG(age) AS age FROM people GROUP BY town"
STEPS = {
    "begin": (working, "begin"),
    "execute": (working, "execute"),
    "release": (run, "release"),
    "keep base": (working, "keep_base"),
    "fingerprint": (working, "fingerprint"),
    "record": (telling, "record"),
    "meter": (telling, "meter"),
}


class Killed(BaseException):
    """What a process that is killed does: nothing more."""


def kill(monkeypatch: pytest.MonkeyPatch, step: str, when: str) -> None:
    """Make the worker die at this point, the first time it gets there."""
    module, name = STEPS[step]
    real: Callable[..., Any] = getattr(module, name)

    def dies(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(module, name, real)
        if when == "after":
            real(*given, **named)
        raise Killed

    monkeypatch.setattr(module, name, dies)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with estate(tmp_path_factory.mktemp("box") / "home") as made:
        made.publish(users=("firm", "other"), epsilon="400", per_user={"epsilon": "200", "delta": "1e-7"})
        yield made


def attempt(box: Estate) -> None:
    """A worker claims the job and dies on the way."""
    task = claim(box.house.store, "dies")
    assert task is not None
    with pytest.raises(Killed):
        run.carry_out(box.house, task)
    box.expire()


def check_once(box: Estate, job_id: str) -> None:
    """The job is done; everything that must be there once is there once; journal, balances and log agree."""
    with box.house.store.read() as tx:
        job = tx.get(Job, job_id)
        assert job is not None and job.status == "done"
        assert [event.fee for event in tx.find(UsageEvent, job=job_id)] == [Decimal("1.20")]
        assert len(tx.find(Release, job=job_id)) == len(tx.find(LogEntry, job=job_id)) == 1
        assert len(tx.find(Base, key=job.base_key)) == len(tx.find(Holding, key=job.base_key)) == 1
        charges = tx.find(Charge, job=job_id)
        assert sorted(charge.state for charge in charges) == ["spent", "spent"]
        assert {charge.loss for charge in charges} == {job.rho}
        assert check_balances(tx) == []
        compare_with_store(tx, box.settings.log_folder)
        assert tx.find(Task, status=["queued", "running"]) == []
    verify_log(box.settings.log_folder, box.house.log_public_key)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_killed_worker_loses_nothing(box: Estate, monkeypatch: pytest.MonkeyPatch, step: str, when: str) -> None:
    sql = SQL.replace("FROM people", f"FROM people WHERE age > {list(STEPS).index(step) * 2 + (when == 'after')}")
    job = box.ask(sql)
    kill(monkeypatch, step, when)
    attempt(box)
    box.finish()
    check_once(box, job)
    result = box.ok("GET", f"/jobs/{job}/result", key="firm")
    assert [row[0] for row in result["rows"]] == ["东", "西"]


def test_a_stored_base_is_used_and_noise_not_drawn_again(box: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    job = box.ask(SQL + " LIMIT 5")
    kill(monkeypatch, "keep base", "after")
    attempt(box)
    with box.house.store.read() as tx:
        stored = tx.find(Base, order=("-created_at",), limit=1)[0]
    monkeypatch.setattr(working, "execute", lambda *_: pytest.fail("executed again"))
    box.finish()
    with box.house.store.read() as tx:
        done = tx.get(Job, job)
    assert done is not None and (done.status, done.base) == ("done", stored.id)


def test_a_job_that_kills_its_workers_fails_keeps_its_spend_and_costs_no_money(
    box: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = box.ask(SQL.replace("FROM people", "FROM people WHERE wage > 77"))
    for _ in range(3):
        kill(monkeypatch, "execute", "before")
        attempt(box)
    box.finish()
    with box.house.store.read() as tx:
        ended = tx.get(Job, job)
        assert ended is not None and (ended.status, ended.fee) == ("failed", 0)
        assert {charge.state for charge in tx.find(Charge, job=job)} == {"spent"}
        assert tx.find(UsageEvent, job=job) == [] and tx.find(Release, job=job) == []
    refused = box.web.call("GET", f"/jobs/{job}/result", key="firm")
    assert (refused.status_code, refused.json["code"]) == (500, "execution_failed")


def test_an_engine_failure_is_uniform_and_spends(box: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Any:
        raise EngineFailed("this must not be seen: wage 59900")

    job = box.ask(SQL.replace("FROM people", "FROM people WHERE wage > 78"))
    monkeypatch.setattr(working, "execute", fails)
    box.finish()
    answer = box.web.call("GET", f"/jobs/{job}/result", key="firm")
    assert answer.json["code"] == "execution_failed" and "59900" not in answer.text
    with box.house.store.read() as tx:
        assert {charge.state for charge in tx.find(Charge, job=job)} == {"spent"}


def test_a_stop_before_step_5_gives_everything_back(box: Estate) -> None:
    job = box.ask(SQL.replace("FROM people", "FROM people WHERE wage > 79"))
    stop = box.ok("POST", "/emergency", {"scope": "product", "target": box.product, "reason": "drill"})
    box.finish()
    with box.house.store.read() as tx:
        ended = tx.get(Job, job)
        assert ended is not None and ended.status == "void"
        assert {charge.state for charge in tx.find(Charge, job=job)} == {"void"}
        assert tx.find(UsageEvent, job=job) == [] and check_balances(tx) == []
        stopped = box.web.call("GET", f"/jobs/{job}/result", key="firm")
        assert stopped.status_code in (423, 500)
    box.web.join("regulator")
    box.ok("POST", f"/emergency/{stop['id']}/lift", {}, "regulator")
    lifted = box.web.call("POST", f"/emergency/{stop['id']}/lift", {})
    assert lifted.status_code == 200 and lifted.json["lifted_at"]


def test_a_worker_that_lost_its_lease_cannot_finish(box: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    job = box.ask(SQL.replace("FROM people", "FROM people WHERE wage > 80"))
    slow = claim(box.house.store, "slow")
    assert slow is not None
    real = working.fingerprint

    def overtaken(*given: Any) -> Any:
        monkeypatch.setattr(working, "fingerprint", real)
        copy = real(*given)
        box.expire()
        box.finish()
        return copy

    monkeypatch.setattr(working, "fingerprint", overtaken)
    with pytest.raises(working.Stale):
        run.carry_out(box.house, slow)
    check_once(box, job)


def test_a_second_user_of_one_question_gets_the_same_base_and_pays_itself(box: Estate) -> None:
    sql = SQL.replace("FROM people", "FROM people WHERE wage > 81")
    first = box.ask(sql)
    box.finish()
    second = box.ask(sql, "other")
    box.finish()
    with box.house.store.read() as tx:
        jobs = [tx.get(Job, first), tx.get(Job, second)]
        assert jobs[0] and jobs[1] and jobs[0].base == jobs[1].base and jobs[0].rho == jobs[1].rho > 0
        assert jobs[0].fee == jobs[1].fee
        paid = {charge.account.split("_")[0]: charge.loss for charge in tx.find(Charge, job=second)}
        assert paid["account"] == 0 and paid["share"] == jobs[1].rho
    answers = [
        box.ok("GET", f"/jobs/{job}/result", key=user)["rows"] for job, user in ((first, "firm"), (second, "other"))
    ]
    assert answers[0] != answers[1], "each copy carries its recipient's marks"


def test_a_base_closed_after_a_job_began_is_still_the_one_it_joined(box: Estate) -> None:
    sql = SQL.replace("FROM people", "FROM people WHERE wage > 82")
    first = box.ask(sql)
    box.finish()
    second = box.ask(sql, "other")
    task = claim(box.house.store, "slow")
    assert task is not None
    begun = working.begin(box.house, task)
    assert begun is not None and begun.base is not None
    with box.house.store.write() as tx:
        base = tx.get(Base, begun.base)
        assert base is not None
        trace.close(tx, base)  # a reveal in between
    run.carry_out(box.house, task)
    box.finish()
    with box.house.store.read() as tx:
        jobs = [tx.get(Job, first), tx.get(Job, second)]
        assert jobs[0] and jobs[1] and jobs[0].base == jobs[1].base == begun.base
