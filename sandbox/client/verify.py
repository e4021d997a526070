"""What a user does about single subjects: ask approved claims, keep what proves the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.client.transport import Transport
from sandbox.errors import Problem
from sandbox.transparency.receipt import verify_answer


@dataclass(frozen=True)
class Verified:
    """A claim and its `answer`: true, false, the name of a band, or not_available. `receipt` proves it, `salt` shows
    what was asked; keep both."""

    id: str
    subject: str
    claim: str
    value: str | bool | None
    answer: str
    fee: str
    salt: str
    receipt: str

    def verify(self, log_public_key: str) -> dict[str, Any]:
        """Check offline that the log holds this answer to this question; give what its leaf committed to. Raises
        `Problem(field_invalid)`."""
        said = verify_answer(self.receipt, log_public_key, self.subject, self.claim, self.value, self.salt)
        if (said["answer"], said["verification"]) != (self.answer, self.id):
            raise Problem("field_invalid", "the receipt is of another answer")
        return said


class Verifying(Transport):
    """The endpoints about claims. On a `consent` (its id; without one it is looked for) or a legal `basis`."""

    def verify(self, subscription: str, subject: str, claim: str, value: Any = None, **ground: str | None) -> Verified:
        """Ask a claim about one subject, by its number, and give the answer with its receipt. `ground`: `consent`, an
        id, or `basis`. Raises the refusal; job_not_finished when it takes unusually long: it goes on."""
        body = {"subscription": subscription, "subject": subject, "claim": claim, "value": value, **ground}
        said = self.json("POST", "/verifications", body={name: one for name, one in body.items() if one is not None})
        return self._verified(subject, said)

    def verify_again(self, verification: str, subject: str) -> Verified:
        """Give the answer to a claim that one asked before; `subject` is whom one asked about, which nobody else knows
        any more."""
        return self._verified(subject, self.json("GET", f"/verifications/{verification}"))

    def verify_batch(
        self, subscription: str, subjects: Sequence[str], claim: str, value: Any = None, **more: Any
    ) -> dict[str, Any]:
        """Ask a claim about up to 100 subjects at once: `rows` in their order, each answered like one asked alone, or
        with the code that refused it. `more`: `basis`, and `epsilon` to count all their answers with noise; then
        `counts` names the job."""
        body = {"subscription": subscription, "subjects": list(subjects), "claim": claim, "value": value, **more}
        given = {name: one for name, one in body.items() if one is not None}
        return self.json("POST", "/verifications/batch", body=given)

    def verifications(self) -> list[dict[str, Any]]:
        """List the claims that one asked, without subjects and answers."""
        return list(self.items("/verifications"))

    def verification_receipt(self, verification: str) -> str:
        """Give the receipt of a claim as text."""
        return self.request("GET", f"/verifications/{verification}/receipt").text

    def _verified(self, subject: str, said: dict[str, Any]) -> Verified:
        if said["status"] != "done":
            raise Problem(
                "job_not_finished", f"claim {said['id']} is {said['status']}: read it later, with verify_again"
            )
        kept = {name: said[name] for name in ("id", "claim", "value", "answer", "fee", "salt")}
        return Verified(subject=subject, receipt=self.verification_receipt(said["id"]), **kept)
