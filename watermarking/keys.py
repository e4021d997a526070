"""The keys of a base: K_base, shared by all its recipients, K_u of one recipient, and the seed of its synthetic rows.

All are HMAC-SHA256 under the master key over length-prefixed, version-tagged inputs, so no two inputs collide.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Callable

BASE_TAG, USER_TAG, ROWS_TAG = b"watermarking/base/v1", b"watermarking/user/v1", b"watermarking/rows/v1"

Master = bytes | Callable[[bytes], bytes]
"""The master key: its 32 bytes, or what gives HMAC-SHA256 under it where a token keeps it."""


def framed(*parts: bytes) -> bytes:
    """Join `parts`, each behind its length as 8 bytes, big-endian."""
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def base_key(master: Master, base: bytes) -> bytes:
    """Give K_base (32 bytes): biases and marked positions, the same for all recipients of `base`."""
    return _derive(master, BASE_TAG, base)


def user_key(master: Master, recipient: str, base: bytes) -> bytes:
    """Give K_u (32 bytes) of `recipient`, a legal entity (its credit code), for `base`."""
    return _derive(master, USER_TAG, unicodedata.normalize("NFC", recipient.strip()).encode(), base)


def rows_seed(master: Master, recipient: str, base: bytes) -> bytes:
    """Give the seed (32 bytes) from which the synthetic rows of `recipient` are drawn: rows carry no marks, so each
    recipient has rows of its own, and a leaked row names the one whose seed gives it."""
    return _derive(master, ROWS_TAG, unicodedata.normalize("NFC", recipient.strip()).encode(), base)


def _derive(master: Master, *parts: bytes) -> bytes:
    if callable(master):
        return master(framed(*parts))
    if len(master) != 32:
        raise ValueError("the master key has 32 bytes")
    return hmac.digest(master, framed(*parts), hashlib.sha256)
