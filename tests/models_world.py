"""An instance with a model of who is late on loans that were made up, trained by its operator and used by two firms."""

from __future__ import annotations

import io
import json
import math
import random
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from estate import LEGAL, Estate, table

from sandbox.jobs.own import run_own

SPEC: dict[str, Any] = {
    "rows": "SELECT loan, age, owed, kind, late FROM loans",
    "method": "logistic",
    "features": ["age", {"name": "owed", "bounds": [0, 500]}, "kind"],
    "target": "late",
    "positive": 1,
    "use": {"zh": "信贷风险评估", "en": "risk of a loan"},
    "schedule": "P1Y",
    "epsilon": "2",
    "runs": 3,
    "epsilon_per_year": "6",
}


def loans(count: int = 4000, seed: int = 7) -> list[dict[str, Any]]:
    """Loans: old borrowers who owe little, and homes, are rarely late."""
    draw = random.Random(seed)
    rows = []
    for loan in range(count):
        age, owed, kind = draw.randint(18, 80), round(draw.expovariate(1 / 120), 2), draw.choice(["car", "home"])
        away = 0.8 - 0.05 * (age - 30) + 0.012 * min(owed, 500) - (1.5 if kind == "home" else 0)
        rows.append(
            {"loan": loan, "age": age, "owed": f"{min(owed, 900):.2f}", "kind": kind}
            | {"late": int(draw.random() < 1 / (1 + math.exp(-away)))}
        )
    return rows


def registration() -> dict[str, Any]:
    columns = [
        {"name": "loan", "type": "integer", "role": "identifier"},
        {"name": "age", "type": "integer", "role": "quasi_identifier", "bounds": [18, 90]},
        {"name": "owed", "type": "decimal(9,2)", "role": "sensitive", "bounds": [0, 1000]},
        {"name": "kind", "type": "string", "role": "sensitive", "domain": ["car", "home"]},
        {"name": "late", "type": "integer", "role": "sensitive", "bounds": [0, 1]},
    ]
    return {
        "name": "loans", "title": {"zh": "贷款", "en": "Loans"}, "holder": "Bureau", "domain": "finance",
        "grade": "general", "personal_information": True, "legal_basis": LEGAL, "update_frequency": "P1Y",
        "unit": {"name": "borrower", "column": "loans.loan"},
        "tables": [{"name": "loans", "unit": "loan", "max_rows_per_unit": 1, "columns": columns}],
        "privacy": {"epsilon": "100", "delta": "1e-6", "per_user": {"epsilon": "50", "delta": "1e-7"}},
    }  # fmt: skip


class Lending(Estate):
    """`product` is the model; `users` are subscribed to it."""

    def offer(self, rows: list[dict[str, Any]], users: tuple[str, ...] = ("bank", "shop"), **spec: Any) -> None:
        files = {"metadata": (io.BytesIO(json.dumps(registration()).encode()), "m.json", "application/json")}
        files["loans"] = (io.BytesIO(table(rows)), "loans.csv", "text/csv")
        with self.working():
            self.resource = self.ok("POST", "/resources", data=files)["id"]
        self.web.join("operator")
        self.grant_id = self.ok("POST", "/grants", self.grant())["id"]
        self.product = self.package(**spec)
        for name in users:
            self.web.join(name, "user")
            asked = {"product": self.product, "purpose": "industry", "commitment": {"accepted": True}}
            subscription = self.ok("POST", "/subscriptions", asked, name)
            self.ok("POST", f"/subscriptions/{subscription['id']}/approve", {}, "operator")
            self.subscriptions[name] = subscription["id"]

    def package(self, **spec: Any) -> str:
        """Have a model approved and priced."""
        product = {"grant": self.grant_id, "kind": "model", "name": "late", "resources": [self.resource]}
        asked = {name: value for name, value in (SPEC | spec).items() if value is not None}
        made = str(self.ok("POST", "/products", product | {"spec": asked}, "operator")["id"])
        paper = {"subject": made, "kind": "impact_assessment", "title": "PIA", "digest": "ab" * 32, "note": ""}
        self.ok("POST", "/documents", paper, "operator")
        self.ok("POST", f"/products/{made}/submit", {}, "operator")
        self.ok("POST", f"/products/{made}/approve", {})
        self.ok("POST", f"/products/{made}/price", {"unit": "call", "price": "0.50", "trial": True}, "operator")
        return made

    def train(self, product: str | None = None, period: str = "2025") -> str:
        """Let the operator run its model."""
        self.beat()
        job = run_own(self.house, product or self.product, period)
        self.finish()
        return job.id

    def copy(self, user: str) -> str:
        """Let a user take its copy, and give the job."""
        self.beat()
        body = {"subscription": self.subscriptions[user]}
        job = self.ok(
            "POST", "/jobs", body, user, headers={"Idempotency-Key": f"copy-{user}-{self.subscriptions[user]}"}
        )
        self.finish()
        return str(job["id"])


def lending(home: Path, stack: ExitStack, **spec: Any) -> Lending:
    made = Lending(home, stack)
    made.offer(loans(), **spec)
    return made
