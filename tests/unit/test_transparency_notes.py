"""Signed notes, verifier keys and checkpoint text."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sandbox.transparency.notes import Head, NoteInvalid, Signer, open_checkpoint, open_note, parse_head
from sandbox.transparency.notes import parse_verifier_key as parse_key

# The example of golang.org/x/mod/sumdb/note, where the format comes from.
KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
OTHER = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"


@pytest.fixture
def signer() -> Signer:
    return Signer("box.example/log", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def test_a_note_made_elsewhere_opens() -> None:
    assert open_note(f"{TEXT}\n{LINE}", KEY) == TEXT
    assert open_note(f"{TEXT}\n{OTHER}{LINE}", KEY) == TEXT, "lines by unknown keys are ignored"


@pytest.mark.parametrize(
    "note",
    [
        f"{TEXT}\n{OTHER}",
        f"{TEXT}{LINE}",
        f"{TEXT}\n{LINE}"[:-1],
        f"{TEXT}\n{LINE}\n",
        f"{TEXT}\n",
        f"{TEXT.upper()}\n{LINE}",
        f"{TEXT}\r\n\n{LINE}",
        f"{TEXT}\n{LINE.replace('—', '-')}",
        f"{TEXT}\n{LINE.replace('AM=', 'AN=')}",
        f"{TEXT}\n{LINE}{LINE.replace('nAM=', 'mAM=')}",
        f"{TEXT}\n{LINE * 65}",
    ],
    ids=(
        [
            "unsigned by us",
            "no empty line",
            "cut",
            "trailing",
            "no line",
            "other text",
            "control",
            "dash",
            "stray bits",
            "one bad of two",
            "flood",
        ]
    ),
)
def test_a_spoilt_note_does_not_open(note: str) -> None:
    with pytest.raises(NoteInvalid):
        open_note(note, KEY)


@pytest.mark.parametrize("key", ["", "a+b", KEY.replace("c74f", "c740"), KEY.replace("Peter", "Paul"), KEY[:-4]])
def test_a_verifier_key_that_does_not_fit_together_is_refused(key: str) -> None:
    with pytest.raises(NoteInvalid):
        parse_key(key)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\u00a0b", "line\nbreak"])
def test_names_are_restricted(name: str) -> None:
    with pytest.raises(NoteInvalid):
        Signer(name, Ed25519PrivateKey.generate())


def test_a_checkpoint_round_trip(signer: Signer) -> None:
    head = Head("box.example/log", 70_000, bytes(range(32)))
    note = signer.sign(head.text())
    assert open_checkpoint(note, signer.verifier_key) == head
    assert open_checkpoint(note, signer.verifier_key + "\n") == head, "as read from a file"
    assert note.startswith("box.example/log\n70000\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n— box.example/log ")
    other = Signer("box.example/log", Ed25519PrivateKey.generate())
    with pytest.raises(NoteInvalid):
        open_checkpoint(note, other.verifier_key)


@pytest.mark.parametrize("text", ["o\n1\n", "o\n01\nAA==\n", "\n1\nAA==\n", "o\n-1\nAA==\n", "o\n1\nAA==\n"])
def test_malformed_checkpoints_are_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        parse_head(text)


def test_extension_lines_are_refused(signer: Signer) -> None:
    text = Head("o", 1, bytes(32)).text() + "more\n"
    with pytest.raises(NoteInvalid):
        open_checkpoint(signer.sign(text), signer.verifier_key)


def test_what_is_signed_ends_in_a_newline(signer: Signer) -> None:
    with pytest.raises(ValueError, match="newline"):
        signer.sign("text")
