"""Messages between a parent and its child process: eight bytes of length, then so many bytes. No pickles."""

from __future__ import annotations

import os
import select
import time
from typing import IO

HEAD = 8


def write_frame(stream: IO[bytes], message: bytes | memoryview) -> None:
    """Send one message."""
    stream.write(len(message).to_bytes(HEAD, "big"))
    stream.write(message)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """Give the next message, or None when the other side has gone."""
    head = stream.read(HEAD)
    if len(head) < HEAD:
        return None
    length = int.from_bytes(head, "big")
    message = stream.read(length)
    return message if len(message) == length else None


def exchange(asked: int, replies: int, message: bytes, seconds: float) -> bytes | None:
    """Send a message through a handle and give the answer from another, both not blocking; None when the other side is
    late or gone. (A thread that watches the time would take longer than most answers.)"""
    until = time.monotonic() + seconds
    left = memoryview(len(message).to_bytes(HEAD, "big") + message)
    found, have, framed = bytearray(HEAD), 0, False
    ready = select.poll()
    ready.register(asked, select.POLLOUT)
    ready.register(replies, select.POLLIN)
    while True:
        events = ready.poll(max(until - time.monotonic(), 0) * 1000)
        if not events:
            return None
        for handle, _ in events:
            if handle == asked:
                left = left[os.write(asked, left) :]
                if not left:
                    ready.unregister(asked)
                continue
            came = os.readv(replies, [memoryview(found)[have:]])
            if not came:
                return None
            have += came
            if have == len(found) and not framed:
                found, have, framed = bytearray(int.from_bytes(found, "big")), 0, True
            if have == len(found) and framed:
                return bytes(found)
