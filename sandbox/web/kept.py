"""A public answer that is dear to make and need not be of this second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from flask import current_app

from sandbox.core.store import Transaction
from sandbox.oversight.disclosure import disclosure


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


def disclosed(tx: Transaction, test_instance: bool) -> dict[str, Any]:
    """Give the disclosure as this worker keeps it."""
    kept: Kept = current_app.config["DISCLOSURE"]
    said: dict[str, Any] = kept.get(lambda: disclosure(tx, test_instance))
    return said
