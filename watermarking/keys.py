"""The two keys of a base: K_base, shared by all its recipients, and K_u of one recipient.

Both are HMAC-SHA256 under the master key over length-prefixed, version-tagged inputs, so no two inputs collide.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

BASE_TAG, USER_TAG = b"watermarking/base/v1", b"watermarking/user/v1"


def framed(*parts: bytes) -> bytes:
    """Join `parts`, each behind its length as 8 bytes, big-endian."""
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def base_key(master: bytes, base: bytes) -> bytes:
    """Give K_base (32 bytes): biases and marked positions, the same for all recipients of `base`."""
    return _derive(master, BASE_TAG, base)


def user_key(master: bytes, recipient: str, base: bytes) -> bytes:
    """Give K_u (32 bytes) of `recipient`, a legal entity (its credit code), for `base`."""
    return _derive(master, USER_TAG, unicodedata.normalize("NFC", recipient.strip()).encode(), base)


def _derive(master: bytes, *parts: bytes) -> bytes:
    if len(master) != 32:
        raise ValueError("the master key has 32 bytes")
    return hmac.digest(master, framed(*parts), hashlib.sha256)
