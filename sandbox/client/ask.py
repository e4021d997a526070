"""What a data user does: find, subscribe, ask, collect, see what it cost."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox.client.answer import Answer
from sandbox.client.authorise import digest_of
from sandbox.client.transport import Transport
from sandbox.errors import Problem

Number = str | int | float | Decimal
WAIT = 30  # seconds the service may hold one request
FINAL = {"done", "failed", "refused", "void"}


class Asking(Transport):
    """The endpoints of a data user."""

    def resources(self, words: str | None = None) -> list[dict[str, Any]]:
        """List the resources this party may see; with `words` those in whose declarations each of them stands."""
        return list(self.items("/resources", q=words))

    def catalogue(self) -> dict[str, Any]:
        """Give the public catalogue, as JSON-LD in DCAT and ODRL; needs no key."""
        return self.json("GET", "/catalogue.jsonld")

    def resource(self, resource: str) -> dict[str, Any]:
        """Give the catalogue entry of a resource."""
        return self.json("GET", f"/resources/{resource}")

    def products(self) -> list[dict[str, Any]]:
        """List the products this party may see, with their prices."""
        return list(self.items("/products"))

    def product(self, product: str) -> dict[str, Any]:
        """Give a product."""
        return self.json("GET", f"/products/{product}")

    def prices(self, product: str) -> dict[str, Any]:
        """Give the price of a product and those before it."""
        return self.json("GET", f"/products/{product}/price")

    def commitment(self) -> dict[str, Any]:
        """Give what a subscriber accepts: the `commitment`, the `declaration` of free use, and the questions about the
        `recipient`'s security; needs no key."""
        return self.json("GET", "/commitment")

    def subscriptions(self) -> list[dict[str, Any]]:
        """List one's own subscriptions, or those to one's own products."""
        return list(self.items("/subscriptions"))

    def subscribe(
        self,
        product: str,
        purpose: str,
        *,
        accept: bool,
        scenario: str | None = None,
        quota: int | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Subscribe to a product for one purpose; `accept` is the party's signed commitment (承诺书). `more` may name
        the digest of the `agreement`, the `proof` {title, digest} of free use, the `places` where one is, and what one
        answers about its security as the `recipient` {question: answer}."""
        body = {"product": product, "purpose": purpose, "commitment": {"accepted": accept}}
        return self.json("POST", "/subscriptions", body={**body, **_given(scenario=scenario, quota=quota), **more})

    def subscription(self, subscription: str) -> dict[str, Any]:
        """Give a subscription: its state, what its free use rests on (`free_by`), what was demanded (`inspection`)."""
        return self.json("GET", f"/subscriptions/{subscription}")

    def prove_free_use(self, subscription: str, document: str | Path, title: str | None = None) -> dict[str, Any]:
        """Attach the document that shows why one's use is free: a file, of which only the SHA-256 is sent, or that."""
        body = {"title": title or Path(document).name, "digest": digest_of(document)}
        return self.json("POST", f"/subscriptions/{subscription}/prove", body=body)

    def cancel_subscription(self, subscription: str) -> dict[str, Any]:
        """End a subscription."""
        return self.json("POST", f"/subscriptions/{subscription}/cancel", body={})

    def estimate(
        self, subscription: str, sql: str | None = None, epsilon: Number | None = None, **more: Any
    ) -> dict[str, Any]:
        """Say what a question would cost in privacy and money; costs nothing itself. Products of other kinds than query
        take no `sql`, some of them `parameters` ({"name": value}). `more` may name the `dialect` of
        the text (duckdb, postgresql, ansi), `bounds` on what one unit counts for ({"groups": 3, "rows_per_group": 2}),
        `keys` that are to be found anew ("private") or shown as the public profile lists them ("published"), the `mode`
        in which units are bounded (rows, weights, totals), and `consistent`=True for totals that are the sums of their
        parts, and the `resource` that the question is about, where the product has several."""
        return self.json("POST", "/jobs/estimate", body=_question(subscription, sql, epsilon, more))

    def submit(
        self,
        subscription: str,
        sql: str | None = None,
        epsilon: Number | None = None,
        *,
        wait: float = WAIT,
        **more: Any,
    ) -> dict[str, Any]:
        """Submit a question and give the job, finished when that took less than `wait` seconds."""
        return self.json("POST", "/jobs", body=_question(subscription, sql, epsilon, more), wait=wait)

    def query(
        self,
        subscription: str,
        sql: str | None = None,
        epsilon: Number | None = None,
        *,
        timeout: float = 600,
        **more: Any,
    ) -> Answer:
        """Ask and give the answer with its errors and receipt.

        Raises `Problem`: the refusal, what called the job off, `execution_failed` when it failed, `job_not_finished`
        when it still ran after `timeout` seconds (it goes on; collect it with `answer`).
        """
        end = time.monotonic() + timeout
        job = self.submit(subscription, sql, epsilon, wait=min(WAIT, timeout), **more)
        while job["status"] not in FINAL:
            if time.monotonic() > end:
                raise Problem("job_not_finished", f"job {job['id']} still runs: collect it later with answer(…)")
            time.sleep(0.2)
            job = self.job(job["id"])
        if job["status"] not in ("done", "void"):
            raise Problem("execution_failed", f"job {job['id']} ended as {job['status']}; no money was charged for it")
        return self.answer(job["id"])

    def runs(self, product: str) -> list[dict[str, Any]]:
        """List the runs of a product that its operator runs: the periods of which one can have copies."""
        return list(self.json("GET", f"/products/{product}/runs")["items"])

    def series(self, product: str, first: str | None = None, last: str | None = None) -> dict[str, Any]:
        """Give the series of an index in one's own copies, from `first` to `last`: value, interval, revisions."""
        return self.json("GET", f"/products/{product}/series", params=_given(**{"from": first, "to": last}))

    def series_page(self, product: str, first: str | None = None, last: str | None = None) -> bytes:
        """Give the same as a page (HTML) with a chart."""
        given = _given(**{"from": first, "to": last, "format": "html"})
        return self.request("GET", f"/products/{product}/series", params=given).content

    def collect(self, subscription: str, product: str, *, timeout: float = 600) -> list[str]:
        """Get copies of all that was published of a product and is not held yet; give the periods. Each is a job."""
        held = {item["period"]: item["held"] for item in self.series(product)["items"]}
        newest = {run["period"]: run["number"] for run in self.runs(product)}
        wanted = [period for period, number in newest.items() if held.get(period) != number]
        for period in wanted:
            self.query(subscription, parameters={"period": period}, timeout=timeout)
        return wanted

    def jobs(self) -> list[dict[str, Any]]:
        """List one's own jobs."""
        return list(self.items("/jobs"))

    def job(self, job: str) -> dict[str, Any]:
        """Give the state of a job."""
        return self.json("GET", f"/jobs/{job}")

    def answer(self, job: str) -> Answer:
        """Collect the finished answer of a job."""
        return Answer(self.json("GET", f"/jobs/{job}/result", params={"format": "json"}), self.receipt(job))

    def download(self, job: str, format: str) -> bytes:
        """Give the result as `json`, `csv`, `parquet`, `arrow` or `xlsx`; each download is logged as a delivery."""
        return self.request("GET", f"/jobs/{job}/result", params={"format": format}).content

    def receipt(self, job: str) -> str:
        """Give the receipt of a job as text."""
        return self.request("GET", f"/jobs/{job}/receipt").text

    def acknowledge(self, job: str, delivery: str, signature: str, public_key: str) -> dict[str, Any]:
        """Acknowledge a delivery: the hash of its leaf, signed with the party's own key."""
        body = {"delivery": delivery, "signature": signature, "public_key": public_key}
        return self.json("POST", f"/jobs/{job}/acknowledgement", body=body)

    def publish(self, job: str, place: str, day: str) -> dict[str, Any]:
        """Declare that one published one's copy of an answer at `place` on `day` (`2026-01-31`)."""
        return self.json("POST", f"/jobs/{job}/publications", body={"place": place, "day": day})

    def publications(self, job: str) -> list[dict[str, Any]]:
        """List the publications that one declared of an answer."""
        return list(self.items(f"/jobs/{job}/publications"))

    def budgets(self) -> list[dict[str, Any]]:
        """List the privacy accounts this party may see: total, spent, reserved, left, over life, when they renew."""
        return list(self.items("/budgets"))

    def usage(self, **filters: Any) -> list[dict[str, Any]]:
        """List usage events, one per billable job."""
        return list(self.items("/usage", **filters))

    def statements(self, month: str | None = None) -> list[dict[str, Any]]:
        """List the monthly statements (账单); `month` is `YYYY-MM`."""
        return list(self.items("/statements", month=month))

    def dispute(self, reason: str, *, settlement: str | None = None, product: str | None = None) -> dict[str, Any]:
        """Object to one's own settlement, or to the price of a product (P9)."""
        return self.json("POST", "/disputes", body=_given(reason=reason, settlement=settlement, product=product))


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _question(subscription: str, sql: str | None, epsilon: Number | None, more: dict[str, Any]) -> dict[str, Any]:
    asked = None if epsilon is None else str(epsilon)
    return {"subscription": subscription, **_given(sql=sql, epsilon=asked, **more)}
