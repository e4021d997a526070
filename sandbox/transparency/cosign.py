"""Cosignatures of witnesses (c2sp.org/tlog-cosignature, `cosignature/v1`): that a checkpoint grew from all that the
witness saw before, and when it saw it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.core.keys import SigningKey
from sandbox.transparency.notes import (
    COSIGNATURE,
    NoteInvalid,
    check_name,
    key_id,
    parse_verifier_key,
    signature_line,
    split_note,
    verifier_key,
    verifies,
)

CLOCK = 8
"""Bytes of the time in front of a cosignature, big-endian."""


@dataclass(frozen=True)
class Cosignature:
    """What one witness said of a checkpoint: its name, when, and the line that says so."""

    witness: str
    at: datetime
    line: str


class Cosigner:
    """Cosigns checkpoints as `name` with one Ed25519 key that is used for nothing else."""

    def __init__(self, name: str, key: SigningKey) -> None:
        check_name(name)
        self._name, self._key = name, key
        self._public = key.public_key().public_bytes_raw()

    @property
    def verifier_key(self) -> str:
        """The public key as text, with the signature type of cosignatures."""
        return verifier_key(self._name, self._public, COSIGNATURE)

    def line(self, note: str, at: int | None = None) -> str:
        """Give the cosignature line for the text of `note`, at `at` (seconds since 1970; now by default)."""
        moment = int(time.time()) if at is None else at
        signed = self._key.sign(_message(split_note(note)[0], moment))
        known = key_id(self._name, self._public, COSIGNATURE)
        return signature_line(self._name, known + moment.to_bytes(CLOCK, "big") + signed)


def cosignature(note: str, witness_key: str) -> Cosignature | None:
    """Give what the witness with this verifier key says in `note`, None when it says nothing there.

    Raises `NoteInvalid` when its signature is wrong, or the key is none of a witness.
    """
    name, known, public = parse_verifier_key(witness_key, COSIGNATURE)
    text, signatures = split_note(note)
    for signer, signature in signatures:
        if (signer, signature[:4]) != (name, known):
            continue
        moment, signed = int.from_bytes(signature[4 : 4 + CLOCK], "big"), signature[4 + CLOCK :]
        if moment >= 1 << 40 or not verifies(public, signed, _message(text, moment)):
            raise NoteInvalid(f"the cosignature by {name} does not verify")
        return Cosignature(name, datetime.fromtimestamp(moment, UTC), signature_line(name, signature))
    return None


def _message(text: str, moment: int) -> bytes:
    return f"cosignature/v1\ntime {moment}\n{text}".encode()
