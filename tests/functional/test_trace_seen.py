"""What others add to evidence: witnesses who saw the log, an authority that says when, a recipient who signed – each
shown or said to be missing, none to be forged."""

from __future__ import annotations

import base64
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from authorities import Authority
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from traced import RESULT_OF, SIGNER, Box, damaged

from sandbox.core.canonical import canonical_bytes
from sandbox.core.clock import now, rfc3339
from sandbox.core.ids import new_id
from sandbox.errors import Problem
from sandbox.identity.records import SigningKey
from sandbox.jobs.records import Delivery
from sandbox.oversight import timestamps
from sandbox.oversight.acknowledged import message
from sandbox.oversight.evidence import verify_bundle
from sandbox.oversight.records import Trace
from sandbox.stores.sql import SqlStore
from sandbox.transparency.cosign import Cosigner
from sandbox.transparency.records import KeptCosignature, LogEntry
from sandbox.transparency.serve import read_checkpoint

LOG = SIGNER.verifier_key
WITNESS = Cosigner("witness.example", Ed25519PrivateKey.from_private_bytes(b"w" * 32))


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    store = SqlStore(f"sqlite:///{tmp_path / 'control.db'}")
    store.create()
    yield Box(store, tmp_path / "log")
    store.close()


def traced(box: Box, *, sign: Callable[[bytes], bytes] | None = None) -> tuple[bytes, Trace]:
    """A trace of beta's copy, and all that it needs sealed; `sign`: beta signs for its delivery."""
    base = box.base()
    box.release(base, "alpha")
    leak = damaged(box.release(base, "beta"))
    if sign is not None:
        signed_for(box, sign)
    made = box.core(*box.trace(leak))
    box.seal()
    return made


def signed_for(box: Box, sign: Callable[[bytes], bytes]) -> None:
    public = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
    with box.store.write() as tx:
        key = SigningKey(new_id("signing"), "party-beta", public, now(), None)
        tx.add(key)
        said = {"party": "party-beta"}
        box.journal.write(tx, "signing_key.registered", public={"key": public}, committed=said, party="party-beta")
        delivery = tx.find(Delivery)[-1]
        leaf = tx.get(LogEntry, delivery.entry)
        assert leaf is not None
        signature = base64.b64encode(sign(message(leaf.leaf_hash))).decode()
        tx.change(delivery, acknowledgement={"signature": signature, "signing_key": key.id})


KEY = Ed25519PrivateKey.from_private_bytes(b"s" * 32)


def checked(data: bytes, *witnesses: str, roots: bytes | None = None) -> dict[str, Any]:
    return verify_bundle(data, LOG, RESULT_OF, witnesses, roots)


