"""A public answer that is dear to make and need not be of this second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any


class Kept:
    """Makes a value at most once per `seconds`, whoever asks and how many at once."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self._value: Any = None
        self._until = float("-inf")

    def get(self, make: Callable[[], Any]) -> Any:
        """Give the kept value, or what `make` gives now; what `make` raises is not kept."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._value = make()
                self._until = time.monotonic() + self.seconds
            return self._value
