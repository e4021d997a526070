"""What persons, and the users that collect their consent, do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.client.transport import Transport


class Consenting(Transport):
    """The endpoints about persons. A `person` is `{kind, number, born?}`; the service does not store the number."""

    def identify(self, party: str, person: Mapping[str, Any], method: str) -> dict[str, Any]:
        """Let a party stand for a person whose identity was proved by `method`."""
        return self.json("POST", "/subjects", body={"party": party, "person": dict(person), "method": method})

    def give_consent(self, person: Mapping[str, Any], purpose: str, expires_at: str, **more: Any) -> dict[str, Any]:
        """Record one consent. `more`: `recipient`, `product`, `sensitive`, `form` and `identity_proof` (needed from a
        user that collected it), `guardian` {person, relation, form} of a child under 14."""
        said = {"person": dict(person), "purpose": purpose, "expires_at": expires_at}
        return self.json("POST", "/consents", body=said | more)

    def consents(self) -> list[dict[str, Any]]:
        """List one's own consents, or those given to oneself."""
        return list(self.items("/consents"))

    def withdraw_consent(self, consent: str) -> dict[str, Any]:
        """Withdraw a consent, with immediate effect."""
        return self.json("DELETE", f"/consents/{consent}")

    def inquiries(self) -> list[dict[str, Any]]:
        """List who asked about oneself."""
        return list(self.items("/subjects/me/inquiries"))

    def demand_of_holder(self, kind: str, resource: str, text: str) -> dict[str, Any]:
        """File an `objection`, `correction`, `portability` or `erasure` with whoever answers for a resource."""
        body = {"kind": kind, "resource": resource, "text": text}
        return self.json("POST", "/subjects/me/demands", body=body)

    def person_demands(self) -> list[dict[str, Any]]:
        """List one's own demands, and those about resources that one answers for."""
        return list(self.items("/subjects/demands"))

    def answer_person_demand(self, demand: str, upheld: bool, answer: str) -> dict[str, Any]:
        """Answer a person's demand."""
        return self.json("POST", f"/subjects/demands/{demand}/answer", body={"upheld": upheld, "answer": answer})
