"""The scribe dies at every line, loses its lease, meets a rival or a restored backup: the log stays right."""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sandbox.core.clock import now
from sandbox.core.sealing import Sealer
from sandbox.core.store import Store, Transaction
from sandbox.errors import Problem
from sandbox.stores.sql import SqlStore
from sandbox.transparency.journal import Journal
from sandbox.transparency.notes import Head, Signer
from sandbox.transparency.records import Checkpoint, Lease, LogEntry, Opening
from sandbox.transparency.seal import Scribe
from sandbox.transparency.serve import read_checkpoint
from sandbox.transparency.tiles import tile_path
from sandbox.transparency.verify import compare_with_store, verify_log

ORIGIN = "box.example/log"
SIGNER = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"k" * 32))
JOURNAL = Journal(Sealer(b"r" * 32))
SHORT = timedelta(milliseconds=1)


@pytest.fixture(autouse=True)
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process loses nothing that the kernel has, so these tests need not wait for the disk."""
    monkeypatch.setattr("os.fsync", lambda handle: None)


def write(store: Store, count: int) -> None:
    """Entries with one opening each; `on_sealed` marks the entry by removing it, as a job is flipped to done."""
    with store.write() as tx:
        for number in range(count):
            JOURNAL.write(tx, "job.released", public={"n": number}, committed={"r": "1"})


def flip(tx: Transaction, size: int, entries: Sequence[str]) -> None:
    for entry in entries:
        if row := tx.get(Opening, f"{entry}:r"):
            tx.remove(row)


def scribe(store: Store, folder: Path, term: timedelta = SHORT) -> Scribe:
    return Scribe(store, folder, SIGNER, ORIGIN, flip, term=term)


def check(store: Store, folder: Path, size: int) -> None:
    """Files are whole, equal the rows, and every sealed entry was told."""
    assert verify_log(folder, SIGNER.verifier_key).size == size
    with store.read() as tx:
        assert compare_with_store(tx, folder) == size
        assert sorted(row.index for row in tx.find(LogEntry) if row.index is not None) == list(range(size))
        assert tx.find(Opening) == []


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """254 sealed entries and 3 that wait: the next seal fills a tile and begins others."""
    home = tmp_path_factory.mktemp("world")
    store = SqlStore(f"sqlite:///{home / 'control.db'}")
    store.create()
    write(store, 254)
    first = scribe(store, home / "log")
    assert first.step() == 254
    first.close()
    write(store, 3)
    store.close()
    return home


class Deadly:
    """Counts the points between which a crash can fall, and calls `die` at the chosen one."""

    def __init__(self, at: int, die: Callable[[], None]) -> None:
        self.at, self.passed, self._die = at, 0, die

    def point(self) -> None:
        if self.passed == self.at:
            self._die()
        self.passed += 1

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*given: Any, **named: Any) -> Any:
            self.point()
            result = function(*given, **named)
            self.point()
            return result

        return wrapped

    def store(self, inner: SqlStore) -> Store:
        deadly = self

        class Wrapped:
            read, ping = inner.read, inner.ping

            @contextmanager
            def write(self, *, durable: bool = True) -> Iterator[Transaction]:
                deadly.point()
                with inner.write(durable=durable) as tx:
                    yield tx
                    deadly.point()
                deadly.point()

        return Wrapped()


def run_and_die(home: Path, at: int) -> int:
    """Let a child process step and kill it at point `at`; give how many points there were if it lived, else 0."""
    child = os.fork()
    if child == 0:
        deadly = Deadly(at, lambda: os.kill(os.getpid(), signal.SIGKILL))
        Path.replace = deadly.around(Path.replace)  # type: ignore[method-assign]
        Path.mkdir = deadly.around(Path.mkdir)  # type: ignore[method-assign]
        shutil.rmtree = deadly.around(shutil.rmtree)  # type: ignore[assignment]
        sealed = -1
        try:
            store = deadly.store(SqlStore(f"sqlite:///{home / 'control.db'}"))
            sealed = scribe(store, home / "log").step()
        finally:
            os._exit(min(deadly.passed, 255) if sealed == 3 else 0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        assert os.WEXITSTATUS(status) > 0, "the scribe failed although nobody killed it"
        return os.WEXITSTATUS(status)
    return 0


def test_killed_at_any_point_the_next_scribe_finishes(world: Path, tmp_path: Path) -> None:
    at, points = 0, 0
    while not points:
        home = tmp_path / str(at)
        shutil.copytree(world, home)
        points = run_and_die(home, at)
        store = SqlStore(f"sqlite:///{home / 'control.db'}")
        before = verify_log(home / "log", SIGNER.verifier_key).size
        assert before in (254, 257), "what is public is always whole"
        time.sleep(0.002)
        write(store, 2)
        assert scribe(store, home / "log").step() in (2, 5)
        check(store, home / "log", 259)
        store.close()
        shutil.rmtree(home)
        at += 1
    assert points == at - 1
    assert points > 25, "before, in and after three transactions, around every file and folder"


def test_killed_again_and_again_while_entries_come_in(world: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(world, home)
    store = SqlStore(f"sqlite:///{home / 'control.db'}")
    dice = random.Random(7)
    written = 257
    for _ in range(12):
        child = os.fork()
        if child == 0:
            own = scribe(SqlStore(f"sqlite:///{home / 'control.db'}"), home / "log")
            while True:
                own.step()
        for _ in range(dice.randrange(1, 6)):
            write(store, (count := dice.randrange(1, 40)))
            written += count
            time.sleep(dice.random() * 0.012)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    time.sleep(0.002)
    last = scribe(store, home / "log")
    while last.step():
        pass
    check(store, home / "log", written)
    store.close()


def test_a_failing_callback_is_called_again(store: Store, tmp_path: Path) -> None:
    calls: list[Sequence[str]] = []

    def fail_once(tx: Transaction, size: int, entries: Sequence[str]) -> None:
        calls.append(entries)
        if len(calls) == 1:
            raise RuntimeError
        flip(tx, size, entries)

    write(store, 2)
    own = Scribe(store, tmp_path / "log", SIGNER, ORIGIN, fail_once)
    with pytest.raises(RuntimeError):
        own.step()
    assert own.step() == 0
    assert calls[0] == calls[1]
    assert len(calls[0]) == 2
    assert own.step() == 0
    assert len(calls) == 2
    check(store, tmp_path / "log", 2)


def test_two_scribes_at_once_seal_every_entry_once(store: Store, tmp_path: Path) -> None:
    sealed: dict[int, int] = {0: 0, 1: 0}
    faults: list[Exception] = []
    done = threading.Event()

    def work(which: int) -> None:
        own = scribe(store, tmp_path / "log", timedelta(milliseconds=20))
        try:
            while not done.is_set() or own.step():
                sealed[which] += own.step()
        except Exception as fault:  # noqa: BLE001 - shown by the assertion below
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(which,)) for which in sealed]
    for thread in threads:
        thread.start()
    for _ in range(20):
        write(store, 3)
        time.sleep(0.005)
    done.set()
    for thread in threads:
        thread.join(20)
    assert faults == []
    last = scribe(store, tmp_path / "log")
    time.sleep(0.03)
    last.step()
    check(store, tmp_path / "log", 60)


def test_only_the_holder_of_the_lease_seals(store: Store, tmp_path: Path) -> None:
    first, second = (scribe(store, tmp_path / "log", timedelta(minutes=1)) for _ in range(2))
    write(store, 1)
    assert first.step() == 1
    write(store, 1)
    assert second.step() == 0
    first.close()
    assert second.step() == 1
    with store.read() as tx:
        lease = tx.get(Lease, "scribe")
    assert lease is not None
    assert lease.fence == 2


def test_a_scribe_that_slept_through_its_lease_seals_nothing(store: Store, tmp_path: Path) -> None:
    first, second = (scribe(store, tmp_path / "log", timedelta(minutes=1)) for _ in range(2))
    write(store, 1)
    assert first.step() == 1
    with store.write() as tx:
        lease = tx.get(Lease, "scribe")
        assert lease is not None
        tx.change(lease, until=now())
    assert second.step() == 0, "takes the lease over"
    write(store, 1)
    assert first.step() == 0, "believes in its lease, but its fence is old"
    assert second.step() == 1
    check(store, tmp_path / "log", 2)


@pytest.fixture
def restored(world: Path, tmp_path: Path) -> Iterator[tuple[SqlStore, Path]]:
    """A database set back to 254 entries under a log that went on to 257."""
    home = tmp_path / "home"
    shutil.copytree(world, home)
    store = SqlStore(f"sqlite:///{home / 'control.db'}")
    assert scribe(store, home / "log").step() == 3
    store.close()
    for old in home.glob("control.db*"):
        old.unlink()
    shutil.copy(world / "control.db", home / "control.db")
    store = SqlStore(f"sqlite:///{home / 'control.db'}")
    yield store, home / "log"
    store.close()


def refuses(store: Store, folder: Path) -> None:
    """The scribe stops, again and again, and touches neither files nor rows."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with store.read() as tx:
        rows = tx.find(LogEntry), tx.find(Checkpoint)
    own = scribe(store, folder)
    for _ in range(2):
        with pytest.raises(Problem) as raised:
            own.step()
        assert raised.value.code == "integrity_stop"
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    with store.read() as tx:
        assert (tx.find(LogEntry), tx.find(Checkpoint)) == rows


