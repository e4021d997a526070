"""The tree rebuilt from rows: what is wrong there is told, what is wrong in the files is written anew, and files that
know more than the rows are left alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sandbox.core.sealing import Sealer
from sandbox.errors import Problem
from sandbox.stores.sql import SqlStore
from sandbox.transparency.fsck import Rows, fsck
from sandbox.transparency.journal import Journal
from sandbox.transparency.notes import Signer
from sandbox.transparency.seal import Scribe

SIGNER = Signer("box.example/log", Ed25519PrivateKey.from_private_bytes(b"k" * 32))
JOURNAL = Journal(Sealer(b"r" * 32))


@pytest.fixture
def folder(store: SqlStore, tmp_path: Path) -> Path:
    """300 entries under three checkpoints, and two that wait."""
    scribe = Scribe(store, tmp_path / "log", SIGNER, "box.example/log")
    for count in (1, 254, 45):
        write(store, count)
        assert scribe.step() == count
    write(store, 2)
    return tmp_path / "log"


def write(store: SqlStore, count: int) -> None:
    with store.write() as tx:
        for number in range(count):
            JOURNAL.write(tx, "test", public={"n": number})


def check(store: SqlStore, folder: Path, repair: bool = False) -> Rows:
    with store.read() as tx:
        return fsck(tx, folder, SIGNER.verifier_key, repair=repair)


def change(store: SqlStore, statement: str) -> None:
    with store.engine.begin() as connection:
        assert connection.execute(sa.text(statement)).rowcount > 0


def test_a_whole_log_adds_up(store: SqlStore, folder: Path) -> None:
    found = check(store, folder)
    assert (found.size, found.checkpoints, found.waiting, found.rewritten) == (300, 3, 2, False)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE log_entries SET leaf_hash = '00' WHERE \"index\" = 100", "entry 100 was changed"),
        ("UPDATE log_entries SET leaf = (SELECT leaf FROM log_entries WHERE \"index\" = 5), leaf_hash = "
         "(SELECT leaf_hash FROM log_entries WHERE \"index\" = 5) WHERE \"index\" = 100", "do not add up"),
        ("DELETE FROM log_entries WHERE \"index\" = 299", "300 entries has no rows"),
        ("DELETE FROM log_entries WHERE \"index\" = 7", "entry 7 is missing"),
        ("UPDATE checkpoints SET root = '00' WHERE size = 255", "checkpoint of 255"),
        ("UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = 1) WHERE size = 255", "255"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("repair", [False, True])
def test_rows_that_do_not_add_up_are_told_and_never_published(
    store: SqlStore, folder: Path, statement: str, why: str, repair: bool
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    change(store, statement)
    with pytest.raises(Problem, match=why) as raised:
        check(store, folder, repair)
    assert raised.value.code == "integrity_stop" and raised.value.fields["faults"]
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["checkpoint", "tile/0/000", "tile/entries/001.p/44", "tile/1/000.p/1", ""])
def test_damaged_files_are_written_anew(store: SqlStore, folder: Path, name: str) -> None:
    if name:
        (folder / name).write_bytes(b"damaged")
    else:
        shutil.rmtree(folder)
        folder.mkdir()
    with pytest.raises(Problem):
        check(store, folder)
    assert check(store, folder, repair=True).rewritten
    assert not check(store, folder, repair=True).rewritten


def test_files_that_know_more_are_left_alone(store: SqlStore, folder: Path) -> None:
    """An old backup of the database was restored: what the files know is needed to make it whole."""
    change(store, "DELETE FROM checkpoints WHERE size = 300")
    change(store, 'UPDATE log_entries SET "index" = NULL WHERE "index" >= 255')
    before = (folder / "checkpoint").read_bytes()
    with pytest.raises(Problem, match="ahead"):
        check(store, folder, repair=True)
    (folder / "checkpoint").write_bytes(b"damaged")
    with pytest.raises(Problem, match="ahead"):
        check(store, folder, repair=True)
    assert before
