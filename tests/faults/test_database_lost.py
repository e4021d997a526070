"""The control database goes away, or its disk is full: nothing is half done, and everything goes on afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import postgres_database
from estate import Estate, estate

from sandbox.core.store import Unavailable
from sandbox.jobs import tasks
from sandbox.jobs.records import Job
from sandbox.jobs.tasks import claim
from sandbox.metering.records import UsageEvent
from sandbox.privacy.accountant import check_balances
from sandbox.service import vault
from sandbox.stores.sql import SqlStore

SQL = "SELECT town, COUNT(*) AS n FROM people WHERE age > {} GROUP BY town"


@pytest.fixture
def postgres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Estate, str]]:
    with postgres_database() as url:
        monkeypatch.setenv("SANDBOX_DATABASE_URL", url)
        with estate(tmp_path / "home") as box:
            box.publish()
            yield box, url


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Estate]:
    with estate(tmp_path / "home") as box:
        box.publish()
        yield box


@contextmanager
def away(url: str) -> Iterator[None]:
    """Nobody can reach the database, and who was connected is thrown out."""
    address = sa.make_url(url)
    server = sa.create_engine(address.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f"ALTER DATABASE {address.database} ALLOW_CONNECTIONS false"))
        connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
            {"name": address.database},
        )
        try:
            yield
        finally:
            connection.execute(sa.text(f"ALTER DATABASE {address.database} ALLOW_CONNECTIONS true"))
    server.dispose()


@contextmanager
def full(*stores: Any) -> Iterator[None]:
    """SQLite may not grow by another page."""

    def cap(connection: Any, _: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    for store in stores:
        assert isinstance(store, SqlStore)
        store.engine.dispose()
        sa.event.listen(store.engine, "connect", cap)
    yield
    for store in stores:
        sa.event.remove(store.engine, "connect", cap)
        store.engine.dispose()


def submit(box: Estate, number: int) -> Any:
    body = {"subscription": box.subscriptions["firm"], "sql": SQL.format(number), "epsilon": "0.1"}
    return box.web.call("POST", "/jobs", body, "firm", headers={"Idempotency-Key": f"k{number}"})


def check_whole(box: Estate, jobs: int) -> None:
    box.finish()
    with box.house.store.read() as tx:
        assert [job.status for job in tx.find(Job)] == ["done"] * jobs
        assert len(tx.find(UsageEvent)) == jobs
        assert check_balances(tx) == []


@pytest.mark.postgres
def test_a_lost_database_is_said_and_the_same_request_works_later(postgres: tuple[Estate, str]) -> None:
    box, url = postgres
    assert submit(box, 1).status_code == 202
    with away(url):
        refused = submit(box, 2)
        assert (refused.status_code, refused.json["code"]) == (503, "not_ready")
        assert refused.headers["Retry-After"]
        with pytest.raises(Unavailable):
            claim(box.house.store, "w")
    box.beat()
    assert submit(box, 2).status_code == 202
    check_whole(box, 2)


@pytest.mark.postgres
def test_a_database_lost_in_the_middle_of_a_job_loses_nothing(
    postgres: tuple[Estate, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    box, url = postgres
    assert submit(box, 1).status_code == 202
    task = claim(box.house.store, "w")
    assert task is not None
    engine = box.house.vault.engine  # type: ignore[union-attr]
    real = engine.run

    def cut(*given: Any) -> Any:
        real(*given)
        with away(url), box.house.store.write() as tx:  # what the next step does
            tx.find(Job)

    monkeypatch.setattr(engine, "run", cut)
    with pytest.raises(Unavailable):
        vault.attempt(box.house, task)
    monkeypatch.setattr(engine, "run", real)
    box.expire()
    check_whole(box, 1)


def test_a_full_disk_refuses_and_leaves_nothing_half_written(sqlite: Estate) -> None:
    assert submit(sqlite, 1).status_code == 202
    with full(sqlite.web.house.store):
        seen = {submit(sqlite, number).status_code for number in range(2, 40)}
        refused = submit(sqlite, 40)
    assert 503 in seen and (refused.status_code, refused.json["code"]) == (503, "not_ready")
    with sqlite.house.store.read() as tx:
        kept = len(tx.find(Job))
        assert check_balances(tx) == []
    assert submit(sqlite, 40).status_code == 202
    check_whole(sqlite, kept + 1)


def test_a_living_vault_comes_back_to_the_job_it_had_to_leave(sqlite: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "LEASE", timedelta(seconds=0.3))
    engine = sqlite.house.vault.engine  # type: ignore[union-attr]
    real, calls = engine.run, []

    def away_once(*given: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise Unavailable
        return real(*given)

    monkeypatch.setattr(engine, "run", away_once)
    stop, wake, held = threading.Event(), threading.Event(), set[str]()
    lane = threading.Thread(target=vault.work, args=(sqlite.house, "vault", stop, wake, held))
    assert submit(sqlite, 1).status_code == 202
    lane.start()
    end = time.monotonic() + 60
    while time.monotonic() < end and len(calls) < 2:
        vault._beat(sqlite.house, "vault", held)  # the heart goes on, as in life
        time.sleep(0.05)
    stop.set()
    lane.join()
    assert len(calls) == 2, "the job was kept by a vault that had let it go"
    check_whole(sqlite, 1)
