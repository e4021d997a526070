"""What a user does with its rows of a synthetic table: take them, and read how good they are."""

from __future__ import annotations

from typing import Any

from sandbox.client.transport import Transport


class Synthesising(Transport):
    """The endpoints of synthetic tables. The rows are taken with `query(subscription)`."""

    def utility(self, job: str) -> dict[str, Any]:
        """Give the utility report of one's own rows: how near they are to what was released, with `words`."""
        return self.json("GET", f"/jobs/{job}/utility")

    def utility_page(self, job: str, language: str = "en") -> bytes:
        """Give the same as a page (HTML), in `language`: en or zh."""
        return self.request("GET", f"/jobs/{job}/utility", params={"format": "html", "lang": language}).content
