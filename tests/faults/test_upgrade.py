"""An instance of an older version is brought up to this one: whole, or not at all."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.ddl.impl import DefaultImpl

from sandbox import bootstrap
from sandbox.core.clock import now
from sandbox.errors import Problem
from sandbox.jobs.presence import beat
from sandbox.jobs.records import Job
from sandbox.products.workspace.records import ExitReview, ExitWait
from sandbox.service.upgrade import upgrade
from sandbox.settings import Settings, load
from sandbox.stores.sql import SqlStore
from sandbox.transparency.records import LogEntry

OLD = "0015"


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An instance as the program made it when its schema had version 15."""
    with monkeypatch.context() as then:
        then.setattr(SqlStore, "create", lambda store: command.upgrade(store._alembic(), OLD))
        bootstrap.init_instance(tmp_path / "box")
    return load(home=tmp_path / "box")


def version(settings: Settings) -> str | None:
    with bootstrap.old_store(settings) as store:
        return store.reach()


def test_an_older_instance_is_refused_with_what_to_do_and_then_served(older: Settings) -> None:
    with pytest.raises(Problem, match="sandbox upgrade") as refused:
        bootstrap.check_ready_to_serve(older)
    assert refused.value.code == "not_ready"
    assert upgrade(older) == {"before": OLD}
    bootstrap.check_ready_to_serve(older)
    assert upgrade(older) == {"before": None}
    with bootstrap.inspector(older) as house, house.store.read() as tx:
        assert len(tx.find(LogEntry, kind="instance.upgraded")) == 1


def test_an_upgrade_that_breaks_off_changes_nothing_and_is_done_again(
    older: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    whole = DefaultImpl.create_table

    def full_disk(*args: Any, **named: Any) -> None:
        if len(made) == 3:
            raise OSError("no space left on device")
        made.append(whole(*args, **named))

    with monkeypatch.context() as broken:
        broken.setattr(DefaultImpl, "create_table", full_disk)
        with pytest.raises(OSError, match="no space"):
            upgrade(older)
    assert version(older) == OLD
    assert upgrade(older) == {"before": OLD}


def test_a_served_instance_and_a_newer_one_are_left_alone(older: Settings) -> None:
    with bootstrap.old_store(older) as store:
        with store.write() as tx:
            beat(tx, "vault-alive", "vault_1")
        with pytest.raises(Problem, match="stop it"):
            upgrade(older)
        assert store.reach() == OLD
        with store.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Problem, match="newer version"):
        upgrade(older)


def test_answers_that_waited_for_their_exit_review_wait_still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is found by rows of its own since version 20: not what was reviewed, nor another job of its copy."""
    with monkeypatch.context() as then:
        then.setattr(SqlStore, "create", lambda store: command.upgrade(store._alembic(), "0019"))
        bootstrap.init_instance(tmp_path / "box")
    settings = load(home=tmp_path / "box")
    with bootstrap.old_store(settings) as store, store.write() as tx:
        for name, base_key, status in (
            ("waits", "a", "done"), ("reviewed", "b", "done"), ("same", "b", "done"), ("failed", "c", "failed"),
        ):  # fmt: skip
            tx.add(workspace_job(name, base_key, status))
        tx.add(ExitReview("exit_1", "reviewed", "passed", "", "operator", now()))
    assert upgrade(settings) == {"before": "0019"}
    with bootstrap.inspector(settings) as house, house.store.read() as tx:
        job = tx.get(Job, "waits")
        assert job is not None and job.finished_at is not None
        assert tx.find(ExitWait) == [ExitWait("waits", "workspace", "operator", job.finished_at)]


def workspace_job(name: str, base_key: str, status: str) -> Job:
    nothing = Decimal(0)
    return Job(
        id=name, party="firm", subscription="s", product="workspace", grant="g", operator="operator", resource="r",
        population="p", version="v", kind="workspace", purpose="industry", request=b"", plan={}, base_key=base_key,
        status=status, rho=nothing, delta=nothing, free=False, fee=nothing, price=None, decision={}, fence=1, base=None,
        entry=None, created_at=now(), started_at=now(), finished_at=now(),
    )  # fmt: skip
