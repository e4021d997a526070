"""The sandbox that all blocks start in, as a command line of bubblewrap: what is in it, and nothing else is."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

INSIDE = Path(__file__).parent / "inside"
LOADER = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d")
SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin")
NOBODY = "65534"


def program() -> str | None:
    """Give where bubblewrap is; None where it is not."""
    return shutil.which("bwrap")


def command(bwrap: str, *arguments: str) -> list[str]:
    """Give the command that runs this interpreter with `arguments` in a sandbox: no network, nobody's user, a read-only
    system, no file of the house, namespaces of its own, and an end when the vault ends."""
    said = [bwrap, "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--clearenv"]
    said += ["--uid", NOBODY, "--gid", NOBODY, "--hostname", "sandbox", "--cap-drop", "ALL"]
    for folder in SYSTEM:
        path = Path(folder)
        if path.is_symlink():
            said += ["--symlink", str(path.readlink()), folder]
        elif path.exists():
            said += ["--ro-bind", folder, folder]
    for file in LOADER:
        said += ["--ro-bind-try", file, file]
    said += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108 – before what may lie in it
    for prefix in dict.fromkeys((sys.base_prefix, sys.prefix)):
        if not Path(prefix).is_relative_to("/usr"):
            said += ["--ro-bind", prefix, prefix]
    said += ["--ro-bind", str(INSIDE), "/house/inside", "--remount-ro", "/", "--chdir", "/"]
    for name, value in ENVIRONMENT.items():
        said += ["--setenv", name, value]
    return [*said, sys.executable, "-B", "-s", "-P", *arguments]


ENVIRONMENT = {
    "PYTHONPATH": "/house",
    "PYTHONHASHSEED": "0",  # a program gives the same for the same rows
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",  # gives memory back, and reserves none
    # A block keeps the memory that it has used until it ends: given back and taken again, each page of a large array
    # would come as a fault, which costs algebra more than the algebra.
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(512 << 20),
}
