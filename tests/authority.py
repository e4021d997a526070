"""A small world for tests of authorisation and money: an authority, parties, a resource, a journal."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox.catalogue.records import Resource
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.sealing import Sealer
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity.keys import Principal, authenticate
from sandbox.identity.parties import bootstrap, create_party, enrol
from sandbox.transparency.journal import Journal, content
from sandbox.transparency.records import LogEntry


@dataclass
class World:
    """Principals by name; `journal` writes real leaves."""

    tx: Transaction
    journal: Journal = field(default_factory=lambda: Journal(Sealer(os.urandom(32))))
    keys: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.authority = self._principal("authority", bootstrap(self.tx, self.journal)[1])

    def party(self, name: str, *roles: str, credit_code: str | None = None) -> Principal:
        _, key, token = create_party(self.tx, self.journal, self.authority, name, roles, credit_code)
        if token:
            key = enrol(self.tx, self.journal, token)[1]
        assert key
        return self._principal(name, key)

    def again(self, principal: Principal) -> Principal:
        """The same principal, authenticated anew."""
        return self._principal(principal.party.name, self.keys[principal.key.id])

    def resource(self, name: str = "clinic", domain: str = "health") -> Resource:
        made = Resource(
            new_id("resource"),
            name,
            "Health Bureau",
            self.authority.party.id,
            domain,
            "general",
            name,
            {},
            "v1",
            "active",
            now(),
        )
        self.tx.add(made)
        return made

    def kinds(self) -> list[str]:
        """The kinds of all log entries, in order."""
        return [entry.kind for entry in self.tx.find(LogEntry, order=["at"])]

    def last(self) -> dict[str, Any]:
        """What the newest leaf says in public."""
        said = content(self.tx.find(LogEntry, order=["-at"], limit=1)[0].leaf)["public"]
        assert isinstance(said, dict)
        return said

    def _principal(self, name: str, key: str) -> Principal:
        found = authenticate(self.tx, f"Bearer {key}")
        self.keys[found.key.id] = key
        return found


def refused(start: str) -> Any:
    """Expect a problem whose text – code, colon, sentence – begins so."""
    return pytest.raises(Problem, match=f"^{re.escape(start)}")
