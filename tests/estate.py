"""A whole instance in one process: the real API, vault and scribe, whose work a test does step by step."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from webhouse import Web

from sandbox.bootstrap import init_instance, scribe_house, vault_house, web_house
from sandbox.core.clock import now
from sandbox.jobs.presence import beat
from sandbox.jobs.records import Task
from sandbox.jobs.tasks import claim
from sandbox.service.scribe import let_go
from sandbox.service.vault import CARRY_OUT, work
from sandbox.settings import load
from sandbox.transparency.records import Lease
from sandbox.web.app import create_app

PEOPLE = [{"person": n, "town": "东" if n % 3 else "西", "age": n % 90, "wage": 100 * n} for n in range(600)]
LEGAL = {"type": "statutory_duty", "instrument": "Statistics Act", "purpose": "statistics"}


def registration(name: str = "people", **privacy: Any) -> dict[str, Any]:
    """A table of 600 persons in two towns."""
    columns = [
        {"name": "person", "type": "integer", "role": "identifier"},
        {"name": "town", "type": "string", "role": "quasi_identifier", "domain": ["东", "西"]},
        {"name": "age", "type": "integer", "role": "quasi_identifier", "bounds": [0, 110]},
        {"name": "wage", "type": "integer", "role": "sensitive", "bounds": [0, 60000]},
    ]
    promise = {"epsilon": "8", "delta": "1e-6", "per_user": {"epsilon": "4", "delta": "1e-7"}} | privacy
    return {
        "name": name,
        "title": {"zh": "人口", "en": "People"},
        "holder": "Bureau",
        "domain": "population",
        "grade": "general",
        "personal_information": True,
        "legal_basis": LEGAL,
        "update_frequency": "P1Y",
        "unit": {"name": "person", "column": f"{name}.person"},
        "tables": [{"name": name, "unit": "person", "max_rows_per_unit": 1, "columns": columns}],
        "privacy": promise,
    }


def table(rows: list[dict[str, Any]] = PEOPLE) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


class Estate:
    """An instance with an operator, a product over `people`, and users who subscribed to it."""

    def __init__(self, home: Path, stack: ExitStack, test_instance: bool = False, **settings: Any) -> None:
        made = init_instance(home, test_instance)
        self.settings = load(home=home, **({"quantum_ms": 0} | settings))
        self.house = stack.enter_context(vault_house(self.settings))
        web = web_house(self.settings)
        self.web = Web(web, create_app(web).test_client(), made["authority_key"])
        _, self.scribe = scribe_house(self.settings, let_go)
        self.subscriptions: dict[str, str] = {}
        self.beat()

    def beat(self) -> None:
        """Say that vault and scribe live, for longer than a slow machine takes for what comes next."""
        with self.house.store.write() as tx:
            for name in ("vault-alive", "scribe-alive"):
                beat(tx, name, "test")
                for lease in tx.find(Lease, name=name):
                    tx.change(lease, until=now() + timedelta(hours=1))

    def publish(
        self,
        users: tuple[str, ...] = ("firm",),
        purpose: str = "industry",
        rows: list[dict[str, Any]] = PEOPLE,
        **privacy: Any,
    ) -> None:
        """Register, authorise, package, price and subscribe."""
        files = {"metadata": (io.BytesIO(json.dumps(registration(**privacy)).encode()), "m.json", "application/json")}
        files["people"] = (io.BytesIO(table(rows)), "people.csv", "text/csv")
        with self.working():
            self.resource = self.ok("POST", "/resources", data=files)["id"]
        self.web.join("operator")
        grant = self.ok("POST", "/grants", self.grant())["id"]
        product = {"grant": grant, "kind": "query", "name": "q", "resources": [self.resource], "spec": {}}
        self.product = self.ok("POST", "/products", product, "operator")["id"]
        self.ok("POST", f"/products/{self.product}/submit", {}, "operator")
        self.ok("POST", f"/products/{self.product}/approve", {})
        self.ok("POST", f"/products/{self.product}/price", {"unit": "call", "price": "1.20", "trial": True}, "operator")
        for name in users:
            self.web.join(name, "user")
            asked = {"product": self.product, "purpose": purpose, "commitment": {"accepted": True}}
            subscription = self.ok("POST", "/subscriptions", asked, name)
            self.ok("POST", f"/subscriptions/{subscription['id']}/approve", {}, "operator")
            self.subscriptions[name] = subscription["id"]

    def grant(self) -> dict[str, Any]:
        return {
            "operator": self.web.ids["operator"],
            "mode": "whole",
            "purposes": ["industry", "public_welfare", "public_governance"],
            "starts": "2026-01-01",
            "ends": "2036-01-01",
            "resources": [self.resource],
            "conditions": "none",
            "security_contact": "sec@example.org",
        }

    def ok(self, method: str, path: str, body: object = None, key: str | None = None, **more: Any) -> Any:
        """Call the API and give its answer, which must be a success."""
        answer = self.web.call(method, path, body, key, **more)
        assert answer.status_code < 300, (path, answer.status_code, answer.text)
        return answer.json

    def ask(self, sql: str, user: str = "firm", epsilon: str | None = "0.5", key: str = "", **more: Any) -> str:
        """Submit a question, as if vault and scribe were there, and give its job."""
        self.beat()
        body = {"subscription": self.subscriptions[user], "sql": sql, "epsilon": epsilon, **more}
        headers = {"Idempotency-Key": key or f"k-{now().timestamp()}"}
        return str(self.ok("POST", "/jobs", body, user, headers=headers)["id"])

    def finish(self) -> None:
        """Do all work that waits, as a vault and a scribe that just started would."""
        while task := claim(self.house.store, "after"):
            CARRY_OUT[task.kind](self.house, task)
        while self.scribe.step():
            pass

    def expire(self) -> None:
        """Let every lease run out: its worker is dead."""
        with self.house.store.write() as tx:
            for task in tx.find(Task, status="running"):
                tx.change(task, lease_until=now() - timedelta(seconds=1))

    @contextmanager
    def working(self) -> Iterator[None]:
        """A vault that works in the background."""
        stop, wake = threading.Event(), threading.Event()
        lane = threading.Thread(target=work, args=(self.house, "background", stop, wake, set()))
        lane.start()
        try:
            yield
        finally:
            stop.set()
            wake.set()
            lane.join()


@contextmanager
def estate(home: Path, **settings: Any) -> Iterator[Estate]:
    with ExitStack() as stack:
        yield Estate(home, stack, **settings)
