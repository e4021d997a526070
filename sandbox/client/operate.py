"""What authority, holder and operator do: parties, resources, grants, products, prices, emergency."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox.client.transport import Transport

TYPES = {".parquet": "application/vnd.apache.parquet", ".csv": "text/csv"}


class Operating(Transport):
    """The endpoints of the parties that offer data."""

    def create_party(self, name: str, roles: Iterable[str], credit_code: str | None = None) -> dict[str, Any]:
        """Create a party; gives its `id` with its first `api_key`, or with an `enrolment_token` for oversight roles."""
        body = {"name": name, "roles": list(roles)}
        return self.json("POST", "/parties", body=body if credit_code is None else {**body, "credit_code": credit_code})

    def parties(self) -> list[dict[str, Any]]:
        """List the parties."""
        return list(self.items("/parties"))

    def party(self, party: str) -> dict[str, Any]:
        """Give a party: its name, roles and status."""
        return self.json("GET", f"/parties/{party}")

    def enrol(self, token: str) -> dict[str, Any]:
        """Turn a one-time token into this party's own first `api_key`."""
        return self.json("POST", "/enrolments", body={"token": token})

    def create_key(self, party: str, **options: Any) -> dict[str, Any]:
        """Make a further key; options: `scopes`, `expires_at`."""
        return self.json("POST", f"/parties/{party}/keys", body=options)

    def revoke_key(self, key: str) -> dict[str, Any]:
        """Revoke a key by its id."""
        return self.json("DELETE", f"/keys/{key}")

    def suspend_party(self, party: str) -> dict[str, Any]:
        """Suspend a party; its keys stop at once."""
        return self.json("POST", f"/parties/{party}/suspend", body={})

    def reinstate_party(self, party: str) -> dict[str, Any]:
        """Reinstate a suspended party."""
        return self.json("POST", f"/parties/{party}/reinstate", body={})

    def register(
        self, entry: Mapping[str, Any], tables: Mapping[str, str | Path], source: str | None = None
    ) -> dict[str, Any]:
        """Register a resource: its entry and for each table one file (Parquet, CSV, XLSX) or, with `source`, the
        schema.table in a database that the host connected under that name."""
        metadata = (None, json.dumps(dict(entry)).encode(), "application/json")
        with ExitStack() as files:
            return self.json("POST", "/resources", files={"metadata": metadata, **_parts(tables, files, source)})

    def new_version(
        self, resource: str, tables: Mapping[str, str | Path], etag: str | None = None, source: str | None = None
    ) -> dict[str, Any]:
        """Replace the data of a resource by a new version; `etag` refuses it when another came in between."""
        headers = {} if etag is None else {"If-Match": etag}
        with ExitStack() as files:
            return self.json("PUT", f"/resources/{resource}/data", files=_parts(tables, files, source), headers=headers)

    def buy_profile(self, resource: str, reason: str) -> dict[str, Any]:
        """Buy the public profile of one's own resource anew, from its population's budget; the reason is logged."""
        return self.json("POST", f"/resources/{resource}/profile", body={"reason": reason})

    def raise_budget(
        self, account: str, epsilon: str | Decimal, reason: str, delta: str | Decimal | None = None
    ) -> dict[str, Any]:
        """Raise the lifetime cap of a population's account (see `budgets`); logged and disclosed with the reason."""
        body = {"epsilon": str(epsilon), "reason": reason} | ({} if delta is None else {"delta": str(delta)})
        return self.json("POST", f"/budgets/{account}/raise", body=body)

    def grants(self) -> list[dict[str, Any]]:
        """List the grants this party may see."""
        return list(self.items("/grants"))

    def grant(self, **terms: Any) -> dict[str, Any]:
        """Authorise an operator: `operator, mode, resources, purposes, starts, ends, conditions, security_contact`, and
        if need be `domain`, `scenario`, `volume`, `rights`, `decision`."""
        return self.json("POST", "/grants", body=terms)

    def change_grant(self, grant: str, action: str, **terms: Any) -> dict[str, Any]:
        """`amend` (with `reason` and the new terms), `suspend`, `resume`, `renew` (with `ends`), `exit` (with `cause`)
        a grant, or let another `operator` `succeed` to it."""
        return self.json("POST", f"/grants/{grant}/{action}", body=terms)

    def create_product(
        self,
        grant: str,
        name: str,
        resources: Iterable[str],
        kind: str = "query",
        spec: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Package a product under a grant."""
        body = {"grant": grant, "kind": kind, "name": name, "resources": list(resources), "spec": dict(spec or {})}
        return self.json("POST", "/products", body=body)

    def change_product(self, product: str, action: str) -> dict[str, Any]:
        """`submit`, `approve` (another party than the operator), `pause`, `resume` or `retire` a product."""
        return self.json("POST", f"/products/{product}/{action}", body={})

    def start_run(self, product: str, period: str | None = None) -> dict[str, Any]:
        """Run one's own product for `period`, once more if it was run before; without it for the last one that is over.
        Gives the job."""
        return self.json("POST", f"/products/{product}/runs", body={} if period is None else {"period": period})

    def price(self, product: str, unit: str, price: str, *, trial: bool = False, **more: Any) -> dict[str, Any]:
        """Set the price of a product in yuan per `product`, `call`, `month` or `cell`. `more`: `allowance` (units a
        month that are free), `tiers` [{above, price}], `starts` (a time to come), `repeat_free`."""
        body = {"unit": unit, "price": price, "trial": trial, **more}
        return self.json("POST", f"/products/{product}/price", body=body)

    def file_survey(self, operator: str, survey: Mapping[str, Any]) -> dict[str, Any]:
        """File the costs of a year that is over: `year, costs, subsidies, taxes, bond_yield, margin, carry_over`."""
        return self.json("POST", f"/operators/{operator}/cost-surveys", body=dict(survey))

    def surveys(self, operator: str) -> list[dict[str, Any]]:
        """List the cost surveys of an operator, each with what it permits."""
        return list(self.items(f"/operators/{operator}/cost-surveys"))

    def survey(self, survey: str) -> dict[str, Any]:
        """Give a cost survey and what it permits, step by step."""
        return self.json("GET", f"/cost-surveys/{survey}")

    def change_survey(self, survey: str, action: str, **said: str) -> dict[str, Any]:
        """`apply` (with `basis`), `verify` (with `assessment`) or `return` (with `reason`) a cost survey."""
        return self.json("POST", f"/cost-surveys/{survey}/{action}", body=said)

    def permitted_revenue(self, operator: str, year: int | None = None) -> dict[str, Any]:
        """Give the verified permitted revenue (最高准许收入) of an operator, of the newest year or the one named."""
        params = {} if year is None else {"year": str(year)}
        return self.json("GET", f"/operators/{operator}/permitted-revenue", params=params)

    def set_ceilings(self, operator: str, year: int, ceilings: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """Set ceilings as one set: `product, unit, ceiling, forecast` each."""
        body = {"year": year, "ceilings": [dict(one) for one in ceilings]}
        return self.json("POST", f"/operators/{operator}/ceilings", body=body)

    def ceilings(self, operator: str) -> list[dict[str, Any]]:
        """List the sets of ceilings of an operator, the newest last."""
        return list(self.items(f"/operators/{operator}/ceilings"))

    def settle(self, month: str) -> dict[str, Any]:
        """Close a month (`2026-01`): settlements of all its users; a repeated run makes none twice."""
        return self.json("POST", "/settlements", body={"month": month})

    def settlements(self, month: str | None = None) -> list[dict[str, Any]]:
        """List settlements (结算单) and credit notes."""
        return list(self.items("/settlements", month=month))

    def settlement(self, settlement: str) -> dict[str, Any]:
        """Give a settlement with its lines."""
        return self.json("GET", f"/settlements/{settlement}")

    def reconcile(self, month: str) -> dict[str, Any]:
        """Hold a month's events, lines and settlements against each other."""
        return self.json("GET", "/reconciliation", params={"month": month})

    def disputes(self) -> list[dict[str, Any]]:
        """List disputes, one's own or with oneself."""
        return list(self.items("/disputes"))

    def answer_dispute(
        self, dispute: str, accepted: bool, answer: str, amount: str | Decimal | None = None
    ) -> dict[str, Any]:
        """Answer a dispute; `amount` yuan of an accepted one go back by a credit note."""
        body = {"accepted": accepted, "answer": answer} | ({} if amount is None else {"amount": str(amount)})
        return self.json("POST", f"/disputes/{dispute}/answer", body=body)

    def approve_subscription(self, subscription: str, security: str | None = None, note: str = "") -> dict[str, Any]:
        """Approve a subscription to one's own product; `security` (`sufficient`, `insufficient`) is how one assesses
        the recipient's, `note` on what that rests."""
        body = {} if security is None else {"security": {"level": security, "note": note}}
        return self.json("POST", f"/subscriptions/{subscription}/approve", body=body)

    def emergency(self, scope: str, target: str, reason: str) -> dict[str, Any]:
        """Stop a `product`, `party`, `resource` or `everything` at once."""
        return self.json("POST", "/emergency", body={"scope": scope, "target": target, "reason": reason})

    def emergencies(self) -> list[dict[str, Any]]:
        """List the emergency stops."""
        return list(self.items("/emergency"))

    def lift(self, emergency: str) -> dict[str, Any]:
        """Ask for, or as the second person decide, the end of a stop."""
        return self.json("POST", f"/emergency/{emergency}/lift", body={})


def _parts(tables: Mapping[str, str | Path], files: ExitStack, source: str | None) -> dict[str, Any]:
    """One part for each table: where a source has it, or its file, open until `files` closes."""
    if source is not None:
        origins = {table: {"source": source, "table": str(there)} for table, there in tables.items()}
        return {table: (None, json.dumps(one).encode(), "application/json") for table, one in origins.items()}
    parts = {}
    for table, path in tables.items():
        file = Path(path)
        kind = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        parts[table] = (file.name, files.enter_context(file.open("rb")), kind)
    return parts
