"""The child that runs queries may die, hang or hold the wrong key: one uniform failure, and the next query works."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from versions import DuckDBEngine, answers, ascii_rows, measurement, plan, write_version

from sandbox.engines import process
from sandbox.engines.base import EngineFailed, OpenVersion
from sandbox.engines.process import Child, ChildLost
from sandbox.plan import scalar as s

TYPES = {"n": "BIGINT"}
COUNT = plan(measurement("rows"))


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    rows = ascii_rows("__unit __ord __h n\n0 0 1 5\n1 0 2 7", TYPES)
    return write_version(tmp_path_factory.mktemp("faults") / "v.db", {"t": (rows, TYPES)})


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    """Enough rows of one unit that sorting them takes a while."""
    rows = [{"__unit": 0, "__ord": place, "__h": place, "n": place % 7} for place in range(300_000)]
    return write_version(tmp_path_factory.mktemp("large") / "v.db", {"t": (rows, TYPES)})


SLOW = plan(
    measurement("sum", s.Column("n", s.INTEGER), 0, 0, 7),
    keys=[s.Arithmetic("*", s.Column("n", s.INTEGER), s.Column("n", s.INTEGER), s.INTEGER)],
    bounds=(400_000, 2, 200_000),
)


@pytest.fixture
def engine():
    made = DuckDBEngine(seconds=200, children=2)
    yield made
    made.close()


def children(engine: DuckDBEngine) -> list[int]:
    return [seat.child.pid for seat in engine._seats.values() if seat.child is not None]


def test_a_child_killed_in_the_middle_of_a_query_fails_it_and_the_next_works(engine, large, version, monkeypatch):
    assert answers(engine, large, COUNT) == {(): (300_000,)}
    (pid,) = children(engine)
    os.kill(pid, signal.SIGSTOP)  # in the middle, however fast the machine
    failed: list[BaseException] = []
    asked, send = threading.Event(), process.exchange

    def sent(*given):
        asked.set()
        return send(*given)

    monkeypatch.setattr(process, "exchange", sent)

    def ask() -> None:
        try:
            engine.run(large, SLOW)
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert asked.wait(60)
    time.sleep(0.3)
    os.kill(pid, signal.SIGKILL)
    thread.join(60)
    assert [type(error) for error in failed] == [EngineFailed] and str(failed[0]) == ""
    assert answers(engine, large, SLOW)[(0,)] == (0,)


def test_a_child_that_died_between_queries_costs_nothing(engine, version):
    assert answers(engine, version, COUNT) == {(): (2,)}
    (pid,) = children(engine)
    os.kill(pid, signal.SIGKILL)
    (seat,) = engine._seats.values()
    while seat.child is not None and seat.child.alive:
        time.sleep(0.01)
    assert answers(engine, version, COUNT) == {(): (2,)}


def test_a_late_query_is_killed_and_the_next_works(version):
    engine = DuckDBEngine()
    try:
        assert answers(engine, version, COUNT) == {(): (2,)}
        engine._seconds = 3  # only now: to start a child may take longer
        (pid,) = children(engine)
        os.kill(pid, signal.SIGSTOP)
        started = time.monotonic()
        with pytest.raises(EngineFailed):
            engine.run(version, COUNT)
        assert 2.9 < time.monotonic() - started < 60  # a child that is stopped would never answer
        assert not Path(f"/proc/{pid}").exists() and not children(engine)
    finally:
        engine.close()
    patient = DuckDBEngine()
    assert answers(patient, version, COUNT) == {(): (2,)}
    patient.close()


def test_wrong_key_and_missing_file_fail_alike(engine, version, tmp_path):
    for other in (OpenVersion("w", version.path, bytes(32)), OpenVersion("m", tmp_path / "nothing.db", version.key)):
        with pytest.raises(EngineFailed) as failure:
            engine.run(other, COUNT)
        assert failure.value.args == () and failure.value.__cause__ is None
    assert answers(engine, version, COUNT) == {(): (2,)}


def test_a_plan_too_wide_to_compute_fails_before_a_child_sees_it(engine, version):
    n = s.Column("n", s.INTEGER)
    cube = s.Arithmetic("*", s.Arithmetic("*", n, n, s.INTEGER), n, s.INTEGER)
    with pytest.raises(EngineFailed):
        engine.run(version, plan(measurement("sum", cube, 0, 0, 1)))
    assert not children(engine)


def test_children_are_few_recycled_and_gone_at_the_end(version):
    engine = DuckDBEngine(children=2, jobs=2)
    pids = []
    for name in "abcab":
        assert answers(engine, OpenVersion(name, version.path, version.key), COUNT) == {(): (2,)}
        pids += children(engine)
        assert len(children(engine)) <= 2
    engine.run(OpenVersion("b", version.path, version.key), COUNT)
    assert len(children(engine)) == 1  # the second job of `b` was its last
    engine.close()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    with pytest.raises(EngineFailed):
        engine.run(version, COUNT)


def test_many_threads_share_an_engine(engine, version):
    versions = [OpenVersion(name, version.path, version.key) for name in "abc"]
    results: list[object] = []
    threads = [
        threading.Thread(target=lambda one=one: results.append(answers(engine, one, COUNT))) for one in versions * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert results == [{(): (2,)}] * 12


def test_keys_travel_neither_in_arguments_nor_in_the_environment(engine, version):
    engine.run(version, COUNT)
    (pid,) = children(engine)
    seen = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
    assert version.key.hex().encode() not in seen and b"SANDBOX" not in seen
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert "Max core file size        0                    0" in limits


def test_a_child_leaves_when_its_parent_is_gone():
    child = Child("sandbox.engines.duckdb.child")
    assert child._process.stdin is not None
    folder = Path(child._folder.name)
    (folder / "spilled").write_bytes(b"rows, encrypted")
    child._process.stdin.close()
    assert child._process.wait(60) == 0
    assert not folder.exists()
    with pytest.raises(ChildLost):
        child.ask(b"{}", 5)
