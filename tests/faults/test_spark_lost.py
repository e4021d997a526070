"""Spark that is late, lost or far away: one uniform failure, nothing shown, and the next question works."""

from __future__ import annotations

import os
import signal
from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import pytest
from sparks import connect_server, needed
from versions import answers, ascii_rows, measurement, plan, write_version

from sandbox.engines.base import EngineFailed, OpenVersion
from sandbox.engines.spark.engine import GRACE, SparkEngine
from sandbox.engines.spark.jar import main as write_jar
from sandbox.engines.spark.storage import folder_of, root_key, stored
from sandbox.plan import scalar as s

pytestmark = needed
TYPES = {"n": "BIGINT", "name": "VARCHAR"}
N, NAME = s.Column("n", s.INTEGER), s.Column("name", s.STRING)
ASKED = plan(measurement("sum", N, 0, 0, 100), keys=[NAME], bounds=(9, 2, 2))
SLOW = plan(measurement("sum", N, 0, 0, 100), keys=[NAME], bounds=(10**6, 10, 10**5))
EXPECTED = {("needle-in-a-row",): (5,), ("other",): (7,)}


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    rows = ascii_rows("__unit __ord __h n name\n0 0 1 5 needle-in-a-row\n1 0 2 7 other", TYPES)
    return write_version(tmp_path_factory.mktemp("faults") / "v.db", {"t": (rows, TYPES)})


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> OpenVersion:
    """Rows of one unit, whose sorting takes a while."""
    rows = [{"__unit": 0, "__ord": place, "__h": place, "n": place % 7, "name": str(place)} for place in range(300_000)]
    return write_version(tmp_path_factory.mktemp("large") / "large.db", {"t": (rows, TYPES)})


@pytest.fixture(scope="module")
def engine():
    made = SparkEngine(seconds=60, memory_mb=1024)
    yield made
    made.close()


def session(engine: SparkEngine) -> int:
    assert engine._child is not None
    return engine._child.pid


def java(leader: int) -> int:
    """The Java of the group that a child leads."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (process / "stat").read_text().rpartition(")")
        except OSError:
            continue
        if name.endswith("(java") and int(rest.split()[2]) == leader:
            return int(process.name)
    raise AssertionError("no Java runs there")


def test_a_late_statement_is_interrupted_and_its_session_goes_on(engine, version, large, monkeypatch):
    assert answers(engine, version, ASKED) == EXPECTED
    before = session(engine)
    engine.run(large, ASKED)  # stored, and what Spark learns from a first run
    monkeypatch.setattr(engine, "_seconds", 0.0)
    started = monotonic()
    with pytest.raises(EngineFailed):
        engine.run(large, SLOW)
    assert monotonic() - started < GRACE
    monkeypatch.undo()
    assert answers(engine, version, ASKED) == EXPECTED
    assert session(engine) == before


def test_what_spark_says_stays_where_it_is(engine, version):
    folder = folder_of(version.path)
    [file] = (folder / "t").iterdir()
    kept = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(kept[:200] + bytes([kept[200] ^ 1]) + kept[201:])
    with pytest.raises(EngineFailed) as failed:
        engine.run(version, ASKED)
    assert str(failed.value) == "" and failed.value.__cause__ is None
    file.write_bytes(kept)
    assert answers(engine, version, ASKED) == EXPECTED


def test_spark_listens_on_this_machine_alone(engine, version):
    answers(engine, version, ASKED)
    process = Path(f"/proc/{java(session(engine))}")
    held = set()
    for one in (process / "fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed meanwhile
            held.add(os.readlink(one))
    own = {name[8:-1] for name in held if name.startswith("socket:[")}
    listening = []
    for table in ("net/tcp", "net/tcp6"):
        for line in (process / table).read_text().splitlines()[1:]:
            cells = line.split()
            if cells[3] == "0A" and cells[9] in own:
                listening.append(cells[1].partition(":")[0])
    loopback = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
    assert listening and set(listening) <= loopback


def test_a_session_whose_java_is_killed_fails_a_job_and_the_next_has_another(engine, version):
    answers(engine, version, ASKED)
    before = session(engine)
    os.kill(java(before), signal.SIGKILL)
    with pytest.raises(EngineFailed):
        engine.run(version, ASKED)
    assert answers(engine, version, ASKED) == EXPECTED
    assert session(engine) != before


def test_a_closed_engine_leaves_no_java_and_runs_nothing(engine, version):
    answers(engine, version, ASKED)
    left = java(session(engine))
    folder = Path(os.readlink(f"/proc/{left}/cwd"))
    assert folder.exists()
    engine.close()
    with pytest.raises(EngineFailed):
        engine.run(version, ASKED)
    until = monotonic() + 30
    while Path(f"/proc/{left}/exe").exists() and monotonic() < until:
        sleep(0.1)
    assert not Path(f"/proc/{left}/exe").exists() and not folder.exists()


def test_a_cluster_gives_the_same_and_never_writes_the_key_down(version, tmp_path: Path):
    """Spark Connect on a server that logs and records all it can."""
    jar = tmp_path / "keys.jar"
    write_jar(str(jar))
    with connect_server(tmp_path, jar) as address:
        engine = SparkEngine(master=address, seconds=60)
        try:
            assert answers(engine, version, ASKED) == EXPECTED
            engine._seconds = 0.0
            with pytest.raises(EngineFailed):
                engine.run(version, ASKED)
            engine._seconds = 60.0
            assert answers(engine, version, ASKED) == EXPECTED
        finally:
            engine.close()
    assert stored(version)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path != jar)
    assert b"sandbox.secret.v.parquet" in written, "the server does write down which settings there are"
    assert b64encode(root_key(version.key)) not in written
    assert b"needle-in-a-row" not in written
