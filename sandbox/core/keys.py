"""Key custody: named keys behind one port; in files by default (a folder of its own), a token (`hsm`) or a KMS (`kms`).

| key | who needs it | for |
| --- | --- | --- |
| release | web, vault, scribe | answers, openings, requests and idempotent replies at rest; pseudonyms of persons |
| vault | vault | wrapping data keys; bases and evidence openings at rest; ordering rows by a keyed hash |
| spool | vault | opening uploads that web encrypted to `spool.pub` |
| master-1, master-2, … | vault | fingerprints, by epoch; only HMAC is ever asked of them |
| log, log-2, … | scribe | signing checkpoints, by epoch; only signatures are ever asked of them |
"""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sandbox.errors import Problem

NAMES = ("release", "vault", "master-1", "spool", "log")
SECRETS = ("release", "vault", "spool")
"""The keys that have to be in a process's memory; the others only work for it."""


class SigningKey(Protocol):
    """An Ed25519 key, in a file or in a token that never gives it out."""

    def sign(self, data: bytes, /) -> bytes: ...
    def public_key(self) -> Ed25519PublicKey: ...


Mac = Callable[[bytes], bytes]
"""Gives HMAC-SHA256 of a message under one key."""


class Keyring(Protocol):
    """All of them raise `Problem(not_ready)` when this process may not have the key."""

    def create(self, names: tuple[str, ...] = NAMES) -> None:
        """Make every key of these that is missing; never replaces one."""

    def secret(self, name: str) -> bytes:
        """Give the 32 bytes of one of SECRETS."""

    def mac(self, name: str) -> Mac:
        """Give the HMAC of a master key."""

    def signing_key(self, name: str) -> SigningKey:
        """Give the signatures of a log key."""

    def check(self, names: tuple[str, ...]) -> str:
        """Try every key; say in words where they are. Raises `Problem` for one that is missing or open to others."""


def epoch_name(key: str, number: int) -> str:
    """Give the name of a key's epoch: the first log key has none in it."""
    return key if (key, number) == ("log", 1) else f"{key}-{number}"


class FileKeys:
    """Keys as files of 32 random bytes, mode 0600, in a folder of mode 0700."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, names: tuple[str, ...] = NAMES) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in names:
            if not (path := self._path(name)).exists():
                write_private(path, os.urandom(32))

    def secret(self, name: str) -> bytes:
        try:
            found = self._path(name).read_bytes()
        except OSError as error:
            raise Problem("not_ready", f"the key {name} cannot be read; set SANDBOX_KEYS to its folder") from error
        if len(found) != 32:
            raise Problem("not_ready", f"the key {name} is damaged; restore it from its backup")
        return found

    def mac(self, name: str) -> Mac:
        return partial(_hmac, self.secret(name))

    def signing_key(self, name: str) -> SigningKey:
        return Ed25519PrivateKey.from_private_bytes(self.secret(name))

    def check(self, names: tuple[str, ...]) -> str:
        for name in names:
            self.secret(name)
            if stat.S_IMODE(self._path(name).stat().st_mode) & 0o077:
                raise Problem("integrity_stop", f"the key {name} can be read by others; run chmod 600 on it")
        return f"{len(names)} keys, readable by their owner only"

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.key"


def write_private(path: Path, data: bytes) -> None:
    """Write a new file that only its owner reads, durably under its name: a crash leaves all of it or nothing."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.link(temporary, path)  # never replaces one
    temporary.unlink()


def derive(secret: bytes, purpose: str) -> bytes:
    """Give a 256-bit key for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(hashes.SHA256(), 32, None, f"sandbox/v1/{purpose}".encode()).derive(secret)


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)
