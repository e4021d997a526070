"""`Prefer: wait=N` (RFC 7240): hold an answer until the work is done, by looking into the database.

A bell says when to look, where the work rings one; looks at intervals stay, for a ring may be lost."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

from flask import current_app, request

from sandbox.jobs.doorbell import Listener

LONGEST = 60.0
SEATS = "WAITING_SEATS"
_BRISK, _LISTENING, _BRISK_FOR, _CALM = 0.005, 0.025, 0.5, 0.1
"""Most work ends within a few quanta: until then a look every 5 ms, or every 25 ms where a bell rings; later every 100
ms. A look costs about 1 ms, of which vault and scribe would make better use."""


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


def until(done: Callable[[], bool], seconds: float, bell: Listener | None = None, *, begun: bool = False) -> bool:
    """Look until `done` or until `seconds` have passed; say whether it is done. Looks at least once, and only once when
    every seat is taken; between two looks it waits, at most until `bell` rings. Work that has `begun` just now is not
    looked at before the first wait."""
    if not begun and done():
        return True
    waiting: threading.BoundedSemaphore = current_app.config[SEATS]
    if not waiting.acquire(blocking=False):
        return begun and done()
    try:
        return _look(done, seconds, bell)
    finally:
        waiting.release()


def _look(done: Callable[[], bool], seconds: float, bell: Listener | None) -> bool:
    start, wait, brisk = time.monotonic(), (bell.wait if bell else time.sleep), (_LISTENING if bell else _BRISK)
    while (gone := time.monotonic() - start) < seconds:
        wait(min(brisk if gone < _BRISK_FOR else _CALM, seconds - gone))
        if done():
            return True
    return False
