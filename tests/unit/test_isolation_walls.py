"""Each wall of the sandbox by itself: behind another one its fall would not be seen.

The outer sandbox, in which blocks start; what a block gives up by itself; the filter of system calls."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from programs import needs_isolation

from sandbox.isolation import available, bubblewrap

OUTER = """
import ctypes, json, os, socket
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
def fails(play):
    try:
        play()
    except OSError:
        return True
print(json.dumps({
    "interfaces": [name for _, name in socket.if_nameindex()],
    "house": os.path.exists(HOUSE), "etc": os.listdir("/etc"),
    "others": [name for name in os.listdir("/proc") if name.isdigit() and int(name) > 9],
    "user": [os.getuid(), os.getgid()], "rights": [int(status[name], 16) for name in ("CapEff", "CapPrm")],
    "host": socket.gethostname(), "environment": sorted(os.environ),
    "written": [one for one in ("/x", "/usr/x", "/house/x", "/house/inside/x") if not fails(lambda: open(one, "w"))],
}))
"""
SHUT_IN = """
import ctypes, json, os, resource, socket
from inside import confine, syscalls
if child := confine.forked():
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
names = [name for _, name in socket.if_nameindex()]
syscalls.load = lambda context: None
confine.shut_in(os.dup(1), 1 << 28, 10)
def code(play):
    try:
        play()
    except BaseException as error:
        return getattr(error, "errno", None) or type(error).__name__
most = {name: resource.getrlimit(getattr(resource, name))[1]
        for name in ("RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_CORE", "RLIMIT_CPU")}
said = {"interfaces": names, "pid": os.getpid(), "most": most, "proc": code(lambda: os.stat("/proc")),
        "usr": code(lambda: os.stat("/usr")), "write": code(lambda: os.mkdir("/x")),
        "memory": code(lambda: bytearray(1 << 30))}
os.write(3, json.dumps(said).encode())
os._exit(0)
"""
FILTER = """
import ctypes, json, mmap, os, resource, signal, socket
from inside import syscalls
result, other = os.dup(1), os.dup(1)
libc = ctypes.CDLL(None)
tries = {
    "open": lambda: os.open("/dev/null", os.O_RDONLY), "read": lambda: os.read(0, 1), "stat": lambda: os.stat("/"),
    "socket": socket.socket, "pair": socket.socketpair, "pipe": os.pipe, "memfd": lambda: os.memfd_create("x"),
    "dup": lambda: os.dup(1), "fork": os.fork, "kill": lambda: os.kill(os.getpid(), 0),
    "affinity": lambda: os.sched_getaffinity(0), "limits": lambda: resource.getrlimit(resource.RLIMIT_AS),
    "chdir": lambda: os.chdir("/"), "exec": lambda: os.execv("/bin/true", ["true"]),
    "executable": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC),
    "elsewhere": lambda: os.write(other, b"x"), "poll": lambda: __import__("select").poll().poll(0),
}
import select
syscalls.load(syscalls.filter_for((1, 2, result)))
def code(play):
    try:
        play()
    except OSError as error:
        return error.errno
said = {name: code(play) for name, play in tries.items()}
said["plain"] = code(lambda: mmap.mmap(-1, 4096))
os.write(result, json.dumps(said).encode())
os._exit(0)
"""


TUNNELS = {"lo", "sit0", "tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "ip6tnl0", "ip6gre0"}
"""What a network has that is new, by which modules the kernel has."""


def said(*command: str, **more: Any) -> Any:
    done = subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL, **more)
    return json.loads(done.stdout)


def sandboxed(script: str) -> Any:
    bwrap = bubblewrap.program()
    assert bwrap is not None
    return said(*bubblewrap.command(bwrap, "-c", script))


@needs_isolation
def test_the_outer_sandbox_alone_has_no_network_no_house_and_no_rights() -> None:
    found = sandboxed(f"HOUSE = {str(Path(__file__))!r}\n{OUTER}")
    assert set(found["interfaces"]) <= TUNNELS and found["host"] == "sandbox"
    assert not found["house"] and set(found["etc"]) <= {"ld.so.cache", "ld.so.conf", "ld.so.conf.d"}
    assert found["others"] == [] and found["user"] == [65534, 65534] and found["rights"] == [0, 0]
    assert set(found["environment"]) <= {*bubblewrap.ENVIRONMENT, "PWD", "LC_CTYPE"} and found["written"] == []


@needs_isolation
def test_a_block_has_given_up_everything_before_its_calls_are_filtered() -> None:
    found = sandboxed(SHUT_IN)
    assert set(found["interfaces"]) <= TUNNELS and found["pid"] == 1
    assert (found["proc"], found["usr"]) == (2, 2), "there is no file at all"
    assert found["write"] == 30 and found["memory"] == "MemoryError"
    assert found["most"] == {
        "RLIMIT_NPROC": 0, "RLIMIT_NOFILE": 4, "RLIMIT_FSIZE": 0, "RLIMIT_CORE": 0, "RLIMIT_CPU": 10,
    }  # fmt: skip


@needs_isolation
def test_the_filter_alone_lets_nothing_be_opened_made_or_seen() -> None:
    """In a process that has everything else."""
    environment = {**bubblewrap.ENVIRONMENT, "PYTHONPATH": str(bubblewrap.INSIDE.parent)}
    found = said(sys.executable, "-B", "-s", "-P", "-c", FILTER, env=environment)
    assert found.pop("plain") is None
    assert {name for name, code in found.items() if code != 1} == set(), found


@needs_isolation
@pytest.mark.parametrize("fallen", ["syscalls.load = lambda context: None", "confine.shut_in = lambda *given: None"])
def test_a_block_that_is_not_shut_in_is_told_before_programs_are_offered(
    fallen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = available.TRIED.replace("import confine\n", f"import confine, syscalls\n{fallen}\n")
    monkeypatch.setattr(available, "TRIED", script)
    available.missing.cache_clear()
    try:
        assert "cannot be shut in" in str(available.missing())
    finally:
        monkeypatch.undo()
        available.missing.cache_clear()
