"""A service with a program product over invented visits, for tests."""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sandbox.cli.demo.running import Instance
from sandbox.client import Client

PERSONS, BLOCKS = 600, 4
CODE = '''
import pandas as pd

def program(rows, parameters):
    """Spending per person, of one department or of all."""
    if parameters["dept"] != "all":
        rows = rows[rows["dept"] == parameters["dept"]]
    spent = rows.groupby("unit")["cost"].sum()
    return {"spent": spent.mean(), "typical": spent.median(), "visits": len(rows)}
'''
SPEC: dict[str, Any] = {
    "sql": "SELECT dept, cost FROM visits",
    "code": CODE,
    "outputs": [
        {"name": "spent", "lower": 0, "upper": 400, "scale": 2},
        {"name": "typical", "lower": 0, "upper": 400, "scale": 2, "combine": "median"},
        {"name": "visits", "lower": 0, "upper": 1000},
    ],
    "parameters": {
        "dept": {"options": ["all", "eye", "skin"], "default": "all"},
        "own_tables": {"lower": 0, "upper": 9, "default": 0},  # a word of workspaces, which means nothing here
    },
    "blocks": BLOCKS,
    "seconds": "0.2",
    "memory_mb": 128,
}
REGISTRATION: dict[str, Any] = {
    "name": "visits",
    "title": {"zh": "就诊", "en": "Visits"},
    "holder": "Bureau",
    "domain": "health",
    "grade": "general",
    "personal_information": False,
    "legal_basis": {"type": "lawfully_published", "instrument": "generated", "purpose": "test"},
    "update_frequency": "P1Y",
    "unit": {"name": "person", "column": "visits.person_id"},
    "tables": [
        {
            "name": "visits",
            "unit": "person_id",
            "max_rows_per_unit": 4,
            "columns": [
                {"name": "person_id", "type": "integer", "role": "identifier"},
                {"name": "dept", "type": "string", "role": "sensitive", "domain": ["eye", "skin"], "required": True},
                {"name": "cost", "type": "decimal(8,2)", "role": "sensitive", "bounds": [0, 100], "required": True},
            ],
        }
    ],
    "privacy": {"epsilon": "9000", "delta": "1e-6", "per_user": {"epsilon": "4000", "delta": "1e-7"}},
}


@dataclass(frozen=True)
class ProgramTown:
    """Who takes part, and the product; `users` with their subscriptions."""

    instance: Instance
    authority: Client
    operator: Client
    grant: str
    resource: str
    product: str
    users: tuple[tuple[Client, str], ...]
    rows: list[tuple[int, str, float]]


def found(instance: Instance, folder: Path, spec: Mapping[str, Any] = SPEC, users: int = 1) -> ProgramTown:
    """Publish a program on an instance."""
    draw = random.Random(3)
    rows = [
        (person, draw.choice(["eye", "skin"]), draw.randint(0, 10_000) / 100)
        for person in range(PERSONS)
        for _ in range(draw.randint(1, 4))
    ]
    file = folder / "visits.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("person_id", "dept", "cost"), *rows])
    authority = instance.client(instance.authority_key)
    resource = authority.register(REGISTRATION, {"visits": file})["id"]
    company = authority.create_party("City Data", ["operator"])
    operator = instance.client(company["api_key"])
    terms = {"purposes": ["industry"], "starts": "2020-01-01", "ends": "2090-01-01", "conditions": "none"}
    grant = authority.grant(
        operator=company["id"], resources=[resource], mode="whole", security_contact="s@example.org", **terms
    )["id"]
    town = ProgramTown(instance, authority, operator, grant, resource, "", (), rows)
    return offered(town, spec, users)


def offered(town: ProgramTown, spec: Mapping[str, Any], users: int) -> ProgramTown:
    """Publish another program on the same data, for users of its own."""
    product = town.operator.create_product(town.grant, "Spending", [town.resource], kind="program", spec=spec)["id"]
    town.operator.attach(product, "impact_assessment", "Assessment", "0" * 64)
    town.operator.change_product(product, "submit")
    town.authority.change_product(product, "approve")
    town.operator.price(product, "call", "5.00", trial=True)
    made = []
    for number in range(users):
        user = town.instance.client(town.authority.create_party(f"Firm {number}", ["user"])["api_key"])
        subscription = user.subscribe(product, "industry", accept=True)["id"]
        town.operator.approve_subscription(subscription)
        made.append((user, subscription))
    return replace(town, product=product, users=tuple(made))
