"""Uploads on their way to the vault: encrypted while they stream, so that web keeps no plaintext on disk.

A spool file holds a fresh AES-256 key sealed to the vault's public key (HPKE, RFC 9180, X25519), a nonce, and the
AES-256-GCM ciphertext with its tag at the end. Its name is the context, so files cannot be swapped.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from sandbox.core.ids import new_id
from sandbox.core.sealing import SealBroken
from sandbox.errors import Problem

CHUNK = 1 << 20
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True)
class SpoolRef:
    """A spooled upload: its name in the spool, and size and SHA-256 of the plaintext."""

    name: str
    size: int
    digest: str


class Spool:
    """Writes spools with the vault's public key; opens them where its private key is held."""

    def __init__(self, folder: Path, public: X25519PublicKey, private: X25519PrivateKey | None = None) -> None:
        self.folder, self._public, self._private = folder, public, private

    def write(self, stream: IO[bytes], limit: int, what: str = "file") -> SpoolRef:
        """Encrypt `stream` into a new spool; raises `Problem(upload_too_large)` beyond `limit` bytes and leaves
        nothing behind."""
        name, key, nonce = new_id("spool"), os.urandom(32), os.urandom(12)
        seal = Cipher(AES(key), GCM(nonce)).encryptor()
        sealed_key = SUITE.encrypt(key, self._public, name.encode())
        path, size, digest = self.folder / name, 0, hashlib.sha256()
        try:
            with path.open("xb") as file:
                file.write(len(sealed_key).to_bytes(2, "big") + sealed_key + nonce)
                while chunk := stream.read(CHUNK):
                    size += len(chunk)
                    if size > limit:
                        raise Problem("upload_too_large", f"the {what} has more than {limit:,} bytes; send less")
                    digest.update(chunk)
                    file.write(seal.update(chunk))
                file.write(seal.finalize() + seal.tag)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return SpoolRef(name, size, digest.hexdigest())

    @contextmanager
    def opened(self, name: str, scratch: Path) -> Iterator[Path]:
        """Decrypt a spool into a private temporary file under `scratch`, gone at the end of the block; raises
        `SealBroken` before anything is given out when it was altered."""
        assert self._private is not None, "only the vault opens spools"
        folder = Path(tempfile.mkdtemp(prefix="upload-", dir=scratch))
        try:
            target = folder / "plain"
            with (self.folder / name).open("rb") as file:
                self._decrypt(file, name, target)
            yield target
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def remove(self, name: str) -> None:
        """Forget a spool; it is fine when it is gone already."""
        (self.folder / name).unlink(missing_ok=True)

    def _decrypt(self, file: IO[bytes], name: str, target: Path) -> None:
        assert self._private is not None
        sealed_key = file.read(int.from_bytes(file.read(2), "big"))
        nonce = file.read(12)
        start = file.tell()
        file.seek(-16, os.SEEK_END)
        left, tag = file.tell() - start, file.read(16)
        file.seek(start)
        try:
            key = SUITE.decrypt(sealed_key, self._private, name.encode())
            opening = Cipher(AES(key), GCM(nonce, tag)).decryptor()
            with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as plain:
                while left:
                    chunk = file.read(min(CHUNK, left))
                    left -= len(chunk)
                    plain.write(opening.update(chunk))
                opening.finalize()
        except (InvalidTag, ValueError) as error:
            raise SealBroken(name) from error
