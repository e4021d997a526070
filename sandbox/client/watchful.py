"""What watches the instance itself: alerts, drills, incidents, webhooks, the upward report."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.client.transport import Transport


class Watchful(Transport):
    """The endpoints of alerts, drills and webhooks."""

    def alerts(self, status: str | None = None, kind: str | None = None) -> list[dict[str, Any]]:
        """List alerts (预警): all, or those of one `status` (open, acknowledged) or `kind`."""
        return list(self.items("/alerts", status=status, kind=kind))

    def alert(self, alert: str) -> dict[str, Any]:
        """Give an alert."""
        return self.json("GET", f"/alerts/{alert}")

    def acknowledge_alert(self, alert: str, note: str | None = None) -> dict[str, Any]:
        """Say that one looked at an alert, and what came of it."""
        return self.json("POST", f"/alerts/{alert}/acknowledge", body={} if note is None else {"note": note})

    def order_drill(self, reason: str) -> dict[str, Any]:
        """Begin a drill of the emergency stop: nothing stops."""
        return self.json("POST", "/drills", body={"reason": reason})

    def drills(self) -> list[dict[str, Any]]:
        """List drills with what they measured."""
        return list(self.items("/drills"))

    def drill(self, drill: str) -> dict[str, Any]:
        """Give a drill: `seconds` by process, `missing`, `status`."""
        return self.json("GET", f"/drills/{drill}")

    def make_webhook(self, url: str, events: Iterable[str]) -> dict[str, Any]:
        """Have events told to an address; gives `id` and the `secret` that signs, shown once."""
        return self.json("POST", "/webhooks", body={"url": url, "events": list(events)})

    def webhooks(self) -> list[dict[str, Any]]:
        """List one's own webhooks."""
        return list(self.items("/webhooks"))

    def webhook(self, webhook: str) -> dict[str, Any]:
        """Give one's own webhook."""
        return self.json("GET", f"/webhooks/{webhook}")

    def webhook_messages(self, webhook: str) -> list[dict[str, Any]]:
        """List the messages to a webhook: `status`, `attempts`, what the receiver `answered`."""
        return list(self.items(f"/webhooks/{webhook}/messages"))

    def try_webhook(self, webhook: str) -> dict[str, Any]:
        """Send a test message to a webhook."""
        return self.json("POST", f"/webhooks/{webhook}/test", body={})

    def remove_webhook(self, webhook: str) -> dict[str, Any]:
        """Remove a webhook."""
        return self.json("DELETE", f"/webhooks/{webhook}")

    def open_incident(
        self, source: str, summary: str, cause: str | None = None, party: str | None = None
    ) -> dict[str, Any]:
        """Open a case from a `trace`, `alert`, `complaint` or `other`; `cause` is its id, `party` whom it is about."""
        body = {"source": source, "summary": summary, "cause": cause, "party": party}
        return self.json("POST", "/incidents", body={name: said for name, said in body.items() if said is not None})

    def incidents(self) -> list[dict[str, Any]]:
        """List cases: overseers all, others those that they were notified of."""
        return list(self.items("/incidents"))

    def incident(self, incident: str) -> dict[str, Any]:
        """Give a case with its steps."""
        return self.json("GET", f"/incidents/{incident}")

    def advance_incident(self, incident: str, step: str, text: str, **said: Any) -> dict[str, Any]:
        """Go on with a case: `notes`, `hold` (`scope`, `target`), `notify` (`parties`), `reply`, `sanction` (`warning`
        or `suspend_party`), `remedy`, `close` (`outcome`)."""
        return self.json("POST", f"/incidents/{incident}/{step}", body={"text": text, **said})

    def report(self, year: int | None = None) -> dict[str, Any]:
        """Give the upward report of a year as data."""
        return self.json("GET", "/reports/upward", params={"year": year})

    def report_bundle(self, year: int | None = None) -> bytes:
        """Give the upward report of a year as a zip: JSON, a CSV for each section, digests."""
        return self.request("GET", "/reports/upward", params={"year": year, "format": "zip"}).content
