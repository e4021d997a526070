"""Files that survive a power cut, written together: one wait for the disk instead of two for each file.

Syncs that run at once share the disk's flush, so all files of a batch are written first and then synced side by side.
Until `settle` returns nothing may count on them."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

MOST = 64
"""Files that are held open at once."""
GONE = ".gone"
"""How the name of a folder ends that is being removed."""


class Batch:
    """Files on their way to the disk. Each is written under a temporary name and renamed, so a reader sees all of it or
    nothing. Leaving the block without `settle` closes them and promises nothing."""

    def __init__(self) -> None:
        self._open: list[BinaryIO] = []
        self._folders: set[Path] = set()
        self._useless: list[Path] = []
        self._removable: list[Path] = []
        self._syncs: list[Future[None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        for folder in self._removable if kind is None else ():
            _remove(folder)

    def put(self, path: Path, data: bytes) -> None:
        """Write `data` at `path`, with its folder."""
        self.hold(path, data).replace(path)
        self._folders.add(path.parent)
        if len(self._open) >= MOST:
            self.settle()

    def hold(self, path: Path, data: bytes) -> Path:
        """Write `data` under the temporary name of `path` and give that; `show` renames it when it is durable."""
        make_folder(path.parent)
        temporary = path.with_name(f".{path.name}.new")
        file = temporary.open("wb")
        self._open.append(file)
        file.write(data)
        file.flush()
        return temporary

    def drop(self, folder: Path) -> None:
        """Remove a folder at the end of the block, if what was written before is durable then: it holds nothing that is
        not there as well."""
        self._useless.append(folder)

    def begin(self) -> None:
        """Send what was written so far on its way to the disk; `settle` waits for it."""
        under_way = len(self._syncs)
        self._syncs += [_at_once().submit(os.fsync, file.fileno()) for file in self._open[under_way:]]

    def settle(self) -> None:
        """Wait until everything written so far is on the disk; raises OSError when it cannot be."""
        self.begin()
        folders = [os.open(folder, os.O_RDONLY) for folder in self._folders]
        try:
            self._syncs += [_at_once().submit(os.fsync, folder) for folder in folders]
            wait(self._syncs)
        finally:
            for handle in folders:
                os.close(handle)
        for sync in self._syncs:
            sync.result()
        self._removable += self._useless
        self._close()

    def _close(self) -> None:
        wait(self._syncs)  # a handle that is closed may come to mean another file
        for file in self._open:
            file.close()
        self._open, self._folders, self._useless, self._syncs = [], set(), [], []


def show(temporary: Path, path: Path) -> None:
    """Give a durable file its name, durably."""
    temporary.replace(path)
    _sync_folder(path.parent)


def _remove(folder: Path) -> None:
    """Rename a folder, then remove it, with what a killed process left so."""
    with suppress(FileNotFoundError):
        folder.replace(folder.with_name(f".{folder.name}.{os.urandom(4).hex()}{GONE}"))
    for left in folder.parent.glob(f".*{GONE}"):
        shutil.rmtree(left, ignore_errors=True)


def make_folder(folder: Path) -> None:
    """Make a folder and its parents so that they survive a power cut."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)


def _at_once() -> ThreadPoolExecutor:
    return _threads(os.getpid())


@lru_cache(maxsize=1)
def _threads(process: int) -> ThreadPoolExecutor:
    """Threads that wait for the disk, kept; a fork makes its own, for threads are not inherited."""
    return ThreadPoolExecutor(8, "sync")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
