"""Authenticated encryption of what lies on disk: bases, releases, requests, spools.

A sealed value is bound to its context, so a row that is moved to another place does not open.
Defends stolen disks and backups, not a live host that holds the key.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


class SealBroken(Exception):
    """The bytes were not sealed with this key for this context."""


class Sealer:
    """Seals and opens bytes with one 256-bit key (AES-256-GCM, random 96-bit nonce in front)."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("a sealing key has 32 bytes")
        self._aead = AESGCM(key)

    def seal(self, data: bytes, context: str) -> bytes:
        """Give nonce and ciphertext of `data`, bound to `context`."""
        nonce = os.urandom(NONCE)
        return nonce + self._aead.encrypt(nonce, data, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Give the data back; raises `SealBroken` when key, context or bytes differ."""
        try:
            return self._aead.decrypt(sealed[:NONCE], sealed[NONCE:], context.encode())
        except InvalidTag as error:
            raise SealBroken(context) from error
