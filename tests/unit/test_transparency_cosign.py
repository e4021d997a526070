"""Cosignatures bit by bit, growth as text, and a witness that cosigns nothing but what grew."""

from __future__ import annotations

import base64
import errno
import hashlib
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sandbox.errors import Problem
from sandbox.transparency.cosign import Cosigner, cosignature
from sandbox.transparency.growth import grown, growth, parse_growth
from sandbox.transparency.merkle import Edge, leaf_hash
from sandbox.transparency.notes import Head, NoteInvalid, Signer, open_checkpoint
from sandbox.transparency.tiles import extend
from sandbox.transparency.witness import Witness

LOG = Signer("box.example/log", Ed25519PrivateKey.from_private_bytes(b"k" * 32))
KEY = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
WITNESS = Cosigner("witness.example/w1", KEY)


def note(size: int, branch: bytes = b"") -> str:
    edge = Edge()
    for leaf in leaves(size, branch):
        edge.append(leaf_hash(leaf))
    return LOG.sign(Head("box.example/log", size, edge.root()).text())


def leaves(size: int, branch: bytes = b"") -> list[bytes]:
    return [b"leaf %d" % n + (branch if n > 3 else b"") for n in range(size)]


def grow(folder: Path, old: int, size: int, branch: bytes = b"") -> str:
    extend(folder / f"{size}{branch.decode()}", 0, leaves(size, branch))
    return growth(folder / f"{size}{branch.decode()}", note(size, branch), old).text()


def test_a_cosignature_is_that_of_the_specification() -> None:
    checkpoint = note(5)
    cosigned = checkpoint + WITNESS.line(checkpoint, 1679315147)
    name, _, signature = cosigned.split("\n")[-2].removeprefix("— ").partition(" ")
    raw, public = base64.b64decode(signature), KEY.public_key().public_bytes_raw()
    assert name == "witness.example/w1"
    assert raw[:4] == hashlib.sha256(b"witness.example/w1\n\x04" + public).digest()[:4]
    assert raw[4:12] == (1679315147).to_bytes(8, "big") and len(raw) == 4 + 8 + 64
    text = checkpoint.split("\n\n")[0] + "\n"
    said = b"cosignature/v1\ntime 1679315147\n" + text.encode()
    Ed25519PublicKey.from_public_bytes(public).verify(raw[12:], said)
    known = base64.b64encode(b"\x04" + public).decode()
    assert WITNESS.verifier_key == f"witness.example/w1+{raw[:4].hex()}+{known}"
    found = cosignature(cosigned, WITNESS.verifier_key)
    assert found is not None and found.at.timestamp() == 1679315147
    assert open_checkpoint(cosigned, LOG.verifier_key).size == 5, "readers who know no witness pass over it"


def test_a_cosignature_of_another_checkpoint_time_or_key_is_refused() -> None:
    first, second = note(5), note(6)
    with pytest.raises(NoteInvalid, match="does not verify"):
        cosignature(second + WITNESS.line(first), WITNESS.verifier_key)
    line = WITNESS.line(first, 1_000_000)
    raw = bytearray(base64.b64decode(line.split(" ")[2]))
    raw[11] ^= 1
    later = line.replace(line.split(" ")[2].strip(), base64.b64encode(bytes(raw)).decode())
    with pytest.raises(NoteInvalid, match="does not verify"):
        cosignature(first + later, WITNESS.verifier_key)
    assert cosignature(first, WITNESS.verifier_key) is None
    other = Cosigner("witness.example/w1", Ed25519PrivateKey.generate())
    assert cosignature(first + WITNESS.line(first), other.verifier_key) is None
    with pytest.raises(NoteInvalid, match="no witness's key"):
        cosignature(first, LOG.verifier_key)
    with pytest.raises(NoteInvalid, match="no Ed25519 key"):
        open_checkpoint(first, WITNESS.verifier_key)


def test_any_of_several_trusted_keys_will_do_and_none_may_be_wrong() -> None:
    other = Signer("box.example/log", Ed25519PrivateKey.from_private_bytes(b"n" * 32))
    both = f"{other.verifier_key}\n{LOG.verifier_key}\n"
    assert open_checkpoint(note(5), both).size == 5
    spoiled = note(5) + other.line("another text\n")
    with pytest.raises(NoteInvalid, match="does not verify"):
        open_checkpoint(spoiled, both)
    with pytest.raises(NoteInvalid, match="not signed by"):
        open_checkpoint(note(5), other.verifier_key)


