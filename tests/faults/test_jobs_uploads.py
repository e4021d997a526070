"""A vault that dies while it reads in an upload, or traces a file: the task is done once, by whoever comes next."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from estate import Estate, estate, registration, table

from sandbox.catalogue.records import DataVersion, Resource
from sandbox.identity.keys import authenticate
from sandbox.jobs import ingest, trace
from sandbox.jobs.records import Task
from sandbox.jobs.tasks import claim
from sandbox.oversight.records import Trace
from sandbox.service import vault
from sandbox.transparency.records import LogEntry

SQL = "SELECT town, age, COUNT(*) AS n, SUM(wage) AS wages FROM people GROUP BY town, age"


class Killed(BaseException):
    """What a process that is killed does: nothing more."""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with estate(tmp_path_factory.mktemp("box") / "home") as made:
        made.publish(epsilon="100", per_user={"epsilon": "50", "delta": "1e-7"})
        made.web.join("regulator")
        yield made


def upload(box: Estate, name: str, content: bytes) -> Task:
    """Queue a registration as the API does, without waiting for it."""
    house = box.web.house
    with house.store.read() as tx:
        principal = authenticate(tx, f"Bearer {box.web.authority}")
    spooled = house.spool.write(io.BytesIO(content), 1 << 20)
    return ingest.submit(house, principal, registration(name), {name: ingest.Upload(spooled.name, "csv")})


def die(box: Estate, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, when: str) -> None:
    """Claim the task and die at this function."""
    real = getattr(module, name)

    def dies(*given: Any, **named: Any) -> Any:
        if when == "after":
            real(*given, **named)
        raise Killed

    monkeypatch.setattr(module, name, dies)
    task = claim(box.house.store, "dies")
    assert task is not None
    with pytest.raises(Killed):
        vault.attempt(box.house, task)
    monkeypatch.setattr(module, name, real)
    box.expire()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["_write", "_register", "finish"])
def test_an_upload_is_registered_once(box: Estate, monkeypatch: pytest.MonkeyPatch, step: str, when: str) -> None:
    name = f"people_{step.strip('_')}_{when}"
    task = upload(box, name, table())
    die(box, monkeypatch, ingest, step, when)
    box.finish()
    with box.house.store.read() as tx:
        [resource] = tx.find(Resource, name=name)
        assert [version.id for version in tx.find(DataVersion, resource=resource.id)] == [task.subject]
        assert len(tx.find(LogEntry, resource=resource.id, kind="resource.registered")) == 1
        ended = tx.get(Task, task.id)
        assert ended is not None and ended.outcome is not None and ended.outcome["resource"] == resource.id
    assert (box.settings.data_folder / f"{task.subject}.duckdb").exists()
    assert list(box.settings.spool_folder.iterdir()) == []
    assert box.house.vault is not None and list(box.house.vault.scratch.iterdir()) == []


def test_an_upload_that_kills_its_vault_each_time_is_refused(box: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    task = upload(box, "poison", table())
    for _ in range(3):
        die(box, monkeypatch, ingest, "_write", "before")
    box.finish()
    with box.house.store.read() as tx:
        ended = tx.get(Task, task.id)
        assert ended is not None and ended.outcome is not None
        assert ended.outcome["problem"]["code"] == "execution_failed"
        assert tx.find(Resource, name="poison") == []
    assert list(box.settings.spool_folder.iterdir()) == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["prepare", "_announce", "score", "_keep"])
def test_a_trace_ends_once(box: Estate, monkeypatch: pytest.MonkeyPatch, step: str, when: str) -> None:
    box.ask(SQL, epsilon="20", key="the-leak")
    box.finish()
    job = box.ok("GET", "/jobs", key="firm")["items"][0]["id"]
    leak = box.web.call("GET", f"/jobs/{job}/result?format=csv", key="firm").data
    made = box.ok("POST", "/traces", key="regulator", data={"file": (io.BytesIO(leak), "leak.csv", "text/csv")})
    if step == "_keep" and when == "after":  # then the task is finished as well, and nobody comes next
        box.finish()
    else:
        die(box, monkeypatch, trace, step, when)
        box.finish()
    found = box.ok("GET", f"/traces/{made['id']}", key="regulator")
    assert found["status"] == "done"
    assert [finding["verdict"] for finding in found["findings"]] == ["traced"]
    with box.house.store.read() as tx:
        kept = tx.get(Trace, made["id"])
        assert kept is not None and kept.entry is not None
    assert list(box.settings.spool_folder.iterdir()) == []
