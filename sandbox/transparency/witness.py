"""A witness: whoever keeps one remembers the newest checkpoint it saw and cosigns only what grew from that.

Its state is one file, its key another; neither belongs to the instance. The state is on the disk before a cosignature
is given out, under a lock, so two runs at once cannot cosign two histories.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sandbox.errors import Problem
from sandbox.transparency.cosign import Cosigner
from sandbox.transparency.durable import Batch
from sandbox.transparency.epochs import follow
from sandbox.transparency.growth import grown, parse_growth
from sandbox.transparency.notes import Head, NoteInvalid, keys_of, parse_head, parse_verifier_key, split_note

KEY = "key"
STATE = "state.json"


@dataclass(frozen=True)
class Seen:
    """What a witness knows: its name, the log's verifier keys, and the newest checkpoint it cosigned, if any."""

    name: str
    log_key: str
    checkpoint: str | None

    @property
    def head(self) -> Head | None:
        return parse_head(split_note(self.checkpoint)[0]) if self.checkpoint else None


class Witness:
    """A witness kept in `folder` (key and state)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, name: str, log_key: str) -> str:
        """Make key and state; give the verifier key to register. Raises `Problem`: `state_conflict` when there is a
        witness already, `field_invalid` for a name or log key that is none."""
        try:
            for line in keys_of(log_key):
                parse_verifier_key(line)
            made = Cosigner(name, key := Ed25519PrivateKey.generate())
        except NoteInvalid as error:
            raise Problem("field_invalid", f"{error}") from error
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            handle = os.open(self.folder / KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise Problem("state_conflict", f"there is a witness in {self.folder}; name another folder") from error
        with open(handle, "wb") as file:
            file.write(key.private_bytes_raw())
            file.flush()
            os.fsync(file.fileno())
        self._write(Seen(name, log_key, None))
        return made.verifier_key

    @property
    def verifier_key(self) -> str:
        return self._cosigner(self.seen()).verifier_key

    def seen(self) -> Seen:
        """Read the state; raises `Problem(not_ready)` when there is none."""
        try:
            held = json.loads((self.folder / STATE).read_text("utf-8"))
            return Seen(held["name"], held["log_key"], held["checkpoint"])
        except (OSError, ValueError, KeyError) as error:
            said = f"there is no witness in {self.folder}; make one with `sandbox witness init`"
            raise Problem("not_ready", said) from error

    def follow(self, statements: Sequence[str]) -> None:
        """Trust the log keys to which those that are trusted handed over; raises `Problem(integrity_stop)` for a
        statement that is not signed by both."""
        with self._alone():
            seen = self.seen()
            try:
                newest = follow(seen.log_key, statements)
            except NoteInvalid as error:
                raise Problem("integrity_stop", f"the log's keys: {error}") from error
            if keys_of(newest) != keys_of(seen.log_key):
                self._write(Seen(seen.name, newest, seen.checkpoint))

    def cosign(self, growth: str) -> str:
        """Give the checkpoint of the growth text with this witness's cosignature below, once it is proved to have
        grown from what was seen.

        Raises `Problem(integrity_stop)` for a fork, a shrunken log or a wrong signature: keep the text, it is evidence.
        """
        with self._alone():
            seen = self.seen()
            try:
                grown(seen.head, growth, seen.log_key)
            except NoteInvalid as error:
                raise Problem("integrity_stop", f"not cosigned: {error}") from error
            note = parse_growth(growth).checkpoint
            self._write(Seen(seen.name, seen.log_key, note))
            return note + self._cosigner(seen).line(note)

    def _cosigner(self, seen: Seen) -> Cosigner:
        return Cosigner(seen.name, Ed25519PrivateKey.from_private_bytes((self.folder / KEY).read_bytes()))

    def _write(self, seen: Seen) -> None:
        try:
            with Batch() as files:
                files.put(self.folder / STATE, json.dumps(vars(seen), ensure_ascii=False).encode())
                files.settle()
        except OSError as error:
            raise Problem(
                "not_ready", f"{self.folder} cannot be written ({error.strerror}); free some space"
            ) from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
