"""`Prefer: wait=N` (RFC 7240): hold an answer until the work is done, by looking into the database."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

from flask import current_app, request

LONGEST = 60.0
SEATS = "WAITING_SEATS"
_BRISK, _BRISK_FOR, _CALM = 0.005, 0.5, 0.1
"""Most jobs end within a few quanta: until then a look every 5 ms, which costs about 1 ms; later every 100 ms."""


def preferred() -> float:
    """Give how many seconds the caller wants to wait: 0 without a preference, at most 60; a bare `wait` means 60."""
    for preference in ",".join(request.headers.getlist("Prefer")).split(","):
        if found := re.fullmatch(r"\s*wait\s*(?:=\s*\"?(\d{1,6})\"?)?\s*(;.*)?", preference, re.IGNORECASE):
            return min(float(found[1]), LONGEST) if found[1] else LONGEST
    return 0.0


def seats(threads: int) -> threading.BoundedSemaphore:
    """Give the seats for requests that wait, for the app's configuration as `SEATS`: half of the threads, so that those
    who wait never keep out an emergency stop."""
    return threading.BoundedSemaphore(max(1, threads // 2))


def until(done: Callable[[], bool], seconds: float) -> bool:
    """Look until `done` or until `seconds` have passed; say whether it is done. Looks at least once, and only once when
    every seat is taken."""
    if done():
        return True
    waiting: threading.BoundedSemaphore = current_app.config[SEATS]
    if not waiting.acquire(blocking=False):
        return False
    try:
        return _look(done, seconds)
    finally:
        waiting.release()


def _look(done: Callable[[], bool], seconds: float) -> bool:
    start = time.monotonic()
    while (gone := time.monotonic() - start) < seconds:
        time.sleep(min(_BRISK if gone < _BRISK_FOR else _CALM, seconds - gone))
        if done():
            return True
    return False
