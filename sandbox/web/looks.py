"""Who oversees sees much of others; that it was looked at stands in the log too (T3: staff access).

One place for every endpoint: what an overseer may read with a key is logged before it is shown, unless every party may
read it. A new endpoint is logged without anybody thinking of it.
"""

from __future__ import annotations

import threading
import time

from flask import current_app, request

from sandbox.core.clock import now
from sandbox.identity.keys import Principal
from sandbox.identity.tallies import LOOKS_IN, count
from sandbox.jobs.house import House

KIND = "staff.looked"
AGAIN = 60.0
"""Seconds in which one key's same look, a page that refreshes itself, is one look."""
REMEMBERED = 10_000
LOOKS = "LOOKS"


class Looks:
    """The latest looks of this process: what is forgotten is only logged once more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[tuple[str, str], float] = {}

    def new(self, key: str, what: str) -> bool:
        """Say whether this look has to be logged, and take it as logged."""
        moment = time.monotonic()
        with self._lock:
            if self._until.get((key, what), 0.0) > moment:
                return False
            if len(self._until) >= REMEMBERED:
                self._until = {look: until for look, until in self._until.items() if until > moment}
            if len(self._until) >= REMEMBERED:
                self._until.clear()
            self._until[key, what] = moment + AGAIN
        return True

    def forget(self, key: str, what: str) -> None:
        """Take it back: it could not be logged."""
        with self._lock:
            self._until.pop((key, what), None)


def log_look(house: House, principal: Principal, action: str | None, what: str) -> None:
    """Write a leaf, of which nothing waits: which kind of thing an overseer looks at; committed to are the party, its
    key, and `what` exactly. Nothing is shown that could not be logged."""
    looks: Looks = current_app.config[LOOKS]
    if not principal.oversees or not looks.new(principal.key.id, what):
        return
    try:
        with house.store.write() as tx:
            count(tx, "look", principal.party.id, now(), window=LOOKS_IN)
            house.journal.write(
                tx,
                KIND,
                public={"action": action or "detail"},
                committed={"party": principal.party.id, "key": principal.key.id, "what": what},
                party=principal.party.id,
            )
    except Exception:
        looks.forget(principal.key.id, what)
        raise
    house.doorbell.ring("scribe")


def asked() -> str:
    """What this request looks at: its path and query, in one order."""
    query = sorted(request.args.items(multi=True))
    return request.path + ("?" + "&".join(f"{name}={value}" for name, value in query) if query else "")
