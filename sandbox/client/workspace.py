"""What concerns workspaces: synthetic samples, own code and tables, the reviews at the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.client.transport import Transport


class Working(Transport):
    """The endpoints of workspaces: users bring code and tables, operators and the authorising body review."""

    def sample(self, product: str, rows: int = 100) -> dict[str, Any]:
        """Give synthetic rows to develop on, of a product's `tables` and of the `blocks` that its code gets: of the
        right schema, about nobody."""
        return self.json("GET", f"/products/{product}/sample", params={"rows": rows})

    def bring(
        self,
        subscription: str,
        code: str | None = None,
        outputs: Sequence[Mapping[str, Any]] = (),
        tables: Sequence[Mapping[str, Any]] = (),
    ) -> dict[str, Any]:
        """Hand in code and the numbers that it gives, or own tables for questions, or both, for the entry review. A
        table is {name, csv, basis}, and `identifier` and `columns`, what is declared of it."""
        body: dict[str, Any] = {"subscription": subscription, "tables": [dict(one) for one in tables]}
        if code is not None:
            body |= {"code": code, "outputs": list(outputs)}
        return self.json("POST", "/workspace/admissions", body=body)

    def admissions(self) -> list[dict[str, Any]]:
        """List one's own admissions, and those to one's own workspaces."""
        return list(self.items("/workspace/admissions"))

    def admission(self, admission: str) -> dict[str, Any]:
        """Give an admission: code, outputs, what is said of its tables, and what was decided."""
        return self.json("GET", f"/workspace/admissions/{admission}")

    def decide_admission(self, admission: str, verdict: str, reason: str = "") -> dict[str, Any]:
        """Decide on what was handed in: `admitted` or `rejected`."""
        body = {"verdict": verdict, "reason": reason}
        return self.json("POST", f"/workspace/admissions/{admission}/decide", body=body)

    def end_admission(self, admission: str) -> dict[str, Any]:
        """End one's own admission; its tables are deleted."""
        return self.json("POST", f"/workspace/admissions/{admission}/end", body={})

    def review_exit(self, job: str, verdict: str, reason: str = "") -> dict[str, Any]:
        """Let the answer of a workspace's job leave (`passed`), or hold it back (`held`)."""
        return self.json("POST", f"/jobs/{job}/exit", body={"verdict": verdict, "reason": reason})
