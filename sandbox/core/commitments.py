"""Salted commitments: what a public log may hold of a value from a small space.

`HMAC-SHA256(r, tag ‖ length ‖ value)` with a random 256-bit `r` of its own. Hiding while `r` is secret, binding always;
deleting `r` erases the value from the log for good (row I6).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

SALT_BYTES = 32


@dataclass(frozen=True)
class Opened:
    """A value with the salt that opens its commitment."""

    tag: str
    value: bytes
    salt: bytes

    @property
    def commitment(self) -> str:
        """The commitment, in hexadecimal."""
        return commitment(self.tag, self.value, self.salt)


def commit(tag: str, value: bytes | str) -> Opened:
    """Commit to `value` under `tag` with a fresh salt."""
    data = value.encode() if isinstance(value, str) else value
    return Opened(tag, data, secrets.token_bytes(SALT_BYTES))


def commitment(tag: str, value: bytes, salt: bytes) -> str:
    """Give the commitment in hexadecimal; the tag is length-prefixed too, so no two inputs collide."""
    name = tag.encode()
    message = len(name).to_bytes(4, "big") + name + len(value).to_bytes(8, "big") + value
    return hmac.new(salt, message, hashlib.sha256).hexdigest()


def opens(expected: str, opened: Opened) -> bool:
    """Say whether `opened` opens the commitment `expected`.

    Only a salt of full length does: HMAC pads its key with zeros, so a longer or shorter one could open it as well.
    """
    return len(opened.salt) == SALT_BYTES and hmac.compare_digest(expected, opened.commitment)
