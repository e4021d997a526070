"""A job that Spark does not finish – interrupted, or its Java killed – ends as failed, spends its privacy and costs no
money, like one of any other engine; and says no more than that."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from estate import Estate, estate
from sparks import needed
from test_spark_lost import java, session

from sandbox.engines.spark.engine import SparkEngine
from sandbox.jobs.records import Job, Release
from sandbox.metering.records import UsageEvent
from sandbox.privacy.accountant import check_balances
from sandbox.privacy.records import Charge

pytestmark = needed
SQL = "SELECT town, COUNT(*) AS n FROM people WHERE wage > {} GROUP BY town"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with estate(tmp_path_factory.mktemp("box") / "home", engine="spark", engine_memory_mb=1024) as made:
        made.publish(users=("firm",), epsilon="400", per_user={"epsilon": "200", "delta": "1e-7"})
        yield made


def spark_of(box: Estate) -> SparkEngine:
    assert box.house.vault is not None
    engine = box.house.vault.engine
    assert isinstance(engine, SparkEngine)
    return engine


def check_spent(box: Estate, job: str) -> None:
    with box.house.store.read() as tx:
        ended = tx.get(Job, job)
        assert ended is not None and (ended.status, ended.fee) == ("failed", 0)
        assert {charge.state for charge in tx.find(Charge, job=job)} == {"spent"}
        assert tx.find(UsageEvent, job=job) == [] and tx.find(Release, job=job) == []
        assert check_balances(tx) == []
    refused = box.web.call("GET", f"/jobs/{job}/result", key="firm")
    assert (refused.status_code, refused.json["code"]) == (500, "execution_failed")


def check_done(box: Estate, job: str) -> None:
    with box.house.store.read() as tx:
        ended = tx.get(Job, job)
        assert ended is not None and ended.status == "done"


def test_a_job_is_done_by_spark(box: Estate) -> None:
    job = box.ask(SQL.format(1))
    box.finish()
    check_done(box, job)


def test_an_interrupted_job_spends(box: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    job = box.ask(SQL.format(2))
    monkeypatch.setattr(spark_of(box), "_seconds", 0.0)
    box.finish()
    check_spent(box, job)
    monkeypatch.undo()
    after = box.ask(SQL.format(3))
    box.finish()
    check_done(box, after)


def test_a_job_whose_java_is_killed_spends(box: Estate) -> None:
    os.kill(java(session(spark_of(box))), signal.SIGKILL)
    job = box.ask(SQL.format(4))
    box.finish()
    check_spent(box, job)
    after = box.ask(SQL.format(5))
    box.finish()
    check_done(box, after)
