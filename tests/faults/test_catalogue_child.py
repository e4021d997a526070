"""Ingest that dies half-way leaves nothing; the vault learns of it as a refusal."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time

import pytest
from registrations import CLINIC, PERSONS, clinic_files

from sandbox.catalogue.entry import parse_entry
from sandbox.catalogue.ingest import ingest_in_child, version
from sandbox.engines import process
from sandbox.engines.files import read_table
from sandbox.errors import Problem

KEY, PRF = bytes(range(32)), b"order" * 6
ENTRY = parse_entry(CLINIC)


def test_ingest_in_a_child_gives_report_and_file(tmp_path):
    target = tmp_path / "v.duckdb"
    made = ingest_in_child(ENTRY, clinic_files(tmp_path), target, KEY, PRF)
    assert made.report["tables"]["persons"]["rows_kept"] == 8
    assert len(read_table(target, KEY, "visits")) == 15
    assert not multiprocessing.active_children()


def test_refusals_cross_the_process(tmp_path):
    files = dict(clinic_files(tmp_path))
    files["departments"][0].write_text("wrong\nx\n")
    with pytest.raises(Problem) as refusal:
        ingest_in_child(ENTRY, files, tmp_path / "v.duckdb", KEY, PRF)
    assert refusal.value.code == "table_malformed" and refusal.value.fields == {"table": "departments"}
    assert not list(tmp_path.glob("v.duckdb*"))


def test_a_child_killed_half_way_leaves_nothing(tmp_path, monkeypatch):
    pids: list[int] = []

    class Watched(process.Child):
        def __init__(self, module: str) -> None:
            super().__init__(module)
            pids.append(self.pid)

    monkeypatch.setattr("sandbox.catalogue.ingest.child.Child", Watched)
    target = tmp_path / "v.duckdb"
    many = [[number, "f", 20 + number % 70, "1000.50"] for number in range(100_000)]  # to be written for some seconds
    files = clinic_files(tmp_path, persons=[PERSONS[0], *many])

    def kill_when_it_writes() -> None:
        while not target.with_name("v.duckdb.part").exists():
            time.sleep(0.002)
        os.kill(pids[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_when_it_writes, daemon=True)
    killer.start()
    with pytest.raises(Problem, match="table_malformed"):
        ingest_in_child(ENTRY, files, target, KEY, PRF)
    killer.join(60)
    assert not list(tmp_path.glob("v.duckdb*"))
    monkeypatch.undo()
    ingest_in_child(ENTRY, clinic_files(tmp_path), target, KEY, PRF)
    assert target.exists()


@pytest.mark.parametrize("step", ["number_units", "create", "write_rows", "describe", "write_layout", "publish"])
def test_an_ingest_that_ends_anywhere_leaves_nothing(tmp_path, monkeypatch, step):
    real = getattr(version, step)

    def ends(*given, **named):
        real(*given, **named) if step != "publish" else None
        raise KeyboardInterrupt

    monkeypatch.setattr(version, step, ends)
    with pytest.raises(KeyboardInterrupt):
        version.ingest(ENTRY, clinic_files(tmp_path), tmp_path / "v.duckdb", KEY, PRF)
    assert not list(tmp_path.glob("v.duckdb*"))


def test_a_late_child_is_killed(tmp_path):
    with pytest.raises(Problem, match="table_malformed"):
        ingest_in_child(ENTRY, clinic_files(tmp_path), tmp_path / "v.duckdb", KEY, PRF, seconds=0.01)
    assert not list(tmp_path.glob("v.duckdb*"))


def test_what_an_earlier_attempt_left_is_written_over(tmp_path):
    target = tmp_path / "v.duckdb"
    target.with_name("v.duckdb.part").write_bytes(b"half a file")
    target.write_bytes(b"a whole one that nothing refers to")
    ingest_in_child(ENTRY, clinic_files(tmp_path), target, KEY, PRF)
    assert len(read_table(target, KEY, "persons")) == 8
