"""A limit of the kernel on the whole sandbox, where the vault may set one: cgroup v2, or v1's memory and pids. The
limits of each block are its own (`inside.confine`); these are the second wall, wide enough never to be met."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
TEMPLATE_MB = 2048  # beyond what a block may have: the template itself, and what is counted with it
MOST_PROCESSES = 16
NAME = "sandbox-programs-"
ENTER = 'while [ "$1" != -- ]; do echo $$ > "$1"; shift; done 2>/dev/null; shift; exec "$@"'


class Group:
    """A control group for one sandbox, or as many of its parts as can be made here."""

    def __init__(self, memory_mb: int, root: Path = ROOT) -> None:
        most = (memory_mb + TEMPLATE_MB) << 20
        name = f"{NAME}{os.getpid()}-{id(self):x}"
        unified = root / "cgroup.controllers"
        wanted = (
            {root: {"memory.max": most, "memory.swap.max": 0, "pids.max": MOST_PROCESSES, "cpu.max": "100000 100000"}}
            if unified.exists()
            else {
                root / "memory": {"memory.limit_in_bytes": most},
                root / "pids": {"pids.max": MOST_PROCESSES},
                root / "cpu": {"cpu.cfs_quota_us": 100_000, "cpu.cfs_period_us": 100_000},
            }
        )
        self.folders: list[Path] = []
        for parent, limits in wanted.items():
            _clear(parent)
            folder = parent / name
            with suppress(OSError):
                folder.mkdir()
                self.folders.append(folder)
                for file, value in limits.items():
                    with suppress(OSError):
                        (folder / file).write_text(str(value))

    def entered(self, command: list[str]) -> list[str]:
        """Give the command that enters the group and then becomes `command`: what it starts is in the group, too."""
        return [
            "/bin/sh",
            "-c",
            ENTER,
            "sh",
            *(str(folder / "cgroup.procs") for folder in self.folders),
            "--",
            *command,
        ]

    def close(self) -> None:
        """Remove the group, which is empty by now."""
        for folder in self.folders:
            with suppress(OSError):
                folder.rmdir()
        self.folders = []


def _clear(parent: Path) -> None:
    """Remove the groups of vaults that were killed."""
    for folder in parent.glob(f"{NAME}*"):
        process = folder.name.removeprefix(NAME).partition("-")[0]
        if not Path("/proc", process).exists():
            with suppress(OSError):
                folder.rmdir()
