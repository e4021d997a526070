"""What a user does with its copy of a model: predict, read its card, take its weights where they may leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.client.transport import Transport


class Predicting(Transport):
    """The endpoints of models."""

    def predict(
        self, subscription: str, rows: Sequence[Mapping[str, Any]], *, consent: str | None = None
    ) -> dict[str, Any]:
        """Predict up to 1,000 records, each with every feature by its name, by one's own copy of the model (take it
        with `query(subscription)`). Gives `predictions` in their order, `fee` and `copy`."""
        body = {"subscription": subscription, "rows": [dict(row) for row in rows]}
        return self.json("POST", "/predictions", body=body if consent is None else {**body, "consent": consent})

    def card(self, job: str) -> dict[str, Any]:
        """Give the card of a copy: what it is fitted to and for, its cost, quality and reasons, with `words`."""
        return self.json("GET", f"/jobs/{job}/card")

    def card_page(self, job: str, language: str = "en") -> bytes:
        """Give the same as a page (HTML), in `language`: en or zh."""
        return self.request("GET", f"/jobs/{job}/card", params={"format": "html", "lang": language}).content

    def weights(self, job: str) -> bytes:
        """Give a copy's weights as an ONNX file, where they may leave; each download is logged as a delivery."""
        return self.request("GET", f"/jobs/{job}/weights").content
