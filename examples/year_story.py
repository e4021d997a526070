"""Who takes part in the year of `year.py`, what happened so far, and the data of the two regions."""

from __future__ import annotations

import csv
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox.cli.demo.running import Instance
from sandbox.client import Answer, Client
from sandbox.errors import Problem

YEAR = date.today().year + 1
DEPTS = ["surgery", "medicine", "eye", "dental", "skin", "heart", "children", "nerves"]
REGIONS = {"north": "North District", "south": "South District"}


@dataclass
class Story:
    """Who takes part, and what happened so far, to be held against the disclosure."""

    instance: Instance
    clients: dict[str, Client] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    today: date = field(default_factory=lambda: datetime.now(UTC).date())
    jobs: Counter[str] = field(default_factory=Counter)  # by product
    free: int = 0
    owed: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))  # by operator

    def say(self, sentence: str) -> None:
        print(f"{self.today:%d %b}  {sentence}", flush=True)

    def until(self, month: int, day: int, year: int = YEAR) -> None:
        """Let the days go by."""
        wanted = date(year, month, day)
        self.instance.command("clock", str((wanted - self.today).days))
        self.today = wanted
        self.instance.wait_until_ready()

    def join(self, name: str, *roles: str) -> Client:
        """A party with a key of its own."""
        made = self.clients["authority"].create_party(name, roles)
        key = made.get("api_key") or self.instance.client(None).enrol(made["enrolment_token"])["api_key"]
        self.ids[name], self.clients[name] = made["id"], self.instance.client(key)
        return self.clients[name]

    def ask(self, user: str, operator: str, sql: str) -> Answer:
        """A user asks under its subscription; what it owes is remembered."""
        answer = self.clients[user].query(self.ids[f"{user} at {operator}"], sql, epsilon="0.5")
        self.jobs[self.ids[operator + "'s"]] += 1
        self.owed[self.ids[operator]] += Decimal(answer.fee)
        self.free += not Decimal(answer.fee)
        return answer


def refused(code: str, act: Callable[[], object]) -> None:
    """The act has to be refused with this code."""
    try:
        act()
    except Problem as problem:
        expect(problem.code == code, f"{problem.code} instead of {code}: {problem.detail}")
    else:
        expect(False, f"nothing was refused where {code} should have been")


def expect(held: bool, otherwise: str) -> None:
    if not held:
        raise SystemExit(f"✗ {otherwise}")


def visits(region: str, folder: Path, seed: int) -> tuple[dict[str, Any], Path]:
    """The registration and the table of a region's visits."""
    chance, file = random.Random(seed), folder / f"{region}-{seed}.csv"
    with file.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["person_id", "dept", "decade", "cost"])
        for person in range(3_000):
            for _ in range(chance.randint(1, 6)):
                rows.writerow([person, chance.choice(DEPTS), chance.randrange(10), round(chance.lognormvariate(5, 1))])
    columns: list[dict[str, Any]] = [
        {"name": "person_id", "type": "integer", "role": "identifier"},
        {"name": "dept", "type": "string", "role": "sensitive", "domain": DEPTS},
        {"name": "decade", "type": "integer", "role": "quasi_identifier", "domain": list(range(10))},
        {"name": "cost", "type": "integer", "role": "sensitive", "bounds": [0, 2000]},
    ]
    entry = {
        "name": f"clinic_{region}",
        "title": {"en": f"Clinic visits, {REGIONS[region]}", "zh": "就诊记录"},
        "holder": f"Health Bureau, {REGIONS[region]}",
        "domain": "health",
        "grade": "important",
        "personal_information": True,
        "legal_basis": {"type": "statutory_duty", "instrument": "Health Act §12", "purpose": "hospital administration"},
        "update_frequency": "P1Y",
        "unit": {"name": f"person_{region}", "column": "visits.person_id"},
        "tables": [{"name": "visits", "unit": "person_id", "max_rows_per_unit": 6, "columns": columns}],
        "privacy": {"epsilon": "40", "delta": "1e-6", "per_user": {"epsilon": "8", "delta": "1e-7"}, "renew": "P1Y"},
    }
    return entry, file
