"""Messages between a parent and its child process: eight bytes of length, then so many bytes. No pickles."""

from __future__ import annotations

from typing import IO


def write_frame(stream: IO[bytes], message: bytes) -> None:
    """Send one message."""
    stream.write(len(message).to_bytes(8, "big") + message)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """Give the next message, or None when the other side has gone."""
    head = stream.read(8)
    if len(head) < 8:
        return None
    length = int.from_bytes(head, "big")
    message = stream.read(length)
    return message if len(message) == length else None
