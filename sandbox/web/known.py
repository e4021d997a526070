"""Who asks, where the same key asks hundreds of times a second: looked up in the database at most every quarter of a
second in each process. Whatever decides about the answer itself – stops, suspensions, subscription, grant – is read
in the transaction that takes the question, so only a revoked key is used a moment longer."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable

from sandbox.identity.keys import Principal

FRESH = 0.25
MOST = 1000


class Known:
    """Principals by the digest of the header that named them. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[bytes, tuple[float, Principal]] = {}

    def of(self, header: str, look: Callable[[], Principal]) -> Principal:
        """Give the principal that `look` finds, or found for this header within the last `FRESH` seconds –
        counted from before that look. Refusals are never kept. Raises what `look` raises."""
        name, moment = hashlib.sha256(header.encode()).digest(), time.monotonic()
        found = self._held.get(name)
        if found is not None and moment - found[0] < FRESH:
            return found[1]
        principal = look()
        with self._lock:
            if len(self._held) >= MOST:
                self._held.clear()
            self._held[name] = moment, principal
        return principal
