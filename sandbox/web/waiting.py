"""`Prefer: wait=N` (RFC 7240): hold an answer until the work is done, by looking into the database."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from flask import request

LONGEST = 60.0
_FIRST, _SLOWEST = 0.005, 0.1


def preferred() -> float:
    """Give how many seconds the caller wants to wait: 0 without a preference, at most 60; a bare `wait` means 60."""
    for preference in ",".join(request.headers.getlist("Prefer")).split(","):
        if found := re.fullmatch(r"\s*wait\s*(?:=\s*\"?(\d{1,6})\"?)?\s*(;.*)?", preference, re.IGNORECASE):
            return min(float(found[1]), LONGEST) if found[1] else LONGEST
    return 0.0


def until(done: Callable[[], bool], seconds: float) -> bool:
    """Look until `done` or until `seconds` have passed; say whether it is done. Looks at least once."""
    end, pause = time.monotonic() + seconds, _FIRST
    while not done():
        left = end - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(pause, left))
        pause = min(pause * 1.3, _SLOWEST)
    return True
