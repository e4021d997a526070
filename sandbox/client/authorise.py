"""What authority, operators and users do about authorisation: grants, policies, reviews, documents, credit records."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.client.transport import Transport


class Authorising(Transport):
    """The endpoints of authorised operation."""

    def grant_history(self, grant: str) -> list[dict[str, Any]]:
        """List the steps of a grant: what changed, and why."""
        return list(self.items(f"/grants/{grant}/history"))

    def policies(self) -> dict[str, Any]:
        """Give the policies in force: `text`, `digest`, `policies` by id, and which are `law`; whether they are
        `strict`, and what would make them so (`stricter`)."""
        return self.json("GET", "/policies")

    def make_strict(self, note: str = "") -> dict[str, Any]:
        """Put the stricter policies in force beside those that are: what a review warns of becomes a condition. Gives
        the version in force, as it is when they are strict already."""
        found = self.policies()
        if found["strict"]:
            return self.policy_version(found["version"])
        return self.activate_policies(self.propose_policies(found["text"] + found["stricter"], note)["id"])

    def propose_policies(self, text: str, note: str = "") -> dict[str, Any]:
        """Put a new version of the policies on record."""
        return self.json("POST", "/policies", body={"text": text, "note": note})

    def test_policies(self, text: str) -> dict[str, Any]:
        """Try a text against past requests: how many were `tried`, how many would have `changed`, and which."""
        return self.json("POST", "/policies/test", body={"text": text})

    def policy_versions(self) -> list[dict[str, Any]]:
        """List the versions of the policies, with their state."""
        return list(self.items("/policies/versions"))

    def policy_version(self, version: str) -> dict[str, Any]:
        """Give a version of the policies with its text."""
        return self.json("GET", f"/policies/versions/{version}")

    def activate_policies(self, version: str) -> dict[str, Any]:
        """Put a version of the policies in force."""
        return self.json("POST", f"/policies/versions/{version}/activate", body={})

    def checklist(self) -> dict[str, Any]:
        """Give the questions that a reviewer of products answers."""
        return self.json("GET", "/review/checklist")

    def approve_product(
        self, product: str, checklist: Mapping[str, bool] | None = None, note: str = ""
    ) -> dict[str, Any]:
        """Approve a submitted product, having answered the checklist."""
        body = {"checklist": dict(checklist or {}), "note": note}
        return self.json("POST", f"/products/{product}/approve", body=body)

    def return_product(self, product: str, note: str, checklist: Mapping[str, bool] | None = None) -> dict[str, Any]:
        """Send a submitted product back, saying what is missing."""
        body = {"checklist": dict(checklist or {}), "note": note}
        return self.json("POST", f"/products/{product}/return", body=body)

    def revise_product(self, product: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Give one's product another specification; it has to be reviewed again."""
        return self.json("POST", f"/products/{product}/revise", body={"spec": dict(spec)})

    def hand_over(self, product: str, grant: str) -> dict[str, Any]:
        """Hand one's product to the operator of another grant."""
        return self.json("POST", f"/products/{product}/hand-over", body={"grant": grant})

    def reviews(self, product: str) -> list[dict[str, Any]]:
        """List the reviews of a product."""
        return list(self.items(f"/products/{product}/reviews"))

    def equal_treatment(self, product: str) -> dict[str, Any]:
        """Give the equal-treatment report of a product (公平服务)."""
        return self.json("GET", f"/products/{product}/equal-treatment")

    def attach(self, subject: str, kind: str, title: str, document: str | Path, note: str = "") -> dict[str, Any]:
        """Attach a document to a grant, product or subscription: a file, of which only the SHA-256 is sent, or that."""
        body = {"subject": subject, "kind": kind, "title": title, "digest": digest_of(document), "note": note}
        return self.json("POST", "/documents", body=body)

    def documents(self, subject: str) -> list[dict[str, Any]]:
        """List the documents of a grant, product or subscription."""
        return list(self.items("/documents", subject=subject))

    def decline_subscription(self, subscription: str, reason: str) -> dict[str, Any]:
        """Refuse a subscription to one's own product, with the reason."""
        return self.json("POST", f"/subscriptions/{subscription}/decline", body={"reason": reason})

    def assess_recipient(self, subscription: str, level: str, note: str = "") -> dict[str, Any]:
        """Say how the security of one's product's recipient is: `sufficient` or `insufficient`, and on what that
        rests."""
        return self.json("POST", f"/subscriptions/{subscription}/assess", body={"level": level, "note": note})

    def demand_proof(self, subscription: str, reason: str, days: int = 15) -> dict[str, Any]:
        """Demand the documents that show why a use is free, within `days`."""
        return self.json("POST", f"/subscriptions/{subscription}/demand-proof", body={"reason": reason, "days": days})

    def find_untrue(self, subscription: str, reason: str) -> dict[str, Any]:
        """Find that what free use rests on is untrue: the subscription ends."""
        return self.json("POST", f"/subscriptions/{subscription}/find-untrue", body={"reason": reason})

    def enter_credit(self, party: str, kind: str, reason: str, **more: str) -> dict[str, Any]:
        """Enter a `breach`, `suspension` or `incentive`; `more` may name `about` and `until`."""
        return self.json("POST", f"/parties/{party}/credit", body={"kind": kind, "reason": reason, **more})

    def credit(self, party: str) -> dict[str, Any]:
        """Give a credit record: its `standing` and `entries`."""
        return self.json("GET", f"/parties/{party}/credit")

    def appeal(self, credit: str, plea: str) -> dict[str, Any]:
        """Appeal against an entry of one's own record."""
        return self.json("POST", f"/credit/{credit}/appeal", body={"plea": plea})

    def ask_repair(self, credit: str, plea: str, evidence: str | Path) -> dict[str, Any]:
        """Ask for repair: what was mended, and the document that shows it (a file, or its SHA-256)."""
        return self.json("POST", f"/credit/{credit}/repair", body={"plea": plea, "evidence": digest_of(evidence)})

    def decide_credit(self, credit: str, accepted: bool, decision: str) -> dict[str, Any]:
        """Decide on an appeal or a repair."""
        return self.json("POST", f"/credit/{credit}/decide", body={"accepted": accepted, "decision": decision})


def digest_of(document: str | Path) -> str:
    """Give the SHA-256 of a file; a text of 64 hexadecimal digits is one already. Raises OSError."""
    text = str(document)
    if len(text) == 64 and all(digit in "0123456789abcdef" for digit in text):
        return text
    return hashlib.sha256(Path(document).read_bytes()).hexdigest()
