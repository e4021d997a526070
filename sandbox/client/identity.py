"""Keys and people of parties, and second persons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.client.transport import Transport


class Identifying(Transport):
    """The endpoints of who acts for a party."""

    def keys(self, party: str) -> list[dict[str, Any]]:
        """List the keys of one's own party: scopes, expiry; never a key itself."""
        return list(self.items(f"/parties/{party}/keys"))

    def rotate_key(self, key: str, overlap_hours: int = 24) -> dict[str, Any]:
        """Make a new `api_key` for an old one, which works on for some hours."""
        return self.json("POST", f"/keys/{key}/rotate", body={"overlap_hours": overlap_hours})

    def invite(self, party: str, name: str, scopes: Iterable[str] = ("read", "write")) -> dict[str, Any]:
        """Let somebody act for a party after signing in; gives the one-time `invitation`."""
        return self.json("POST", f"/parties/{party}/people", body={"name": name, "scopes": list(scopes)})

    def people(self, party: str) -> list[dict[str, Any]]:
        """List the people of one's own party."""
        return list(self.items(f"/parties/{party}/people"))

    def end_person(self, person: str) -> dict[str, Any]:
        """Let somebody act for the party no more."""
        return self.json("DELETE", f"/people/{person}")

    def session(self) -> dict[str, Any]:
        """Say who is signed in; a client with a key has no session."""
        return self.json("GET", "/session")

    def two_persons(self, actions: Iterable[str] | None = None) -> dict[str, Any]:
        """Say which `actions` need two persons; with `actions`, ask for exactly these."""
        if actions is None:
            return self.json("GET", "/two-persons")
        return self.json("POST", "/two-persons", body={"actions": list(actions)})

    def secondings(self) -> list[dict[str, Any]]:
        """List requests that wait for a second person."""
        return list(self.items("/secondings"))
