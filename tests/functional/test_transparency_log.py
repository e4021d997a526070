"""The log from journal to receipt: sealing, proofs, verification, rebuilding, and every way to tamper."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.core.sealing import Sealer
from sandbox.core.store import Store
from sandbox.errors import Problem
from sandbox.transparency.journal import Journal
from sandbox.transparency.merkle import leaf_hash, verify_consistency
from sandbox.transparency.notes import Head, Signer, open_checkpoint
from sandbox.transparency.proof_text import parse_proof
from sandbox.transparency.proofs import Tree
from sandbox.transparency.publish import rebuild
from sandbox.transparency.receipt import receipt, verify_receipt
from sandbox.transparency.records import Checkpoint, LogEntry
from sandbox.transparency.seal import Scribe
from sandbox.transparency.serve import proof_for, read_checkpoint
from sandbox.transparency.tiles import extend, read_tile
from sandbox.transparency.verify import compare_with_store, verify_log

ORIGIN = "box.example/log"
SIGNER = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"k" * 32))
KEY = SIGNER.verifier_key
JOURNAL = Journal(Sealer(b"r" * 32))


class Box:
    """A store with its log folder and scribe."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder
        self.told: list[tuple[int, list[str]]] = []
        self.scribe = Scribe(store, folder, SIGNER, ORIGIN, lambda tx, size, ids: self.told.append((size, list(ids))))

    def write(self, count: int) -> list[LogEntry]:
        with self.store.write() as tx:
            committed = {"result": "secret", "fee": "1.20"}
            return [JOURNAL.write(tx, "job.released", public={"n": n}, committed=committed) for n in range(count)]


@pytest.fixture
def box(store: Store, tmp_path: Path) -> Box:
    return Box(store, tmp_path / "log")


def test_entries_are_sealed_in_order_and_announced(box: Box) -> None:
    assert box.scribe.step() == 0
    assert read_checkpoint(box.folder) is None
    first, second = box.write(3), box.write(2)
    assert box.scribe.step() == 5
    assert box.scribe.step() == 0
    third = box.write(1)
    assert box.scribe.step() == 1
    with box.store.read() as tx:
        sealed = tx.find(LogEntry, order=("index",))
        assert [row.index for row in sealed] == list(range(6))
        assert [row.id for row in sealed] == [row.id for row in first + second + third]
        assert [row.size for row in tx.find(Checkpoint)] == [5, 6]
    assert box.told == [(5, [row.id for row in first + second]), (6, [third[0].id])]
    head = open_checkpoint(str(read_checkpoint(box.folder)), KEY)
    assert (head.origin, head.size) == (ORIGIN, 6)


def test_checkpoints_are_consistent_and_the_log_verifies(box: Box) -> None:
    saved = []
    for count in (1, 254, 1, 1, 300):
        box.write(count)
        box.scribe.step()
        saved.append(str(read_checkpoint(box.folder)))
    report = verify_log(box.folder, KEY)
    assert (report.size, report.origin, report.grown_from) == (557, ORIGIN, None)
    heads = [open_checkpoint(note, KEY) for note in saved]
    tree = Tree(box.folder, 557)
    for note, head in zip(saved, heads, strict=True):
        assert verify_log(box.folder, KEY, note).grown_from == head.size
        assert verify_consistency(head.size, 557, head.root, heads[-1].root, tree.consistency(head.size))
    with box.store.read() as tx:
        assert compare_with_store(tx, box.folder) == 557


def test_a_rewritten_history_does_not_match_an_older_checkpoint(box: Box) -> None:
    box.write(3)
    box.scribe.step()
    forked = SIGNER.sign(Head(ORIGIN, 2, b"\x01" * 32).text())
    longer = SIGNER.sign(Head(ORIGIN, 4, b"\x01" * 32).text())
    for older in (forked, longer):
        with pytest.raises(Problem, match="rewritten or cut"):
            verify_log(box.folder, KEY, older)


