"""What a payer and its operator do about money: price list, limits, usage added up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from sandbox.client.transport import Transport


class Paying(Transport):
    """The endpoints of prices, limits and usage."""

    def price_list(self) -> list[dict[str, Any]]:
        """Give the public price list: products with their prices by scenario, ceilings and announced changes."""
        found = self.json("GET", "/prices")["items"]
        return list(found)

    def set_spending_limit(self, yuan: str | Decimal, subscription: str | None = None) -> dict[str, Any]:
        """Set the most that one's party spends in a calendar month, in all or under one subscription."""
        body = {"yuan": str(yuan)} | ({} if subscription is None else {"subscription": subscription})
        return self.json("POST", "/spending-limits", body=body)

    def spending_limits(self) -> list[dict[str, Any]]:
        """List one's own limits with what is `spent`, `held` and `left` this month."""
        return list(self.items("/spending-limits"))

    def remove_spending_limit(self, limit: str) -> dict[str, Any]:
        """Take a limit away."""
        return self.json("DELETE", f"/spending-limits/{limit}")

    def statement(self, month: str, *, party: str | None = None, kind: str | None = None) -> dict[str, Any]:
        """Give the statement (账单) of a month; `kind`: statement, or revenue of an operator."""
        return self.json("GET", f"/statements/{month}", params=_given(party=party, kind=kind))

    def statement_file(self, month: str, format: str = "pdf", lang: str = "zh", **whose: str) -> bytes:
        """Give the statement of a month as a `pdf` (in zh or en) or `csv` file; `whose`: party, kind."""
        params = {"format": format, "lang": lang, **whose}
        return self.request("GET", f"/statements/{month}", params=params).content

    def settlement_file(self, settlement: str, format: str = "pdf", lang: str = "zh") -> bytes:
        """Give a settlement (结算单) or note as a `pdf` (in zh or en) or `csv` file."""
        return self.request("GET", f"/settlements/{settlement}", params={"format": format, "lang": lang}).content

    def enter_invoice(self, settlement: str, number: str, code: str | None = None) -> dict[str, Any]:
        """Store the number of the tax invoice (发票) of a settlement: 20 digits, or 8 with a `code` of 10 or 12."""
        body = {"number": number} | ({} if code is None else {"code": code})
        return self.json("POST", f"/settlements/{settlement}/tax-invoices", body=body)

    def invoices(self, settlement: str) -> list[dict[str, Any]]:
        """List the tax invoices of a settlement, withdrawn ones too."""
        found = self.json("GET", f"/settlements/{settlement}/tax-invoices")["items"]
        return list(found)

    def withdraw_invoice(self, invoice: str, reason: str) -> dict[str, Any]:
        """Withdraw the number of a tax invoice; it stays on record."""
        return self.json("POST", f"/tax-invoices/{invoice}/withdraw", body={"reason": reason})

    def agree_shares(
        self, product: str, parts: Iterable[dict[str, Any]], basis: str, *, data_cost: str = "0", since: str = ""
    ) -> dict[str, Any]:
        """Record how a product's revenue is shared: `parts` of kind, name, share (1/3), after `data_cost` a month."""
        body = {"parts": list(parts), "basis": basis, "data_cost": data_cost} | ({"since": since} if since else {})
        return self.json("POST", f"/products/{product}/shares", body=body)

    def share_agreements(self, product: str) -> list[dict[str, Any]]:
        """List the agreements on a product's revenue, oldest first."""
        found = self.json("GET", f"/products/{product}/shares")["items"]
        return list(found)

    def revenue_shares(self, month: str) -> list[dict[str, Any]]:
        """Give what each is due of what was settled for a month, product by product."""
        found = self.json("GET", "/revenue-shares", params={"month": month})["items"]
        return list(found)

    def usage_events(self, month: str | None = None) -> Iterator[dict[str, Any]]:
        """Give usage events as CloudEvents 1.0, one after the other."""
        return self.items("/usage/events", month=month, limit=200)

    def usage_summary(self, month: str, by: Iterable[str] = ("product", "purpose", "day")) -> list[dict[str, Any]]:
        """Add up a month's usage by some of `party, operator, product, subscription, purpose, day`."""
        found = self.json("GET", "/usage/summary", params={"month": month, "by": ",".join(by)})["items"]
        return list(found)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
