"""Key custody: named secrets behind one port; files by default, one folder outside the instance.

| secret | who needs it | for |
| --- | --- | --- |
| release | web, vault | answers, receipts' openings, requests and idempotent replies at rest |
| vault | vault | wrapping data keys; bases and evidence openings at rest; ordering rows by a keyed hash |
| master-1 | vault | fingerprints, epoch 1 |
| spool | vault | opening uploads that web encrypted to `spool.pub` |
| log | scribe | signing checkpoints (its public half is `log.pub`) |
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sandbox.errors import Problem

NAMES = ("release", "vault", "master-1", "spool", "log")
EPOCH = "1"


class Keyring(Protocol):
    def secret(self, name: str) -> bytes:
        """Give the 32 bytes of a secret; raises `Problem(not_ready)` when this process may not have it."""


class FileKeys:
    """Secrets as files of 32 random bytes, mode 0600, in a folder of mode 0700."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self) -> None:
        """Make every missing secret; never replaces one."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in NAMES:
            if not (path := self._path(name)).exists():
                with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(os.urandom(32))
                    os.fsync(file.fileno())

    def secret(self, name: str) -> bytes:
        try:
            found = self._path(name).read_bytes()
        except OSError as error:
            raise Problem("not_ready", f"the key {name} cannot be read; set SANDBOX_KEYS to its folder") from error
        if len(found) != 32:
            raise Problem("not_ready", f"the key {name} is damaged; restore it from its backup")
        return found

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.key"


def derive(secret: bytes, purpose: str) -> bytes:
    """Give a 256-bit key for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(hashes.SHA256(), 32, None, f"sandbox/v1/{purpose}".encode()).derive(secret)
