"""A power cut loses what was not synced: nothing is public before all it rests on is on the disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sandbox.core.sealing import Sealer
from sandbox.stores.sql import SqlStore
from sandbox.transparency.durable import GONE, MOST, Batch, show
from sandbox.transparency.journal import Journal
from sandbox.transparency.notes import Signer
from sandbox.transparency.seal import Scribe

SIGNER = Signer("box.example/log", Ed25519PrivateKey.from_private_bytes(b"k" * 32))


class Disk:
    """What was synced, and what was so when a file was renamed or a folder removed."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.synced: set[int] = set()
        self.changed: set[int] = set()
        self.when: dict[str, set[int]] = {}
        sync, replace, remove = os.fsync, Path.replace, shutil.rmtree

        def fsync(handle: int) -> None:
            sync(handle)
            self.synced.add(os.fstat(handle).st_ino)

        def renamed(path: Path, target: Path) -> Path:
            self.when[Path(target).name] = set(self.synced)
            done = replace(path, target)
            if Path(target).name.endswith(GONE):  # what comes back after a power cut is not missed
                return done
            self.synced.discard(Path(target).parent.stat().st_ino)  # the folder changed: its sync counts no more
            return done

        def removed(folder: Any, **options: Any) -> None:
            self.when[f"removed {Path(folder).name}"] = set(self.synced)
            remove(folder, **options)

        patch.setattr("os.fsync", fsync)
        patch.setattr(Path, "replace", renamed)
        patch.setattr("shutil.rmtree", removed)


@pytest.mark.parametrize("waiting", [3, 255, 256, 300])
def test_the_checkpoint_shows_when_its_tiles_are_durable(
    waiting: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, journal = SqlStore(f"sqlite:///{tmp_path / 'control.db'}"), Journal(Sealer(b"r" * 32))
    store.create()
    scribe = Scribe(store, tmp_path / "log", SIGNER, "box.example/log")
    for count in (2, waiting):
        with store.write() as tx:
            for number in range(count):
                journal.write(tx, "job.released", public={"n": number})
        disk = Disk(monkeypatch) if count == waiting else None
        assert scribe.step() == count
    assert disk is not None
    head = tmp_path / "log" / "checkpoint"
    needed = {
        one.stat().st_ino
        for found in (tmp_path / "log").rglob("tile/*/**/*")
        for one in (found, found.parent)
        if found.is_file() and found.name != "2"  # of the first step
    }
    assert len(needed) >= 4
    assert needed | {head.stat().st_ino} <= disk.when["checkpoint"]
    assert head.parent.stat().st_ino in disk.synced, "its own name is durable before anybody is told"
    full = (waiting + 2) // 256
    assert [(tmp_path / "log/tile" / level / "000.p").exists() for level in ("0", "entries")] == [not full] * 2
    assert not list((tmp_path / "log").rglob(f".*{GONE}"))
    removed = [before for name, before in disk.when.items() if name.startswith("removed")]
    assert bool(removed) == bool(full) and all(needed <= before for before in removed)
    store.close()


def test_more_files_than_may_be_open_are_all_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    with Batch() as files:
        unseen = files.hold(tmp_path / "last", b"last")
        for number in range(2 * MOST + 1):
            files.put(tmp_path / "many" / str(number), b"x")
        files.settle()
        show(unseen, tmp_path / "last")
    written = [tmp_path / "last", *(tmp_path / "many").iterdir()]
    assert len(written) == 2 * MOST + 2
    assert {one.stat().st_ino for one in written} | {tmp_path.stat().st_ino} <= disk.synced


def test_a_disk_that_fails_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = os.fsync

    def fsync(handle: int) -> None:
        if "bad" in os.readlink(f"/proc/self/fd/{handle}"):
            raise OSError(5, "Input/output error")
        sync(handle)

    monkeypatch.setattr("os.fsync", fsync)
    with Batch() as files, pytest.raises(OSError):
        for name in ("good", "bad", "other"):
            files.put(tmp_path / name, b"x")
        files.settle()
