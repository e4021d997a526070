"""Witnesses at the service: their cosignatures go into checkpoints and proofs, and what they saw stops a log that was
set back or forked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from estate import Estate, estate

from sandbox.core.keys import FileKeys
from sandbox.errors import Problem
from sandbox.jobs.presence import STOP
from sandbox.transparency.cosign import Cosigner, cosignature
from sandbox.transparency.merkle import verify_inclusion
from sandbox.transparency.notes import Head, Signer, open_checkpoint
from sandbox.transparency.proof_text import parse_proof
from sandbox.transparency.records import Contradiction, Lease, LogEntry
from sandbox.transparency.witness import Witness


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Estate]:
    with estate(tmp_path / "home") as made:
        made.web.join("regulator")
        made.finish()
        yield made


def look(box: Estate, kept: Witness) -> str:
    head = kept.seen().head
    text = box.web.call("GET", f"/log/consistency?old={head.size if head else 0}", key="").text
    return kept.cosign(text)


def grow(box: Estate, name: str) -> None:
    box.web.join(name, "user")
    box.finish()


def forged(box: Estate, size: int) -> str:
    """A checkpoint of another history, signed by the log's own key."""
    key = Ed25519PrivateKey.from_private_bytes(FileKeys(box.settings.key_folder).secret("log"))
    return Signer(box.settings.name, key).sign(Head(box.settings.name, size, b"\x01" * 32).text())


def size_of(box: Estate) -> int:
    return open_checkpoint(box.web.call("GET", "/log/checkpoint", key="").text, box.house.log_public_key).size


def test_cosignatures_go_into_checkpoint_and_proofs(box: Estate, tmp_path: Path) -> None:
    kept = Witness(tmp_path / "w")
    public = kept.create("witness.example", box.house.log_public_key)
    assert box.ok("POST", "/log/checkpoints", {"checkpoint": look(box, kept)}, "")["kept"] == [], "not registered yet"
    made = box.ok("POST", "/log/witnesses", {"key": public}, "regulator")
    assert (made["name"], made["key"]) == ("witness.example", public)
    assert [one["key"] for one in box.ok("GET", "/log/witnesses", key="")["items"]] == [public]
    box.finish()
    handed = box.ok("POST", "/log/checkpoints", {"checkpoint": look(box, kept)}, "")
    assert handed == {"size": size_of(box), "kept": ["witness.example"], "consistent": True}
    checkpoint = box.web.call("GET", "/log/checkpoint", key="").text
    assert cosignature(checkpoint, public) is not None
    cosigned = size_of(box)
    grow(box, "later")
    assert size_of(box) > cosigned
    assert cosignature(box.web.call("GET", "/log/checkpoint", key="").text, public) is None, "not yet"
    for index, witnessed in ((0, True), (cosigned - 1, True), (cosigned, False)):
        proof = parse_proof(box.web.call("GET", f"/log/proof?index={index}", key="").text)
        head = open_checkpoint(proof.checkpoint, box.house.log_public_key)
        with box.house.store.read() as tx:
            leaf = bytes.fromhex(tx.find(LogEntry, index=index)[0].leaf_hash)
        assert verify_inclusion(index, head.size, leaf, proof.path, head.root)
        assert (cosignature(proof.checkpoint, public) is not None) is witnessed
    assert box.ok("POST", "/log/checkpoints", {"checkpoint": look(box, kept)}, "")["kept"] == ["witness.example"]
    kinds = {
        one["kind"] for one in box.ok("GET", f"/log/search?party={box.web.ids['regulator']}", key="regulator")["items"]
    }
    assert "witness.registered" in kinds


