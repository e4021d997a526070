"""An instance with a workspace that two users subscribed to, and what they bring there, for tests of its doors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from estate import Estate

from sandbox.core.clock import now
from sandbox.identity import people
from sandbox.identity.keys import fingerprint
from sandbox.web.sessions import TOKEN, limits

SPEC: dict[str, Any] = {
    "sql": "SELECT person, age, wage FROM people", "blocks": 8, "seconds": "1.5", "memory_mb": 128, "days": 7,
}  # fmt: skip
CODE = "def program(rows, parameters):\n    return {'n': len(rows)}  # <b>&\n"
OUTPUTS = [{"name": "n", "lower": 0, "upper": 100}]
TABLE = {"name": "insured", "csv": "person,premium\n1,77881\n2,77882", "basis": "contract 2026-7 <i>"}


class Offering(Estate):
    """An estate with a workspace."""

    workspace: str

    def offer(self, spec: dict[str, Any], **privacy: Any) -> None:
        """Publish, and offer a workspace that two users subscribe to."""
        self.publish(users=("firm", "other"), **privacy)
        grant = self.ok("POST", "/grants", self.grant())["id"]
        body = {"grant": grant, "kind": "workspace", "name": "w", "resources": [self.resource], "spec": spec}
        self.workspace = self.ok("POST", "/products", body, "operator")["id"]
        self.ok("POST", f"/products/{self.workspace}/submit", {}, "operator")
        paper = {"subject": self.workspace, "kind": "impact_assessment", "title": "x", "digest": "0" * 64}
        self.ok("POST", "/documents", paper)
        self.ok("POST", f"/products/{self.workspace}/approve", {})
        self.ok("POST", f"/products/{self.workspace}/price", {"unit": "call", "price": "9", "trial": True}, "operator")
        for user in ("firm", "other"):
            asked = {"product": self.workspace, "purpose": "industry", "commitment": {"accepted": True}}
            self.subscriptions[user] = self.ok("POST", "/subscriptions", asked, user)["id"]
            self.ok("POST", f"/subscriptions/{self.subscriptions[user]}/approve", {}, "operator")

    def page(self, path: str, key: str | None, form: dict[str, str] | None = None, lang: str = "en") -> Any:
        """Open a page, or send its form, with somebody's key; None: with the session that this client has."""
        sent = {"Accept": "text/html"} | ({"Authorization": f"Bearer {self.web.keys.get(key, key)}"} if key else {})
        method = "GET" if form is None else "POST"
        return self.web.client.open(f"{path}?lang={lang}", method=method, headers=sent, data=form)


class Site(Offering):
    """One whose users bring code."""

    def bring(self, user: str = "firm", **changed: Any) -> str:
        """Hand code and a table in; gives the admission."""
        body = {"subscription": self.subscriptions[user], "code": CODE, "outputs": OUTPUTS, "tables": [TABLE]}
        return str(self.ok("POST", "/workspace/admissions", {**body, **changed}, user)["id"])

    def ran(self, user: str = "firm") -> str:
        """Run what was admitted; gives the job, whose answer waits for its exit review."""
        admission = self.bring(user)
        self.ok("POST", f"/workspace/admissions/{admission}/decide", {"verdict": "admitted"}, "operator")
        self.beat()
        body = {"subscription": self.subscriptions[user], "parameters": {"admission": admission}, "epsilon": "20"}
        headers = {"Idempotency-Key": f"k-{now().timestamp()}"}
        job = str(self.ok("POST", "/jobs", body, user, headers=headers)["id"])
        self.finish()
        found = self.ok("GET", f"/jobs/{job}", key=user)
        assert found["status"] == "done", found
        return job

    def sign_in(self, party: str, subject: str) -> None:
        """Make this client's session that of a person who acts for a party, as the provider's answer does."""
        house = self.web.house
        key = None if party == "authority" else party
        whose = self.web.ids.get(party) or self.ok("GET", "/session", key=key)["party"]
        invited = self.ok("POST", f"/parties/{whose}/people", {"name": subject}, key)
        with house.store.write() as tx:
            mark = fingerprint(invited["invitation"])
            _, token = people.sign_in(tx, house.journal, "https://issuer", subject, mark, limits(house))
        with self.web.client.session_transaction() as session:
            session.clear()
            session[TOKEN] = token


@contextmanager
def site(home: Path) -> Iterator[Site]:
    """One for tests of who may do what: blocks take the time that is declared, and these ask no more than to count."""
    with ExitStack() as stack:
        made = Site(home, stack)
        made.offer(SPEC | {"seconds": "0.3"}, epsilon="400", per_user={"epsilon": "200", "delta": "1e-7"})
        made.web.join("stranger", "operator")
        made.web.join("regulator")
        yield made


__all__ = ["CODE", "OUTPUTS", "SPEC", "TABLE", "Offering", "Site", "site"]
