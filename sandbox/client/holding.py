"""What holders and those who look at their data do: grades, quality, conditions, use, objections and demands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.client.transport import Transport


class Holding(Transport):
    """The endpoints about registered resources."""

    def regrade(
        self, resource: str, grade: str, reason: str, columns: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Give a resource another grade, and `columns` (table.column) other roles; the reason stays on record."""
        body = {"grade": grade, "reason": reason, "columns": dict(columns or {})}
        return self.json("POST", f"/resources/{resource}/grade", body=body)

    def grades(self, resource: str) -> list[dict[str, Any]]:
        """List how grade and roles of columns changed, oldest first."""
        found: list[dict[str, Any]] = self.json("GET", f"/resources/{resource}/grades")["items"]
        return found

    def quality(self, resource: str) -> dict[str, Any]:
        """Whether the data are up to date and what their holder says of them; to it the `reports` of all versions."""
        return self.json("GET", f"/resources/{resource}/quality")

    def state_quality(self, resource: str, **levels: str) -> dict[str, Any]:
        """Say in public of what quality one's data are: `completeness`, `accuracy`, `timeliness`, `uniqueness` and
        `readability` are each high, medium or low."""
        return self.json("POST", f"/resources/{resource}/quality", body=levels)

    def conditions(self, resource: str) -> dict[str, Any]:
        """Give the holder's conditions in force."""
        return self.json("GET", f"/resources/{resource}/conditions")

    def set_conditions(
        self, resource: str, purposes: Iterable[str] = (), text: str = "", *, consent: bool = False
    ) -> dict[str, Any]:
        """Say what grants over one's resource need: purposes among these (all, without any), one's consent to each."""
        body = {"purposes": list(purposes), "consent": consent, "text": text}
        return self.json("POST", f"/resources/{resource}/conditions", body=body)

    def decide_grant(self, resource: str, grant: str, agreed: bool, reason: str) -> dict[str, Any]:
        """Consent to a grant over one's resource, or refuse it."""
        body = {"grant": grant, "agreed": agreed, "reason": reason}
        return self.json("POST", f"/resources/{resource}/consents", body=body)

    def use(self, resource: str) -> dict[str, Any]:
        """What a holder sees of the use of its resource: grants, products, jobs by month."""
        return self.json("GET", f"/resources/{resource}/use")

    def budget_products(self, account: str) -> list[dict[str, Any]]:
        """What each product took from a population's budget (see `budgets`), the most first."""
        found: list[dict[str, Any]] = self.json("GET", f"/budgets/{account}/products")["items"]
        return found

    def links(self, product: str) -> dict[str, Any]:
        """Which resources a product lets its operator put together, and whether that was assessed."""
        return self.json("GET", f"/products/{product}/links")

    def object_to(self, resource: str, subject: str, text: str) -> dict[str, Any]:
        """Object to data or their description (数据异议)."""
        return self.json("POST", f"/resources/{resource}/objections", body={"subject": subject, "text": text})

    def feedback(self, resource: str, subject: str, text: str) -> dict[str, Any]:
        """Say something about the quality of data."""
        return self.json("POST", f"/resources/{resource}/feedback", body={"subject": subject, "text": text})

    def demand(self, subject: str, text: str, resource: str | None = None, domain: str | None = None) -> dict[str, Any]:
        """Ask for data or services that are missed (需求受理): of a resource, in a domain, or neither."""
        body = {"subject": subject, "text": text, "resource": resource, "domain": domain}
        return self.json("POST", "/demands", body=body)

    def matters(self) -> list[dict[str, Any]]:
        """List feedback, objections and demands: one's own and those addressed to one."""
        return list(self.items("/matters"))

    def matter(self, matter: str) -> dict[str, Any]:
        """Give one of them."""
        return self.json("GET", f"/matters/{matter}")

    def answer_matter(self, matter: str, accepted: bool, answer: str) -> dict[str, Any]:
        """Answer what is addressed to one."""
        return self.json("POST", f"/matters/{matter}/answer", body={"accepted": accepted, "answer": answer})

    def withdraw_matter(self, matter: str) -> dict[str, Any]:
        """Withdraw one's own open matter."""
        return self.json("POST", f"/matters/{matter}/withdraw", body={})