@pytest.mark.parametrize("old", [0, 1, 4, 7, 299, 300])
def test_growth_is_proved(tmp_path: Path, old: int) -> None:
    before = open_checkpoint(note(old), LOG.verifier_key) if old else None
    text = grow(tmp_path, old, 300)
    assert grown(before, text, LOG.verifier_key).size == 300
    assert parse_growth(text).text() == text


@pytest.mark.parametrize(
    ("old", "branch_old", "size", "branch", "why"),
    [
        (7, b"", 300, b"x", "did not grow"),
        (7, b"x", 300, b"", "did not grow"),
        (7, b"", 7, b"x", "two histories"),
        (7, b"", 5, b"", "shrank"),
    ],
)
def test_a_fork_or_a_shrunken_log_is_told(
    tmp_path: Path, old: int, branch_old: bytes, size: int, branch: bytes, why: str
) -> None:
    before = open_checkpoint(note(old, branch_old), LOG.verifier_key)
    with pytest.raises(NoteInvalid, match=why):
        grown(before, grow(tmp_path, min(old, size), size, branch), LOG.verifier_key)


@pytest.mark.parametrize("text", ["", "old 1", "old 01\n\n" + note(1), "new 1\n\nx", "old 1\nAAAA\n\n" + note(1)])
def test_what_is_no_growth_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        grown(None, text, LOG.verifier_key)


def test_a_longer_log_than_there_is_cannot_be_proved(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="only 5"):
        grow(tmp_path, 6, 5)


def test_a_witness_cosigns_what_grew_and_remembers_it(tmp_path: Path) -> None:
    kept = Witness(tmp_path / "w")
    public = kept.create("witness.example/w2", LOG.verifier_key)
    assert public == kept.verifier_key
    assert (tmp_path / "w" / "key").stat().st_mode & 0o777 == 0o600
    first = kept.cosign(grow(tmp_path, 0, 7))
    assert cosignature(first, public) is not None
    assert Witness(tmp_path / "w").seen().head == open_checkpoint(note(7), LOG.verifier_key)
    for old, size, branch in ((7, 300, b"x"), (0, 300, b""), (5, 5, b"")):
        with pytest.raises(Problem, match="not cosigned") as raised:
            kept.cosign(grow(tmp_path, old, size, branch))
        assert raised.value.code == "integrity_stop"
    assert kept.seen().head.size == 7, "a refusal changes nothing"  # type: ignore[union-attr]
    assert cosignature(kept.cosign(grow(tmp_path, 7, 300)), public) is not None


def test_a_full_disk_gives_no_cosignature_and_forgets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Witness(tmp_path / "w")
    kept.create("witness.example/w2", LOG.verifier_key)
    kept.cosign(grow(tmp_path, 0, 7))
    text = grow(tmp_path, 7, 300)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(Problem, match="free some space"):
            kept.cosign(text)
    assert kept.seen().head is not None
    assert cosignature(kept.cosign(grow(tmp_path, kept.seen().head.size, 300)), kept.verifier_key) is not None  # type: ignore[union-attr]
    again = kept.cosign(grow(tmp_path, 300, 300))
    assert cosignature(again, kept.verifier_key) is not None, "cut off before it was handed in: the next look gives it"


def test_a_witness_is_made_once_and_for_a_log(tmp_path: Path) -> None:
    kept = Witness(tmp_path / "w")
    with pytest.raises(Problem, match="witness init"):
        kept.seen()
    with pytest.raises(Problem, match="verifier key"):
        kept.create("w", "no key")
    with pytest.raises(Problem, match="name of a key"):
        kept.create("with space", LOG.verifier_key)
    kept.create("w", LOG.verifier_key)
    with pytest.raises(Problem, match="witness in"):
        kept.create("w", LOG.verifier_key)


def test_two_looks_at_once_do_not_cosign_two_histories(tmp_path: Path) -> None:
    kept = Witness(tmp_path / "w")
    kept.create("w", LOG.verifier_key)
    kept.cosign(grow(tmp_path, 0, 4))
    texts = [grow(tmp_path, 4, 9), grow(tmp_path, 4, 9, b"x")]
    done: list[str] = []

    def look(text: str) -> None:
        with suppress(Problem):
            done.append(kept.cosign(text))

    threads = [threading.Thread(target=look, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
