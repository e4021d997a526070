"""What authorising body, departments and operators do each year: reviews, cycles, reports, the calendar."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.client.transport import Transport


class Reviewing(Transport):
    """The endpoints of the yearly review."""

    def review_year(self, operator: str, year: int, outside: str = "0") -> dict[str, Any]:
        """Hold a year against what was permitted; `outside` is revenue beside the platform."""
        return self.json("POST", f"/operators/{operator}/yearly-reviews", body={"year": year, "outside": outside})

    def year_reviews(self, operator: str) -> list[dict[str, Any]]:
        """List an operator's yearly reviews."""
        return list(self.items(f"/operators/{operator}/yearly-reviews"))

    def guide(self, review: str, guidance: str) -> dict[str, Any]:
        """Record the guidance by which an operator adjusts its prices."""
        return self.json("POST", f"/yearly-reviews/{review}/guidance", body={"guidance": guidance})

    def close_review(self, review: str, outcome: str) -> dict[str, Any]:
        """Close a review whose task is done."""
        return self.json("POST", f"/yearly-reviews/{review}/close", body={"outcome": outcome})

    def begin_cycle(self, operator: str, first: int, last: int, reason: str | None = None) -> dict[str, Any]:
        """Begin a cycle of years; more than three need a `reason`."""
        body = {"first": first, "last": last} | ({} if reason is None else {"reason": reason})
        return self.json("POST", f"/operators/{operator}/cycles", body=body)

    def cycles(self, operator: str) -> list[dict[str, Any]]:
        """List an operator's cycles with what they carried over."""
        found = self.json("GET", f"/operators/{operator}/cycles")["items"]
        return list(found)

    def close_cycle(self, cycle: str, over: int = 1) -> dict[str, Any]:
        """Close a cycle; its carry-over is deducted in parts over that many following ones."""
        return self.json("POST", f"/cycles/{cycle}/close", body={"over": over})

    def file_report(
        self,
        operator: str,
        year: int,
        *,
        operation: str | None = None,
        sales: Iterable[dict[str, Any]] = (),
        remarks: str | None = None,
        public: bool = False,
    ) -> dict[str, Any]:
        """File the yearly report on an operator; `sales` [{name, quantity, revenue}] are those beside the platform.
        A `public` one everybody may read."""
        body = {"year": year, "operation": operation, "sales": list(sales), "remarks": remarks, "published": public}
        return self.json("POST", f"/operators/{operator}/yearly-reports", body=body)

    def yearly_reports(self, operator: str | None = None) -> list[dict[str, Any]]:
        """List filed reports."""
        return list(self.items("/yearly-reports", operator=operator))

    def yearly_report(self, report: str) -> dict[str, Any]:
        """Give a filed report."""
        return self.json("GET", f"/yearly-reports/{report}")

    def report_file(self, report: str, lang: str = "zh") -> bytes:
        """Give a filed report as PDF, in zh or en."""
        return self.request("GET", f"/yearly-reports/{report}", params={"format": "pdf", "lang": lang}).content

    def letters(self, operator: str | None = None) -> list[dict[str, Any]]:
        """List the letters (函) to both departments: on ceilings that were set and on yearly reviews."""
        return list(self.items("/letters", operator=operator))

    def letter(self, letter: str) -> dict[str, Any]:
        """Give a letter with what it says."""
        return self.json("GET", f"/letters/{letter}")

    def letter_file(self, letter: str, lang: str = "zh") -> bytes:
        """Give a letter as PDF, in zh or en."""
        return self.request("GET", f"/letters/{letter}", params={"format": "pdf", "lang": lang}).content

    def price_calendar(self, operator: str | None = None) -> list[dict[str, Any]]:
        """List what is due around prices, soonest first."""
        found = self.json("GET", "/price-calendar", params={"operator": operator} if operator else {})["items"]
        return list(found)