def changed(data: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    with zipfile.ZipFile(out := io.BytesIO(), "w") as archive:
        for name, held in files.items():
            archive.writestr(name, held)
    return out.getvalue()


def test_what_is_missing_is_said(box: Box) -> None:
    found = checked(box.attached(*traced(box)), WITNESS.verifier_key)
    assert found["witnesses"] == {"witness.example": None} and found["timestamp"] is None
    assert {"witness", "timestamp", "delivery"}.isdisjoint(check["check"] for check in found["checks"])
    said = " ".join(found["not_proved"]["en"])
    for words in (
        "none of the given witnesses",
        "holds no timestamp",
        "no delivery of it was signed",
        "made honestly",
        "frame",
    ):
        assert words in said
    assert len(found["not_proved"]["zh"]) == len(found["not_proved"]["en"]) == 6


def test_a_witness_is_shown_and_only_the_one_that_is_trusted(box: Box) -> None:
    core, trace = traced(box)
    note = str(read_checkpoint(box.folder))
    with box.store.write() as tx:
        moment = int(time.time())
        line = WITNESS.line(note, moment)
        tx.add(KeptCosignature("1", int(note.split("\n")[1]), "witness.example", line, now()))
    bundle = box.attached(core, trace)
    found = checked(bundle, WITNESS.verifier_key)
    assert found["witnesses"] == {"witness.example": rfc3339(datetime.fromtimestamp(moment, UTC))}
    assert "witness" in [check["check"] for check in found["checks"]]
    assert not any("witnesses" in line for line in found["not_proved"]["en"])
    stranger = Cosigner("witness.example", Ed25519PrivateKey.generate())
    assert checked(bundle, stranger.verifier_key)["witnesses"] == {"witness.example": None}
    with pytest.raises(Problem, match="no witness's key"):
        checked(bundle, LOG)

    def forged(files: dict[str, bytes]) -> None:
        line = WITNESS.line(note.replace(note.split("\n")[1], "3", 1))
        files["log/checkpoint"] = (note + line).encode()

    with pytest.raises(Problem, match="does not verify"):
        checked(changed(bundle, forged), WITNESS.verifier_key)


def test_a_timestamp_is_asked_shown_and_checked(box: Box, tmp_path: Path) -> None:
    authority, other = Authority(tmp_path / "tsa"), Authority(tmp_path / "other")
    core, trace = traced(box)
    transport = httpx.MockTransport(authority.handle)
    bundle = box.attached(core, trace, lambda note: timestamps.ask("http://tsa.example/", note, transport))
    found = checked(bundle, roots=authority.roots)
    assert found["timestamp"][:2] == "20" and "timestamp" in [check["check"] for check in found["checks"]]
    unread = checked(bundle)
    assert unread["timestamp"] is None and any("no roots" in line for line in unread["not_proved"]["en"])
    with pytest.raises(Problem, match="timestamp does not verify"):
        checked(bundle, roots=other.roots)
    with pytest.raises(Problem, match="timestamp does not verify"):
        checked(bundle, roots=b"no certificate")
    stale = timestamps.ask("http://tsa.example/", SIGNER.sign("other\n1\nAAAA\n"), transport)
    with pytest.raises(Problem, match="timestamp does not verify"):
        checked(changed(bundle, lambda files: files.update({"log/timestamp": stale})), roots=authority.roots)


def test_an_authority_that_does_not_answer_is_told(tmp_path: Path) -> None:
    authority, note = Authority(tmp_path / "tsa"), SIGNER.sign("box\n1\nAAAA\n")
    answers = [
        httpx.Response(500),
        httpx.Response(200, content=b"no answer"),
        httpx.Response(200, content=timestamps.ask("http://a/", note, httpx.MockTransport(authority.handle))),
    ]
    for answer in answers:  # the last one is of another question: a replay
        with pytest.raises(Problem, match="gives no timestamp") as raised:
            timestamps.ask("http://a/", note, httpx.MockTransport(lambda _, answer=answer: answer))
        assert raised.value.code == "not_ready"

    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("away")

    with pytest.raises(Problem, match="gives no timestamp"):
        timestamps.ask("http://a/", note, httpx.MockTransport(away))


def test_a_signed_delivery_is_shown(box: Box) -> None:
    bundle = box.attached(*traced(box, sign=KEY.sign))
    found = checked(bundle)
    assert found["findings"][0]["signed"] == ["00"]
    assert ("delivery", 1) in [(check["check"], check["finding"]) for check in found["checks"]]
    assert not any("signed for" in line for line in found["not_proved"]["en"])
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        assert "signed for a delivery of this release with its own key" in archive.read("statement.en.md").decode()


def with_signature(files: dict[str, bytes]) -> None:
    files["finding-1/delivery-1/signature"] = KEY.sign(b"another text")


def with_another_file(files: dict[str, bytes]) -> None:
    said = json.loads(files["finding-1/delivery-1/openings.json"])
    said["file"]["value"] = base64.b64encode(b"01").decode()
    files["finding-1/delivery-1/openings.json"] = canonical_bytes(said)


def with_anothers_key(files: dict[str, bytes]) -> None:
    said = json.loads(files["finding-1/delivery-1/key.json"])
    del said["party"]
    files["finding-1/delivery-1/key.json"] = canonical_bytes(said)


def without_it(files: dict[str, bytes]) -> None:
    for name in [name for name in files if "delivery-1" in name]:
        del files[name]


@pytest.mark.parametrize("change", [with_signature, with_another_file, with_anothers_key, without_it])
def test_a_forged_delivery_is_refused(box: Box, change: Callable[[dict[str, bytes]], None]) -> None:
    bundle = box.attached(*traced(box, sign=KEY.sign))
    with pytest.raises(Problem, match="own key signed"):
        checked(changed(bundle, change))


def test_a_signature_that_the_service_made_up_shows_nothing(box: Box) -> None:
    """A host that frames: it writes into its own database that the recipient signed."""
    forger = Ed25519PrivateKey.generate()
    bundle = box.attached(*traced(box, sign=forger.sign))
    with pytest.raises(Problem, match="signature does not verify"):
        checked(bundle)


def test_an_announcement_behind_the_result_is_refused(box: Box) -> None:
    """A host that scores first and announces the number of recipients that suits the result."""
    base = box.base()
    leak = box.release(base, "beta")
    core, trace = box.core(*box.trace(leak))
    box.trace(leak)
    box.seal()
    with pytest.raises(Problem, match="in this order"):
        checked(box.attached(core, trace))


def test_evidence_whose_openings_were_erased_is_said_to_be_gone(box: Box) -> None:
    from sandbox.transparency.records import Opening

    core, trace = traced(box)
    with box.store.write() as tx:
        for row in tx.find(Opening, entry=trace.entry or ""):
            tx.remove(row)
    with pytest.raises(Problem, match="was erased"):
        box.attached(core, trace)
