"""A small published resource for functional tests: one product, its operator, users who subscribed."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.cli.demo.running import Instance
from sandbox.client import Client

EXAMPLES = Path(__file__).parents[2] / "examples"
DEPARTMENTS = ("surgery", "medicine", "eye", "dental")


def entry(**changes: Any) -> dict[str, Any]:
    """The registration of the example, changed at the top."""
    return {**json.loads((EXAMPLES / "visits.json").read_text(encoding="utf-8")), **changes}


def table(folder: Path, persons: int = 500) -> Path:
    """Visits of which everybody knows the truth: each person once in each department, for 100.00."""
    target = folder / "visits.csv"
    with target.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["person_id", "dept", "cost"])
        writer.writerows([person, dept, "100.00"] for person in range(persons) for dept in DEPARTMENTS)
    return target


@dataclass
class Town:
    """The parties of one product and what they made. `users[i]` holds `subscriptions[i]`."""

    instance: Instance
    authority: Client
    ids: dict[str, str] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    users: list[Client] = field(default_factory=list)
    subscriptions: list[str] = field(default_factory=list)

    def party(self, name: str, role: str) -> Client:
        made = self.authority.create_party(name, [role])
        self.ids[name] = made["id"]
        key = made.get("api_key")
        if key is None:
            with self.instance.client(None) as nobody:
                key = nobody.enrol(made["enrolment_token"])["api_key"]
        self.clients[name] = self.instance.client(key)
        return self.clients[name]

    def grant(self, operator: str, resource: str, **terms: Any) -> str:
        usual = {"mode": "whole", "purposes": ["industry"], "starts": "2026-01-01", "ends": "2036-01-01"}
        usual |= {"conditions": "none", "security_contact": "s@example.org"}
        made = self.authority.grant(operator=operator, resources=[resource], **{**usual, **terms})
        return str(made["id"])

    def publish(self, declared: dict[str, Any], file: Path, users: int = 1) -> None:
        name = declared["name"]
        self.ids["resource"] = self.authority.register(declared, {"visits": file})["id"]
        operator = self.party(f"Operator of {name}", "operator")
        self.ids["grant"] = self.grant(self.ids[f"Operator of {name}"], self.ids["resource"])
        product = operator.create_product(self.ids["grant"], f"{name} in numbers", [self.ids["resource"]])["id"]
        operator.change_product(product, "submit")
        self.authority.change_product(product, "approve")
        operator.price(product, "call", "1.20", trial=True)
        self.ids["product"], self.clients["operator"] = product, operator
        for number in range(users):
            user = self.party(f"User {number} of {name}", "user")
            made = user.subscribe(product, "industry", accept=True)
            if made["status"] != "active":
                operator.approve_subscription(made["id"])
            self.users.append(user)
            self.subscriptions.append(made["id"])


def found(instance: Instance, declared: dict[str, Any], file: Path, users: int = 1) -> Iterator[Town]:
    """Publish and give the town; close its connections in the end."""
    with ExitStack() as stack:
        town = Town(instance, instance.client(instance.authority_key))
        town.publish(declared, file, users)
        stack.callback(lambda: [client.close() for client in [town.authority, *town.clients.values()]])
        yield town