def test_tiles_that_agree_with_each_other_must_agree_with_the_checkpoint(box: Box, tmp_path: Path) -> None:
    box.write(3)
    box.scribe.step()
    extend(tmp_path / "other", 0, [b"other", b"leaves", b"here"])
    shutil.copy(box.folder / "checkpoint", tmp_path / "other")
    with pytest.raises(Problem, match="do not add up"):
        verify_log(tmp_path / "other", KEY)


@pytest.mark.parametrize(
    "path",
    ["checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"],
)
def test_every_file_is_checked(box: Box, path: str) -> None:
    box.write(300)
    box.scribe.step()
    verify_log(box.folder, KEY)
    file = box.folder / path
    whole = file.read_bytes()
    for damaged in (
        whole[:-1],
        bytes([whole[0] ^ 1]) + whole[1:],
        whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:],
        None,
    ):
        if damaged is None:
            file.unlink()
        else:
            file.write_bytes(damaged)
        with pytest.raises(Problem) as raised:
            verify_log(box.folder, KEY)
        assert raised.value.code == "integrity_stop"
        assert raised.value.fields["faults"]
    file.write_bytes(whole)
    verify_log(box.folder, KEY)


def test_a_lost_folder_is_rebuilt_from_rows(box: Box) -> None:
    box.write(270)
    box.scribe.step()
    before = {path: path.read_bytes() for path in box.folder.rglob("*") if path.is_file()}
    shutil.rmtree(box.folder)
    with box.store.read() as tx:
        rebuild(tx, box.folder)
    assert {path: path.read_bytes() for path in box.folder.rglob("*") if path.is_file()} == before
    shutil.rmtree(box.folder)
    again = Box(box.store, box.folder)
    box.scribe.close()
    assert again.scribe.step() == 0, "a new scribe does the same by itself"
    assert verify_log(box.folder, KEY).size == 270


def test_rows_that_differ_from_tiles_are_found(box: Box) -> None:
    entries = box.write(2)
    box.scribe.step()
    with box.store.write() as tx:
        row = tx.get(LogEntry, entries[0].id)
        assert row is not None
        tx.change(row, leaf=row.leaf + b" ")
        with pytest.raises(Problem, match="bundle 0"):
            compare_with_store(tx, box.folder)


def test_proofs_on_request(box: Box) -> None:
    entries = box.write(5)
    with box.store.read() as tx, pytest.raises(Problem, match="not_found"):
        proof_for(tx, box.folder, index=0)
    box.scribe.step()
    waiting = box.write(1)[0]
    with box.store.read() as tx:
        by_index = proof_for(tx, box.folder, index=3)
        assert by_index == proof_for(tx, box.folder, leaf_hash=entries[3].leaf_hash)
        lines = by_index.split("\n")
        assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 3"]
        assert by_index.endswith("\n\n" + str(read_checkpoint(box.folder)))
        extra = by_index.replace("index 3", "extra aGk=\nindex 3", 1)
        assert parse_proof(extra) == parse_proof(by_index)
        for absent in ({"index": 5}, {"index": -1}, {"leaf_hash": "00"}, {"leaf_hash": waiting.leaf_hash}):
            with pytest.raises(Problem, match="not_found"):
                proof_for(tx, box.folder, **absent)  # type: ignore[arg-type]
        for unclear in ({}, {"index": 1, "leaf_hash": "00"}):
            with pytest.raises(Problem, match="field_invalid"):
                proof_for(tx, box.folder, **unclear)  # type: ignore[arg-type]


def test_a_receipt_proves_its_answer_offline(box: Box) -> None:
    entries = box.write(3)
    with box.store.read() as tx, pytest.raises(Problem, match="job_not_finished"):
        receipt(tx, entries[1], JOURNAL, box.folder)
    box.scribe.step()
    text = _receipt(box, entries[1].id)
    found = verify_receipt(text, KEY)
    assert (found.origin, found.size, found.index) == (ORIGIN, 3, 1)
    assert found.leaf["public"] == {"n": 1}
    assert found.opened == {"result": b"secret", "fee": b"1.20"}
    box.write(400)
    box.scribe.step()
    assert verify_receipt(text, KEY) == found, "growth does not spoil it"
    assert verify_receipt(_receipt(box, entries[1].id), KEY).size == 403
    other = Signer(ORIGIN, Ed25519PrivateKey.generate())
    with pytest.raises(Problem, match="not signed by"):
        verify_receipt(text, other.verifier_key)


