"""Whether programs can be kept in on this machine, and if not, why: asked before they are offered."""

from __future__ import annotations

import subprocess
import sys
from functools import lru_cache

from sandbox.isolation import bubblewrap

SECONDS = 60.0
TRIED = """
import os
from inside import confine
if child := confine.forked():
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
confine.shut_in(os.dup(1), 1 << 28, 10)
try:
    open("/proc/self/status")
except PermissionError:
    os._exit(0)
os._exit(1)
"""


@lru_cache(maxsize=1)
def missing() -> str | None:
    """Give what keeps programs from being isolated here, in words; None where every wall stands. Tried once."""
    if not sys.platform.startswith("linux"):
        return "programs need Linux: namespaces and system call filters"
    bwrap = bubblewrap.program()
    if bwrap is None:
        return "bubblewrap is not installed; on Debian or Ubuntu: apt-get install bubblewrap"
    tried = _run(bubblewrap.command(bwrap, "-c", "import ctypes; ctypes.CDLL('libseccomp.so.2')"))
    if tried == "libseccomp":
        return "libseccomp is not installed; on Debian or Ubuntu: apt-get install libseccomp2"
    if tried is not None:
        return f"bubblewrap cannot make a sandbox here ({tried}); user namespaces must be allowed"
    tried = _run(bubblewrap.command(bwrap, "-c", TRIED))
    if tried is not None:
        return f"a block cannot be shut in inside the sandbox ({tried}); nested user namespaces must be allowed"
    return None


def _run(command: list[str]) -> str | None:
    """Give why a command fails, None when it does not."""
    try:
        done = subprocess.run(  # noqa: S603 – our own command, built from our own paths
            command, capture_output=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return type(error).__name__
    if done.returncode == 0:
        return None
    said = done.stderr.decode(errors="replace").strip().splitlines()
    if any("libseccomp" in line for line in said):
        return "libseccomp"
    return said[-1][:200] if said else f"exit {done.returncode}"
