"""An instance with a synthetic table of visitors that were made up, which two firms take."""

from __future__ import annotations

import io
import json
import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from estate import LEGAL, Estate, table

SPEC: dict[str, Any] = {
    "rows": "SELECT visitor, age, town, spent, member FROM visitors",
    "columns": [
        {"name": "age", "cuts": [30, 40, 50, 60, 70]},
        "town",
        {"name": "spent", "bounds": [0, 500], "bins": 20},
        {"name": "member", "nulls": True},
    ],
    "marginals": [["age", "town"]],
    "target": "spent",
    "check": [["town", "member"]],
    "size": 2000,
    "epsilon": "4",
    "use": {"zh": "测试商场分析程序", "en": "to try programs of a mall"},
}
TOWNS = ["东", "南", "西", "北"]
WHY = "synthetic tables need the library mbi: `make synthetic` installs it"
needs_library = pytest.mark.skipif(find_spec("mbi") is None, reason=WHY)


def visitors(count: int = 6000, seed: int = 5) -> list[dict[str, Any]]:
    """Visitors: the old live in the north and spend more; members do, too; of some it is not known."""
    draw = random.Random(seed)
    rows = []
    for visitor in range(count):
        age = draw.randint(18, 80)
        town = draw.choices(TOWNS, [4, 3, 2, 1] if age < 45 else [1, 1, 2, 6])[0]
        member = draw.choice(["true", "false", ""]) if age > 30 else "false"
        spent = min(draw.expovariate(1 / (60 + 2 * age + (80 if member == "true" else 0))), 900)
        rows.append({"visitor": visitor, "age": age, "town": town, "spent": f"{spent:.2f}", "member": member})
    return rows


def registration(**privacy: Any) -> dict[str, Any]:
    columns = [
        {"name": "visitor", "type": "integer", "role": "identifier"},
        {"name": "age", "type": "integer", "role": "quasi_identifier", "bounds": [18, 90]},
        {"name": "town", "type": "string", "role": "quasi_identifier", "domain": TOWNS},
        {"name": "spent", "type": "decimal(9,2)", "role": "sensitive", "bounds": [0, 1000]},
        {"name": "member", "type": "boolean", "role": "sensitive"},
        {"name": "note", "type": "string", "role": "sensitive"},
    ]
    promise = {"epsilon": "100", "delta": "1e-6", "per_user": {"epsilon": "50", "delta": "1e-7"}} | privacy
    return {
        "name": "visitors", "title": {"zh": "访客", "en": "Visitors"}, "holder": "Bureau", "domain": "commerce",
        "grade": "general", "personal_information": True, "legal_basis": LEGAL, "update_frequency": "P1Y",
        "unit": {"name": "visitor", "column": "visitors.visitor"},
        "tables": [{"name": "visitors", "unit": "visitor", "max_rows_per_unit": 1, "columns": columns}],
        "privacy": promise,
    }  # fmt: skip


class Mall(Estate):
    """`product` is the synthetic table; `users` are subscribed to it."""

    def offer(self, users: tuple[str, ...] = ("shop", "bank")) -> None:
        files = {"metadata": (io.BytesIO(json.dumps(registration()).encode()), "m.json", "application/json")}
        rows = [row | {"note": ""} for row in visitors()]
        files["visitors"] = (io.BytesIO(table(rows)), "visitors.csv", "text/csv")
        with self.working():
            self.resource = self.ok("POST", "/resources", data=files)["id"]
        self.web.join("operator")
        self.grant_id = self.ok("POST", "/grants", self.grant())["id"]
        self.product = self.package()
        for name in users:
            self.web.join(name, "user")
            asked = {"product": self.product, "purpose": "industry", "commitment": {"accepted": True}}
            subscription = self.ok("POST", "/subscriptions", asked, name)
            self.ok("POST", f"/subscriptions/{subscription['id']}/approve", {}, "operator")
            self.subscriptions[name] = subscription["id"]

    def package(self, **spec: Any) -> str:
        """Have a synthetic table approved and priced."""
        product = {"grant": self.grant_id, "kind": "synthetic", "name": "visitors", "resources": [self.resource]}
        made = str(self.ok("POST", "/products", product | {"spec": SPEC | spec}, "operator")["id"])
        paper = {"subject": made, "kind": "impact_assessment", "title": "PIA", "digest": "ab" * 32, "note": ""}
        self.ok("POST", "/documents", paper, "operator")
        self.ok("POST", f"/products/{made}/submit", {}, "operator")
        self.ok("POST", f"/products/{made}/approve", {})
        self.ok("POST", f"/products/{made}/price", {"unit": "call", "price": "20", "trial": True}, "operator")
        return made

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Vault and scribe that work in the background."""
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                self.beat()
                self.finish()
                stop.wait(0.05)

        self.beat()
        lane = threading.Thread(target=serve)
        lane.start()
        try:
            yield
        finally:
            stop.set()
            lane.join()

    def take(self, user: str) -> str:
        """Let a user take its rows, and give the job."""
        self.beat()
        body = {"subscription": self.subscriptions[user]}
        job = self.ok("POST", "/jobs", body, user, headers={"Idempotency-Key": f"take-{user}"})
        self.finish()
        return str(job["id"])


def mall(home: Path, stack: ExitStack) -> Mall:
    made = Mall(home, stack)
    made.offer()
    return made
