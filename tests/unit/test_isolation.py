"""The sandbox of programs: refused where a wall does not stand, the same time whatever a block does, limits in groups
of the kernel, and a new sandbox where one was lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
from programs import needs_isolation

from sandbox.bootstrap import _renders
from sandbox.errors import Problem
from sandbox.isolation import available, bubblewrap
from sandbox.isolation.cgroups import Group
from sandbox.isolation.inside import loaded
from sandbox.isolation.program import Program, Programs
from sandbox.products.program import code
from sandbox.products.program.kind import ProgramProduct
from sandbox.settings import Settings

ROWS = {"rows": pa.table({"cost": [1.0, 2.0, 3.0]})}
QUICK = "def program(rows, parameters): return rows['cost'].sum()"
HANGS = "def program(rows, parameters):\n    while True: pass"


def program(text: str, milliseconds: int = 150) -> Program:
    return Program(text, ("n",), {}, milliseconds, 64)


def test_without_bubblewrap_programs_are_neither_reviewed_nor_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "program", lambda: None)
    available.missing.cache_clear()
    try:
        assert "apt-get install bubblewrap" in str(available.missing())
        with pytest.raises(Problem, match="does not run programs: bubblewrap is not installed") as refused:
            ProgramProduct().review({}, [])
        assert refused.value.code == "state_conflict"
        with pytest.raises(Problem, match="does not run programs"):
            ProgramProduct().compile(None)  # type: ignore[arg-type]
    finally:
        monkeypatch.undo()
        available.missing.cache_clear()


@needs_isolation
def test_a_wall_that_does_not_stand_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the kernel lets nobody make namespaces inside of namespaces."""
    command = bubblewrap.command
    monkeypatch.setattr(bubblewrap, "command", lambda bwrap, *more: [*command(bwrap)[:1], "--disable-userns",
                                                                       *command(bwrap, *more)[1:]])  # fmt: skip
    available.missing.cache_clear()
    try:
        assert "cannot be shut in inside the sandbox" in str(available.missing())
    finally:
        monkeypatch.undo()
        available.missing.cache_clear()


@needs_isolation
def test_blocks_take_the_same_time_whatever_they_do() -> None:
    programs, took, found = Programs(), {}, {}
    try:
        programs.run(program(QUICK), [ROWS])  # the sandbox is made with the first
        for name, text in {"quick": QUICK, "hangs": HANGS}.items():
            begun = time.monotonic()
            found[name] = programs.run(program(text), [ROWS] * 3)
            took[name] = time.monotonic() - begun
    finally:
        programs.close()
    assert found == {"quick": [(6.0,)] * 3, "hangs": [(None,)] * 3}
    slots = 3 * program(QUICK).slot
    assert all(slots <= one < slots + 60 for one in took.values()), took  # how much later is the machine's


@needs_isolation
def test_a_sandbox_that_is_lost_costs_one_block_at_most() -> None:
    programs = Programs()
    try:
        assert programs.run(program(QUICK), [ROWS]) == [(6.0,)]
        assert programs._template is not None
        os.kill(programs._template._process.pid, signal.SIGKILL)
        found = programs.run(program(QUICK), [ROWS] * 2)
        assert found[-1] == (6.0,) and set(found) <= {(6.0,), (None,)}
    finally:
        programs.close()


@pytest.mark.parametrize("unified", [True, False])
def test_the_kernel_is_asked_for_limits_where_it_takes_them(tmp_path: Path, unified: bool) -> None:
    """Folders as those of cgroup v2 and v1; what cannot be written is left."""
    if unified:
        (tmp_path / "cgroup.controllers").write_text("cpu memory pids")
    else:
        for controller in ("memory", "pids"):
            (tmp_path / controller).mkdir()
    group = Group(512, tmp_path)
    said = subprocess.run(
        group.entered(["/bin/sh", "-c", "echo $$"]), capture_output=True, text=True, check=True
    ).stdout
    files = {str(file.relative_to(tmp_path)): file.read_text() for file in tmp_path.rglob("*") if file.is_file()}
    wanted = {"memory.max", "pids.max", "cpu.max"} if unified else {"memory.limit_in_bytes", "pids.max"}
    assert {Path(name).name for name in files} >= wanted | {"cgroup.procs"}
    assert all(text == said for name, text in files.items() if name.endswith("cgroup.procs"))
    assert str((512 + 2048) << 20) in files.values()