@pytest.mark.parametrize("ahead", [0, 1000])
def test_a_checkpoint_of_another_history_stops_the_service(box: Estate, ahead: int) -> None:
    note = forged(box, size_of(box) + ahead)
    answer = box.ok("POST", "/log/checkpoints", {"checkpoint": note}, "")
    assert answer["consistent"] is False
    assert box.web.client.get("/readyz").status_code == 503
    with box.house.store.read() as tx:
        assert tx.get(Lease, STOP) is not None
        assert [one.note for one in tx.find(Contradiction)] == [note]
    box.ok("POST", "/log/checkpoints", {"checkpoint": note}, "")
    with pytest.raises(Problem, match="did not grow through") as raised:
        box.scribe.step()
    assert raised.value.code == "integrity_stop"


def test_a_checkpoint_that_somebody_saved_is_held_against_the_log(box: Estate, tmp_path: Path) -> None:
    """Also what only a folder holds: the regulator's own copy, before anything is sealed."""
    from sandbox.bootstrap import scribe_house
    from sandbox.settings import load

    saved = tmp_path / "saved"
    saved.mkdir()
    good = box.web.call("GET", "/log/checkpoint", key="").text
    (saved / "regulator").write_text(good)
    grow(box, "later")
    assert box.ok("POST", "/log/checkpoints", {"checkpoint": good}, "") == {
        "size": open_checkpoint(good, box.house.log_public_key).size,
        "kept": [],
        "consistent": True,
    }
    settings = load(home=box.settings.home, checkpoints=saved)
    box.scribe.close()
    _, again = scribe_house(settings, lambda tx, size, entries: None)
    again.step()
    again.close()
    (saved / "regulator").write_text(forged(box, 10_000))
    _, again = scribe_house(settings, lambda tx, size, entries: None)
    with pytest.raises(Problem, match="saved checkpoint regulator"):
        again.step()
    again.close()
    (saved / "regulator").write_text("no checkpoint")
    _, again = scribe_house(settings, lambda tx, size, entries: None)
    with pytest.raises(Problem, match="is none of this log"):
        again.step()


def test_who_may_register_what(box: Estate) -> None:
    public = Cosigner("w", Ed25519PrivateKey.generate()).verifier_key
    assert box.web.call("POST", "/log/witnesses", {"key": public}).json["code"] == "role_not_allowed"
    assert box.web.call("POST", "/log/witnesses", {"key": public}, "").json["code"] == "key_missing"
    refused = box.web.call("POST", "/log/witnesses", {"key": box.house.log_public_key}, "regulator").json
    assert refused["code"] == "field_invalid" and "witness key" in refused["detail"]
    box.ok("POST", "/log/witnesses", {"key": public}, "regulator")
    other = Cosigner("w", Ed25519PrivateKey.generate()).verifier_key
    assert box.web.call("POST", "/log/witnesses", {"key": other}, "regulator").json["code"] == "state_conflict"


@pytest.mark.parametrize("note", ["x", "a\n1\nAAAA\n\n— b AAAA\n", "\u2028"])
def test_what_is_no_checkpoint_of_this_log_is_refused(box: Estate, note: str) -> None:
    assert box.web.call("POST", "/log/checkpoints", {"checkpoint": note}, "").json["code"] == "field_invalid"
    strange = Signer(box.settings.name, Ed25519PrivateKey.generate()).sign(Head(box.settings.name, 9, b"1" * 32).text())
    assert box.web.call("POST", "/log/checkpoints", {"checkpoint": strange}, "").json["code"] == "field_invalid"


def test_a_wrong_cosignature_is_refused_not_kept(box: Estate) -> None:
    witness = Cosigner("w", Ed25519PrivateKey.generate())
    box.ok("POST", "/log/witnesses", {"key": witness.verifier_key}, "regulator")
    checkpoint = box.web.call("GET", "/log/checkpoint", key="").text
    wrong = checkpoint + witness.line(forged(box, 3))
    assert box.web.call("POST", "/log/checkpoints", {"checkpoint": wrong}, "").json["code"] == "field_invalid"


def test_a_proof_of_growth_beyond_the_log_is_refused(box: Estate) -> None:
    answer = box.web.call("GET", f"/log/consistency?old={size_of(box) + 1}", key="").json
    assert answer["code"] == "field_invalid" and "only" in answer["detail"]
