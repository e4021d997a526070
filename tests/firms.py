"""Invented firms and persons with right check digits, and an instance in which claims are asked about them."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

from estate import LEGAL, Estate, table
from stdnum.cn import ric, uscc
from werkzeug.test import TestResponse

from sandbox.core.store import Stale
from sandbox.products.verification.answering import Verifier

LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
STEP = 7919
"""How far the numbers of two firms are apart: nobody walks through them by chance."""
LIMITS = {"subject_per_month": 1000, "user_per_day": 10_000, "product_per_day": 10_000}
BASES = ["consent", "statutory_duty"]
CLAIMS = [
    {"name": "in_business", "kind": "membership", "column": "status", "values": ["active"]},
    {
        "name": "turnover",
        "kind": "band",
        "column": "turnover",
        "cuts": [1000, "5000.50"],
        "bands": ["s", "m", "large"],
    },
    {"name": "status_is", "kind": "equality", "column": "status"},
    {"name": "listed", "kind": "equality", "column": "listed", "values": [True, False]},
]
PRIVACY = {"epsilon": "8", "delta": "1e-6", "per_user": {"epsilon": "4", "delta": "1e-7"}}


def code(number: int) -> str:
    """A firm's unified social credit code, invented: the organisation's code counts up with `number`."""
    body = ""
    for _ in range(8):
        number, digit = divmod(number, 31)
        body = LETTERS[digit] + body
    head = f"91110000{body}0"
    return head + uscc.calc_check_digit(head)


def identity(born: str, serial: int = 2) -> str:
    """A person's identity number, invented."""
    head = f"110105{born}{serial:03d}"
    return head + ric.calc_check_digit(head + "0")


FIRMS = [
    {
        "code": code(STEP * n),
        "status": "active" if n % 2 else "revoked",
        "turnover": "" if n % 5 == 4 else f"{n * 300}.00",
        "listed": str(n % 3 == 0).lower(),
    }
    for n in range(100)
]
UNKNOWN = code(STEP * 5000)


def registration(name: str, columns: list[dict[str, Any]], personal: bool) -> dict[str, Any]:
    """A table of one row a unit, which its first column names."""
    first = columns[0]["name"]
    return {
        "name": name, "title": {"zh": "登记", "en": "Register"}, "holder": "Bureau", "domain": "economy",
        "grade": "general", "personal_information": personal, "legal_basis": LEGAL, "update_frequency": "P1M",
        "unit": {"name": "unit", "column": f"{name}.{first}"},
        "tables": [{"name": name, "unit": first, "max_rows_per_unit": 1, "columns": columns}], "privacy": PRIVACY,
    }  # fmt: skip


FIRM_COLUMNS = [
    {"name": "code", "type": "string", "role": "identifier"},
    {"name": "status", "type": "string", "role": "trade_secret", "domain": ["active", "revoked"]},
    {"name": "turnover", "type": "decimal(14,2)", "role": "trade_secret", "bounds": [0, 1000000]},
    {"name": "listed", "type": "boolean", "role": "public"},
]


def specification(**changed: Any) -> dict[str, Any]:
    """What the product over firms says."""
    subject = {"table": "firms", "column": "code", "kind": "cn_uscc"}
    return {"subject": subject, "claims": CLAIMS, "bases": BASES, "limits": LIMITS} | changed


class Office(Estate):
    """An estate with a register of firms; `bank` and `other` are its users. Claims are answered while it is `open`."""

    def found(self, **spec: Any) -> None:
        """Register firms, and offer claims about them."""
        self.resource = self.register("firms", FIRM_COLUMNS, FIRMS, personal=False)
        self.web.join("operator")
        self.granted = self.ok("POST", "/grants", self.grant())["id"]
        self.product = self.offer(specification(**spec))
        for name in ("bank", "other"):
            self.web.join(name, "user")
            self.subscriptions[name] = self.subscribe(name, self.product)
        self.verifier = Verifier(self.house)
        self.verifier.warm()

    def register(self, name: str, columns: list[dict[str, Any]], rows: list[dict[str, Any]], personal: bool) -> str:
        """Register a table; give the resource."""
        said = json.dumps(registration(name, columns, personal)).encode()
        files = {"metadata": (io.BytesIO(said), "m.json", "application/json")}
        files[name] = (io.BytesIO(table(rows)), f"{name}.csv", "text/csv")
        with self.working():
            return str(self.ok("POST", "/resources", data=files)["id"])

    def offer(self, spec: dict[str, Any], price: str = "0.50") -> str:
        """Package, approve and price a product over `resource`."""
        body = {"grant": self.granted, "kind": "verification", "name": "claims", "resources": [self.resource]}
        product = str(self.ok("POST", "/products", body | {"spec": spec}, "operator")["id"])
        assessed = {"subject": product, "kind": "impact_assessment", "title": "PIA", "digest": "0" * 64}
        self.ok("POST", "/documents", assessed, "operator")
        self.ok("POST", f"/products/{product}/submit", {}, "operator")
        self.ok("POST", f"/products/{product}/approve", {})
        self.ok("POST", f"/products/{product}/price", {"unit": "call", "price": price, "trial": True}, "operator")
        return product

    def subscribe(self, user: str, product: str, **more: Any) -> str:
        """Subscribe a user, approved."""
        asked = {"product": product, "purpose": "industry", "commitment": {"accepted": True}} | more
        made = str(self.ok("POST", "/subscriptions", asked, user)["id"])
        self.ok("POST", f"/subscriptions/{made}/approve", {}, "operator")
        return made

    def claim(
        self, subject: str, claim: str = "in_business", user: str = "bank", key: str = "", **more: Any
    ) -> TestResponse:
        """Ask a claim, on a statutory duty unless it says otherwise."""
        self.beat()
        if not {"basis", "consent"} & more.keys():
            more["basis"] = "statutory_duty"
        body = {"subscription": self.subscriptions[user], "subject": subject, "claim": claim} | more
        sent = {name: said for name, said in body.items() if said is not None}
        return self.web.call("POST", "/verifications", sent, user, {"Idempotency-Key": key or uuid4().hex})

    def answer(self, subject: str, claim: str = "in_business", user: str = "bank", **more: Any) -> str:
        """The answer to a claim, which must be given."""
        said = self.claim(subject, claim, user, **more)
        assert said.status_code == 200, said.text
        return str(said.json["answer"])

    def refused(self, subject: str, claim: str = "in_business", user: str = "bank", **more: Any) -> tuple[str, str]:
        """Code and sentence of a refusal."""
        said = self.claim(subject, claim, user, **more)
        assert said.status_code >= 400, said.text
        return said.json["code"], said.json["detail"]

    @contextmanager
    def open(self) -> Iterator[None]:
        """A vault and a scribe that do their part of claims in the background."""
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                with suppress(Stale):
                    self.verifier.step()
                self.scribe.step()
                time.sleep(0.005)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