def test_what_review_lets_be_imported_is_what_the_sandbox_has() -> None:
    assert {*loaded.STANDARD, "pandas", "numpy"} == code.LIBRARY


def inside(script: str) -> str:
    """What a script says that runs as the interpreter inside does, with no house around it."""
    ran = [sys.executable, "-B", "-s", "-P", "-W", "ignore", "-c", script]
    environment = {**bubblewrap.ENVIRONMENT, "PYTHONPATH": str(bubblewrap.INSIDE.parent)}
    return subprocess.run(ran, env=environment, capture_output=True, text=True, check=True).stdout


def test_blocks_find_pandas_and_numpy_whole_and_no_tools_of_builders() -> None:
    """What is imported is copied for every block, and is there for whoever looks for a way out."""
    said = inside("import sys; from inside import loaded; loaded.warm_up(); print(*sys.modules)").split()
    assert {"pandas.tseries.holiday", "pandas.core.window.ewm", "numpy.polynomial.chebyshev", "numpy.ma"} <= set(said)
    tools = ("_pytest", "pytest", "setuptools", "distutils", "numpy.f2py", "numpy.testing", "pandas.tests")
    assert [name for name in said if name.startswith(tools)] == []


def test_joined_pages_hold_what_was_written() -> None:
    """Memory of 16 MB, of whose pages some were never touched."""
    script = """
import mmap
from inside import pages
memory = mmap.mmap(-1, 16 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for place in range(0, len(memory), 3 << 12):
    memory[place : place + 8] = place.to_bytes(8, "big")
before = bytes(memory)
made = pages.join()
[large] = (int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if line.startswith("AnonHugePages"))
print(bytes(memory) == before, large >= made << 11)
"""
    assert inside(script).split() == ["True", "True"]


def test_other_engines_run_no_programs() -> None:
    class OnRows:
        on_rows = True

    assert _renders(Settings(engine="spark"))(OnRows(), None) is False  # type: ignore[arg-type]


def test_groups_of_vaults_that_were_killed_are_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("memory")
    mine, theirs = tmp_path / f"sandbox-programs-{os.getpid()}-1", tmp_path / "sandbox-programs-999999999-1"
    mine.mkdir()
    theirs.mkdir()
    made = Group(512, tmp_path)
    assert mine.exists() and not theirs.exists() and len(made.folders) == 1


@needs_isolation
def test_the_whole_sandbox_is_in_its_group() -> None:
    programs = Programs()
    try:
        programs.run(program(QUICK), [ROWS])
        assert programs._template is not None
        inside = [(folder / "cgroup.procs").read_text().split() for folder in programs._template._group.folders]
    finally:
        programs.close()
    if not inside:
        pytest.skip("the kernel takes no limits from this user")
    assert all(len(one) >= 3 for one in inside), "bubblewrap, its first process, and the interpreter"


def test_a_block_takes_memory_once() -> None:
    """Large arrays that come and go are no new pages each time."""
    code = """
import numpy, resource
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def work():
    [numpy.ones((5, 1 << 20), numpy.uint8) for _ in range(3)]
work()
before = faults()
for _ in range(10):
    work()
print(faults() - before)
"""
    ran = subprocess.run([sys.executable, "-c", code], env=bubblewrap.ENVIRONMENT, capture_output=True, check=True)
    assert int(ran.stdout) < 1000  # of some 11,000 otherwise