def _receipt(box: Box, entry: str) -> str:
    with box.store.read() as tx:
        row = tx.get(LogEntry, entry)
        assert row is not None
        return receipt(tx, row, JOURNAL, box.folder)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_changed_receipt_verifies(box: Box, data: st.DataObject) -> None:
    if read_checkpoint(box.folder) is None:
        box.write(3)
        box.scribe.step()
    with box.store.read() as tx:
        good = json.loads(receipt(tx, tx.find(LogEntry, index=2)[0], JOURNAL, box.folder))
    before = verify_receipt(json.dumps(good), KEY)
    places = [("proof",), ("leaf",)]
    places += [("openings", name, part) for name in ("result", "fee") for part in ("tag", "value", "salt")]
    place = data.draw(st.sampled_from(places))
    holder: dict[str, Any] = good
    for step in place[:-1]:
        holder = holder[step]
    text = holder[place[-1]]
    at = data.draw(st.integers(0, len(text) - 1))
    replacement = data.draw(st.sampled_from("Aa0/+= \n") | st.just(""))
    changed = text[:at] + replacement + text[at + 1 :]
    holder[place[-1]] = changed
    if changed == text:
        assert verify_receipt(json.dumps(good), KEY) == before
        return
    with pytest.raises(Problem, match="field_invalid"):
        verify_receipt(json.dumps(good), KEY)


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"proof": 1, "leaf": "", "openings": {}}', b"\xff"])
def test_what_is_no_receipt_is_refused(text: str | bytes) -> None:
    with pytest.raises(Problem, match="field_invalid"):
        verify_receipt(text, KEY)


def test_an_opening_does_not_pass_for_another(box: Box) -> None:
    entry = box.write(1)[0]
    box.scribe.step()
    good = json.loads(_receipt(box, entry.id))
    good["openings"]["fee"] = good["openings"]["result"]
    with pytest.raises(Problem, match="another name"):
        verify_receipt(json.dumps(good), KEY)
    leaf = json.loads(base64.b64decode(good["leaf"]))
    assert leaf_hash(base64.b64decode(good["leaf"])).hex() == entry.leaf_hash
    assert leaf["commitments"]["fee"] != leaf["commitments"]["result"]


def test_a_salt_of_another_length_opens_nothing(box: Box) -> None:
    """HMAC pads its key with zeros, so the commitment alone would not notice."""
    entry = box.write(1)[0]
    box.scribe.step()
    good = json.loads(_receipt(box, entry.id))
    salt = base64.b64decode(good["openings"]["fee"]["salt"]) + b"\0"
    good["openings"]["fee"]["salt"] = base64.b64encode(salt).decode()
    with pytest.raises(Problem, match="opening of fee"):
        verify_receipt(json.dumps(good), KEY)


def test_the_public_files_are_those_that_are_served(box: Box) -> None:
    box.write(300)
    box.scribe.step()
    for path in ("tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"):
        assert read_tile(box.folder, path) == (box.folder / path).read_bytes()
    assert read_tile(box.folder, "tile/0/001.p/45") is None


def test_receipts_are_checked_without_database_or_network() -> None:
    code = (
        "import sys; import sandbox.transparency.receipt; "
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'sqlalchemy','flask','httpx','socket','pydantic'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_work_of_a_step_does_not_grow_with_the_log(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    real = Path.read_bytes

    def counting(path: Path) -> bytes:
        data = real(path)
        read.append(len(data))
        return data

    costs = []
    for size in (300, 1100):
        with box.store.read() as tx:
            have = len(tx.find(LogEntry))
        box.write(size - have)
        while box.scribe.step():
            pass
        monkeypatch.setattr(Path, "read_bytes", counting)
        read.clear()
        box.write(1)
        assert box.scribe.step() == 1
        monkeypatch.setattr(Path, "read_bytes", real)
        costs.append(len(read))
    assert max(costs) <= 10
