"""What regulator, auditor and public do: trace leaks, read the log, the catalogue and the disclosure."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from sandbox.client.ask import WAIT
from sandbox.client.transport import Transport
from sandbox.errors import Problem


class Watching(Transport):
    """The endpoints of those who watch."""

    def trace(self, leak: str | Path, hint: dict[str, str] | None = None, *, timeout: float = 600) -> dict[str, Any]:
        """Trace a leaked file: gives `id`, `status`, `findings` with verdicts, `statement`, `below_bar`, `left_out`,
        `set_aside`, `too_few`.

        `hint` may name a `resource` or `product`. Raises `job_not_finished` after `timeout` seconds.
        """
        file = Path(leak)
        parts: dict[str, Any] = {"file": (file.name, file.read_bytes(), "text/csv")}
        if hint:
            parts["hint"] = (None, json.dumps(hint).encode(), "application/json")
        trace = self.json("POST", "/traces", files=parts, wait=WAIT)
        end = time.monotonic() + timeout
        while trace["status"] not in {"done", "failed"}:
            if time.monotonic() > end:
                raise Problem("job_not_finished", f"trace {trace['id']} still runs: ask for it again later")
            time.sleep(0.5)
            trace = self.json("GET", f"/traces/{trace['id']}")
        return trace

    def traces(self) -> list[dict[str, Any]]:
        """List one's own traces."""
        return list(self.items("/traces"))

    def evidence(self, trace: str) -> bytes:
        """Give the evidence bundle of a trace (a zip), to be checked offline with `sandbox evidence verify`."""
        return self.request("GET", f"/traces/{trace}/evidence").content

    def checkpoint(self) -> str:
        """Give the log's latest signed checkpoint."""
        return self.request("GET", "/log/checkpoint").text

    def tile(self, path: str) -> bytes:
        """Give a tile of the log by its C2SP path, for example `0/000` or `entries/000.p/17`."""
        return self.request("GET", f"/log/tile/{path}").content

    def proof(self, index: int | None = None, leaf_hash: str | None = None) -> bytes:
        """Give the inclusion proof of a leaf, named by its index or its hash."""
        return self.request("GET", "/log/proof", params={"index": index, "leaf_hash": leaf_hash}).content

    def consistency(self, old: int = 0) -> str:
        """Give the proof that the log only appended since it had `old` entries, with its newest checkpoint."""
        return self.request("GET", "/log/consistency", params={"old": old}).text

    def log_keys(self) -> dict[str, Any]:
        """Give the log's verifier `keys`, newest first, and the `statements` by which each handed over to the next."""
        return self.json("GET", "/log/keys")

    def hand_in(self, checkpoint: str) -> dict[str, Any]:
        """Hand in a checkpoint that one saved or cosigned: gives whose cosignatures were `kept`, and `consistent`."""
        return self.json("POST", "/log/checkpoints", body={"checkpoint": checkpoint})

    def register_witness(self, key: str) -> dict[str, Any]:
        """Register a witness by its verifier key, so that the log keeps its cosignatures."""
        return self.json("POST", "/log/witnesses", body={"key": key})

    def witnesses(self) -> list[dict[str, Any]]:
        """List the registered witnesses."""
        return list(self.items("/log/witnesses"))

    def search_log(self, **named: str) -> list[dict[str, Any]]:
        """List the log entries about a `party`, `resource` or `product`."""
        return list(self.items("/log/search", **named))

    def catalogue(self) -> dict[str, Any]:
        """Give the public catalogue (DCAT + ODRL, JSON-LD)."""
        return self.json("GET", "/catalogue.jsonld")

    def disclosure(self) -> dict[str, Any]:
        """Give the public disclosure (信息披露)."""
        return self.json("GET", "/disclosure")