def test_a_restored_backup_stops_the_scribe(restored: tuple[SqlStore, Path]) -> None:
    refuses(*restored)


def test_tiles_that_are_ahead_stop_it_without_their_checkpoint(restored: tuple[SqlStore, Path]) -> None:
    store, folder = restored
    (folder / "checkpoint").unlink()
    refuses(store, folder)


@pytest.mark.parametrize("size", [254, 100])
def test_a_checkpoint_that_the_database_does_not_know_stops_it(world: Path, tmp_path: Path, size: int) -> None:
    shutil.copytree(world, home := tmp_path / "home")
    store = SqlStore(f"sqlite:///{home / 'control.db'}")
    (home / "log" / "checkpoint").write_text(SIGNER.sign(Head(ORIGIN, size, b"\1" * 32).text()))
    refuses(store, home / "log")
    store.close()


def test_a_checkpoint_by_another_key_stops_it(world: Path, tmp_path: Path) -> None:
    shutil.copytree(world, home := tmp_path / "home")
    store = SqlStore(f"sqlite:///{home / 'control.db'}")
    note = str(read_checkpoint(home / "log"))
    (home / "log" / "checkpoint").write_text(note[:-10] + "AAAAAAAA=\n")
    refuses(store, home / "log")
    store.close()


def test_a_damaged_tile_stops_it_before_it_signs(world: Path, tmp_path: Path) -> None:
    shutil.copytree(world, home := tmp_path / "home")
    store = SqlStore(f"sqlite:///{home / 'control.db'}")
    tile = home / "log" / tile_path(0, 0, 254)
    tile.write_bytes(tile.read_bytes()[:-1] + b"\0")
    refuses(store, home / "log")
    store.close()


def test_a_waiting_entry_that_was_changed_is_not_signed(world: Path, tmp_path: Path) -> None:
    shutil.copytree(world, home := tmp_path / "home")
    store = SqlStore(f"sqlite:///{home / 'control.db'}")
    with store.write() as tx:
        row = tx.find(LogEntry, index=None)[0]
        tx.change(row, leaf=row.leaf + b" ")
    refuses(store, home / "log")
    store.close()


def test_a_sealed_row_that_was_changed_is_not_published(world: Path, tmp_path: Path) -> None:
    shutil.copytree(world, home := tmp_path / "home")
    store = SqlStore(f"sqlite:///{home / 'control.db'}")
    with store.write() as tx:
        row = tx.find(LogEntry, index=7)[0]
        tx.change(row, leaf=row.leaf + b" ")
    shutil.rmtree(home / "log")
    with pytest.raises(Problem, match="root that was signed"):
        scribe(store, home / "log").step()
    assert read_checkpoint(home / "log") is None
    store.close()
