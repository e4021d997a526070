"""Signed notes (c2sp.org/signed-note, Ed25519) and the checkpoints they carry (c2sp.org/tlog-checkpoint)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sandbox.core.keys import SigningKey

ED25519, COSIGNATURE = b"\x01", b"\x04"
"""The signature types of plain Ed25519, and of Ed25519 cosignatures, in key ids and verifier keys."""
DASH = "\u2014"
SIGNATURE_LIMIT = 64
"""Most signature lines that are read: room for witnesses, no room for floods."""

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class NoteInvalid(ValueError):
    """The note is malformed, or no trusted key signed it."""


@dataclass(frozen=True)
class Head:
    """A tree head: whose log (`origin`), how many leaves, the RFC 6962 root over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note text of the checkpoint."""
        return f"{self.origin}\n{self.size}\n{encode(self.root)}\n"


class Signer:
    """Signs notes as `name` with one Ed25519 key; `name` should equal the log's origin."""

    def __init__(self, name: str, key: SigningKey) -> None:
        check_name(name)
        self._name, self._key = name, key
        self._public = key.public_key().public_bytes_raw()

    @property
    def verifier_key(self) -> str:
        """The public key as text, `<name>+<key id>+<base64>`: what people who verify are given."""
        return verifier_key(self._name, self._public)

    def sign(self, text: str) -> str:
        """Give the signed note of `text`, which ends in a newline."""
        if not text.endswith("\n"):
            raise ValueError("the text of a note ends in a newline")
        return f"{text}\n{self.line(text)}"

    def line(self, text: str) -> str:
        """Give the signature line alone, to stand below others under the same text."""
        return signature_line(self._name, key_id(self._name, self._public) + self._key.sign(text.encode()))


def open_note(note: str, trusted: str) -> str:
    """Give the text of `note` once a trusted key has verified it; raises `NoteInvalid` otherwise.

    `trusted` is a verifier key, or several, one a line: after a rotation the old key's signatures stay good. Lines by
    other keys are ignored; one bad signature by a trusted key spoils the note.
    """
    keys = [parse_verifier_key(line) for line in keys_of(trusted)]
    text, signatures = split_note(note)
    verified = False
    for name, known, public in keys:
        for signer, signature in signatures:
            if (signer, signature[:4]) == (name, known):
                if not verifies(public, signature[4:], text.encode()):
                    raise NoteInvalid(f"the signature by {name} does not verify")
                verified = True
    if not verified:
        raise NoteInvalid(
            f"the note is not signed by {' or '.join(dict.fromkeys(key[0] for key in keys)) or 'anybody'}"
        )
    return text


def keys_of(trusted: str) -> list[str]:
    """Give the verifier keys of a text, one a line; lines that begin with # are not among them."""
    return [line.strip() for line in trusted.split("\n") if line.strip() and not line.startswith("#")]


def open_checkpoint(note: str, trusted: str) -> Head:
    """Give the tree head that `note` signs; raises `NoteInvalid` when it is no checkpoint signed by a trusted key."""
    return parse_head(open_note(note, trusted))


def unverified_head(note: str) -> Head:
    """Give the tree head of a checkpoint that this instance itself wrote, without checking who signed it."""
    return parse_head(split_note(note)[0])


def parse_head(text: str) -> Head:
    """Read the text of a checkpoint. Extension lines are refused: nobody could audit them."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise NoteInvalid("a checkpoint has three lines: origin, size, root")
    root = decode(lines[2])
    if len(root) != 32:
        raise NoteInvalid("the root of a checkpoint has 32 bytes")
    return Head(lines[0], decimal(lines[1]), root)


def verifier_key(name: str, public: bytes, kind: bytes = ED25519) -> str:
    """Give a public key as text, `<name>+<key id>+<base64>`."""
    return f"{name}+{key_id(name, public, kind).hex()}+{encode(kind + public)}"


def parse_verifier_key(text: str, kind: bytes = ED25519) -> tuple[str, bytes, bytes]:
    """Give name, key id and raw public key of a verifier key of this `kind`; raises `NoteInvalid` when they do not
    belong together."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        raise NoteInvalid("a verifier key reads <name>+<key id>+<base64>")
    name, material = parts[0], decode(parts[2])
    check_name(name)
    public = material[1:]
    if material[:1] != kind or len(public) != 32 or parts[1] != key_id(name, public, kind).hex():
        what = "no witness's key" if kind == COSIGNATURE else "no Ed25519 key"
        raise NoteInvalid(f"the verifier key is {what}, or its key id belongs to another key")
    return name, key_id(name, public, kind), public


def verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    """Say whether the raw Ed25519 key signed `message`: RFC 8032 as the cryptography library reads it."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def encode(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode()


def decode(text: str) -> bytes:
    """Read standard base64 in its one canonical spelling; raises `NoteInvalid`."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteInvalid("not standard base64") from error
    if encode(data) != text:
        raise NoteInvalid("base64 has stray bits")
    return data


def decimal(text: str) -> int:
    """Read an ASCII decimal without leading zeros; raises `NoteInvalid`."""
    if not _DECIMAL.fullmatch(text):
        raise NoteInvalid("not a decimal number without leading zeros")
    return int(text)


def key_id(name: str, public: bytes, kind: bytes = ED25519) -> bytes:
    """Give the four bytes by which signature lines name a key."""
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def signature_line(name: str, signature: bytes) -> str:
    """Spell a signature line, its newline included."""
    return f"{DASH} {name} {encode(signature)}\n"


def check_name(name: str) -> None:
    """Raise `NoteInvalid` for what cannot be the name of a key."""
    if not name or "+" in name or any(c.isspace() or c < " " for c in name):
        raise NoteInvalid("the name of a key is not empty and holds neither spaces nor '+'")


def split_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Take a note apart at its last empty line: the text, and who signed with which bytes (key id first)."""
    if any(c < " " and c != "\n" for c in note):
        raise NoteInvalid("a note holds no control characters")
    text, empty_line, block = note.rpartition("\n\n")
    lines = block.split("\n")
    if not empty_line or lines.pop() or not 0 < len(lines) <= SIGNATURE_LIMIT:
        raise NoteInvalid("a note is a text, an empty line and signature lines")
    signatures = []
    for line in lines:
        dash, _, rest = line.partition(" ")
        name, _, signature = rest.partition(" ")
        if dash != DASH or not name or len(raw := decode(signature)) <= 4:
            raise NoteInvalid("a signature line reads: em dash, key name, base64")
        signatures.append((name, raw))
    return text + "\n", signatures
