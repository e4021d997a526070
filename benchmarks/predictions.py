"""Predictions over HTTP: how long a call for 100 records takes, from request to answer, one after the other.

python -m benchmarks.predictions [calls] [records]
"""

from __future__ import annotations

import csv
import math
import random
import sys
import time
from statistics import quantiles
from typing import Any

from benchmarks.timing import ms, say
from sandbox.cli.demo.running import Instance
from sandbox.client import Client

CALLS, RECORDS, ROWS = 400, 100, 20_000
WARM = 20
SPEC: dict[str, Any] = {
    "rows": "SELECT id, age, owed, late FROM loans",
    "method": "logistic",
    "features": ["age", "owed"],
    "target": "late",
    "positive": 1,
    "use": {"zh": "测试", "en": "a measurement"},
    "schedule": "P1Y",
    "epsilon": "2",
    "runs": 1,
    "epsilon_per_year": "2",
}


def measure(calls: int, records: int) -> list[float]:
    """Give the seconds of each call."""
    with Instance() as instance, instance.client(instance.authority_key) as authority:
        bank, subscription = _offered(instance, authority)
        with bank:
            draw = random.Random(2)
            taken = []
            for call in range(WARM + calls):
                rows = [{"age": draw.randint(18, 90), "owed": draw.randint(0, 1000)} for _ in range(records)]
                start = time.perf_counter()
                bank.predict(subscription, rows)
                if call >= WARM:
                    taken.append(time.perf_counter() - start)
    return taken


def _offered(instance: Instance, authority: Client) -> tuple[Client, str]:
    """A trained model and a user with its copy."""
    draw, table = random.Random(1), instance.folder / "loans.csv"
    with table.open("w", encoding="utf-8", newline="") as out:
        lines = csv.writer(out)
        lines.writerow(["id", "age", "owed", "late"])
        for number in range(ROWS):
            age, owed = draw.randint(18, 90), draw.randint(0, 1000)
            lines.writerow([number, age, owed, int(draw.random() < 1 / (1 + math.exp(2 - owed / 300)))])
    bounded = [("id", "identifier", None), ("age", "quasi_identifier", [18, 90]), ("owed", "sensitive", [0, 1000])]
    columns = [
        {"name": name, "type": "integer", "role": role, **({"bounds": bounds} if bounds else {})}
        for name, role, bounds in (*bounded, ("late", "sensitive", [0, 1]))
    ]
    entry = {
        "name": "loans", "title": {"zh": "贷款", "en": "Loans"}, "holder": "Bureau", "domain": "finance",
        "grade": "general", "personal_information": True, "update_frequency": "P1Y",
        "legal_basis": {"type": "statutory_duty", "instrument": "Act", "purpose": "credit"},
        "unit": {"name": "borrower", "column": "loans.id"},
        "tables": [{"name": "loans", "unit": "id", "max_rows_per_unit": 1, "columns": columns}],
        "privacy": {"epsilon": "20", "delta": "1e-6", "per_user": {"epsilon": "8", "delta": "1e-7"}},
    }  # fmt: skip
    resource = authority.register(entry, {"loans": table})["id"]
    party = authority.create_party("City Data Ltd", ["operator"], "91110000MA0000001X")
    grant = authority.grant(
        operator=party["id"], mode="whole", resources=[resource], purposes=["industry"], starts="2026-01-01",
        ends="2035-12-31", conditions="none", security_contact="security@example.org",
    )  # fmt: skip
    operator = Client(authority.url, party["api_key"])
    model = operator.create_product(grant["id"], "risk", [resource], "model", SPEC)["id"]
    operator.attach(model, "impact_assessment", "assessment", table)
    operator.change_product(model, "submit")
    authority.change_product(model, "approve")
    operator.price(model, "call", "0.10", trial=True)
    firm = authority.create_party("River Bank", ["user"], "91110000MA0000002X")
    bank = Client(authority.url, firm["api_key"])
    subscription = bank.subscribe(model, "industry", accept=True)["id"]
    operator.approve_subscription(subscription)
    end = time.monotonic() + 60
    while not any(run["status"] == "done" for run in operator.runs(model)):
        if time.monotonic() > end:
            raise SystemExit("the model was not trained")
        time.sleep(0.2)
    bank.query(subscription)
    return bank, subscription


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:]]
    asked, size = (numbers + [CALLS, RECORDS][len(numbers) :])[:2]
    say(f"{asked} calls of {size} records")
    found = quantiles(measure(asked, size), n=100)
    print(f"median {ms(found[49])}, p90 {ms(found[89])}, p99 {ms(found[98])} for {size} records a call")
