"""kill -9 of web, vault and scribe of the real service while jobs run: every accepted job ends, once, and the books
agree."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "functional"))
import town as towns
from databases import postgres_database
from town import Town

from sandbox.cli.demo.running import Instance
from sandbox.client import Receipt
from sandbox.errors import Problem

pytestmark = pytest.mark.service
SQL = "SELECT dept, COUNT(*) AS n FROM visits WHERE cost > {} GROUP BY dept"
PATIENCE = 300
ENDED = {"done", "failed", "void"}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    promise = {"epsilon": "100", "delta": "1e-6", "per_user": {"epsilon": "50", "delta": "1e-7"}}
    entry, table = towns.entry(privacy=promise), towns.table(tmp_path_factory.mktemp("data"))
    if request.param == "sqlite":
        with Instance() as instance:
            yield from towns.found(instance, entry, table)
        return
    with postgres_database() as url, Instance(settings={"SANDBOX_DATABASE_URL": url}) as instance:
        yield from towns.found(instance, entry, table)


def processes(part: str, home: Path) -> list[int]:
    """The process ids of one part of this instance's service."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue
        if f"sandbox.service.{part}".encode() in arguments and f"SANDBOX_HOME={home}".encode() in environment:
            found.append(int(folder.name))
    return found


def kill(part: str, town: Town) -> None:
    for pid in processes(part, town.instance.home):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("part", ["vault", "scribe", "web"])
def test_no_job_is_lost_or_charged_twice(town: Town, part: str) -> None:
    user, jobs = town.users[0], []
    before = {event["job"] for event in user.usage()}
    for number in range(6):
        jobs.append(submitted(town, f"{part}-{number}", SQL.format(f"{len(part)}.{number}1")))
        time.sleep(0.03 * number)
        if number in (1, 3, 5):
            kill(part, town)
    states = [ended(town, job) for job in jobs]
    assert states == ["done"] * 6
    usage = [event for event in user.usage() if event["job"] not in before]
    assert sorted(event["job"] for event in usage) == sorted(jobs)
    assert {Decimal(event["fee"]) for event in usage} == {Decimal("1.20")}
    for job in jobs:
        Receipt(user.receipt(job)).verify(town.instance.log_key.read_text())
    doctor = town.instance.command("doctor")
    assert "WRONG" not in doctor, doctor


def submitted(town: Town, key: str, sql: str) -> str:
    """Submit with one idempotency key until an answer comes, as a careful client does."""
    body = {"subscription": town.subscriptions[0], "sql": sql, "epsilon": "0.3"}
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return str(town.users[0].json("POST", "/jobs", body=body, headers={"Idempotency-Key": key})["id"])
        except Problem as problem:
            assert problem.code == "not_ready" and time.monotonic() < until, problem
            time.sleep(0.2)


def ended(town: Town, job: str) -> str:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            status = str(town.users[0].job(job)["status"])
            if status in ENDED:
                return status
        except (Problem, OSError):
            pass  # web itself was killed: it comes back
        time.sleep(0.1)
    return "still running"
