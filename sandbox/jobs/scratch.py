"""Where the vault decrypts uploads: a private folder of its own, gone with it."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sandbox.jobs.doorbell import Doorbell
from sandbox.settings import Settings


@contextmanager
def scratch(settings: Settings) -> Iterator[Path]:
    """A private folder for this vault's decrypted uploads, in memory where the machine has such a place, gone with it.
    Locked while the vault lives: what killed vaults left is removed, what another one works in stays."""
    shared_memory = Path("/dev/shm")  # noqa: S108 – made private below
    parent = settings.scratch or (shared_memory if os.access(shared_memory, os.W_OK) else settings.home)
    parent.mkdir(parents=True, exist_ok=True)
    prefix = f"sandbox-scratch-{Doorbell.tag(settings.home)}-"
    with _locked(settings.home):  # nobody clears away a folder between its making and its lock
        for left in parent.glob(prefix + "*"):
            with suppress(OSError), _locked(left, fcntl.LOCK_NB):
                shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        held = os.open(folder, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


@contextmanager
def _locked(folder: Path, how: int = 0) -> Iterator[None]:
    """Hold the lock of a folder; raises `OSError` with LOCK_NB when somebody else has it."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | how)
        yield
    finally:
        os.close(opened)
