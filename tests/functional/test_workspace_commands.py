"""A workspace and an index from the command line, on a real service: what each party types, and what it gets."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from programs import needs_isolation
from town import entry, table

from sandbox.cli.demo.running import Instance
from sandbox.client import Client

pytestmark = pytest.mark.service
WORKSPACE = {
    "sql": "SELECT person_id, dept, cost FROM visits", "blocks": 4, "seconds": "0.5", "memory_mb": 128,
}  # fmt: skip
INDEX = {
    "sql": "SELECT COUNT(*) AS visits FROM visits WHERE :year > 0",
    "formula": "visits / 100",
    "schedule": "P1Y",
    "epsilon": "0.2",
    "runs": 3,
    "epsilon_per_year": "1",
}
CODE = """
def program(rows, parameters):
    return {"visits": len(rows.merge(parameters["tables"]["clients"], on="unit"))}
"""


class Desk:
    """An operator's and a user's terminal."""

    def __init__(self, instance: Instance, folder: Path) -> None:
        self.instance, self.folder, self.keys = instance, folder, {"authority": instance.authority_key}

    def client(self, who: str) -> Client:
        return self.instance.client(self.keys[who])

    def type(self, who: str, *words: str) -> str:
        environment = {"SANDBOX_URL": self.instance.url, "SANDBOX_API_KEY": self.keys[who], "PATH": ""}
        done = subprocess.run(
            [sys.executable, "-m", "sandbox.cli", *words],
            env=environment, cwd=self.folder, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    def subscribed(self, kind: str, spec: dict[str, object]) -> tuple[str, str]:
        """Package, review and subscribe from the command line; give product and subscription."""
        file = self.folder / f"{kind}.json"
        file.write_text(json.dumps(spec))
        words = ("product", "create", self.grant, kind, self.resource, "--kind", kind, "--spec", str(file))
        product = self.type("operator", *words, "--get", "id").strip()
        with self.client("authority") as authority:
            authority.attach(product, "impact_assessment", "assessment", "0" * 64)
        self.type("authority", "product", "approve", product)
        self.type("operator", "product", "price", product, "1.00", "--trial")
        subscription = self.type("user", "subscribe", product, "industry", "--accept", "--get", "id").strip()
        self.type("operator", "approve", subscription)
        return product, subscription

    grant: str
    resource: str


@pytest.fixture(scope="module")
def desk(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(instance, tmp_path_factory.mktemp("desk"))
    with made.client("authority") as authority:
        privacy = {"epsilon": "400", "delta": "1e-6", "per_user": {"epsilon": "200", "delta": "1e-7"}}
        made.resource = authority.register(entry(privacy=privacy), {"visits": table(made.folder)})["id"]
        company = authority.create_party("Operator", ["operator"])
        made.keys["operator"] = company["api_key"]
        made.keys["user"] = authority.create_party("User", ["user"])["api_key"]
        made.grant = authority.grant(
            operator=company["id"], mode="whole", resources=[made.resource], purposes=["industry"], starts="2026-01-01",
            ends="2036-01-01", conditions="none", security_contact="s@example.org",
        )["id"]  # fmt: skip
    yield made


@needs_isolation
def test_a_user_works_beside_the_data_without_leaving_the_terminal(desk: Desk) -> None:
    product, subscription = desk.subscribed("workspace", WORKSPACE)
    desk.type("user", "workspace", "sample", product, "samples", "--rows", "30")
    with (desk.folder / "samples" / "visits.synthetic.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 30 and set(rows[0]) == {"person_id", "dept", "cost"}
    with (desk.folder / "samples" / "block.rows.synthetic.csv").open(newline="") as file:
        block = list(csv.DictReader(file))
    assert len(block) == 30 and list(block[0]) == ["dept", "cost", "unit"] and block[29]["unit"] == "9"
    (desk.folder / "code.py").write_text(CODE)
    (desk.folder / "outputs.json").write_text(json.dumps([{"name": "visits", "lower": 0, "upper": 1000}]))
    (desk.folder / "clients.csv").write_text("person_id\n" + "\n".join(map(str, range(250, 900))))
    brought = ("workspace", "bring", subscription, "code.py", "outputs.json", "--table", "clients=clients.csv")
    admission = desk.type("user", *brought, "--basis", "contract", "--get", "id").strip()
    shown = desk.type("operator", "workspace", "show", admission)
    assert "650 rows of person_id (integer), the identifier; code gets, block by block, those of its units" in shown
    assert "basis: contract" in shown and "def program" in shown
    assert re.search(r"^gives \w+: -?\d+ to \d+$", shown, re.MULTILINE)
    assert admission in desk.type("operator", "workspace", "list", "--json")
    desk.type("operator", "workspace", "admit", admission)
    with desk.client("user") as user:
        job = user.submit(subscription, epsilon=100, parameters={"admission": admission}, wait=60)
    assert job["status"] == "done"
    desk.type("operator", "workspace", "exit", job["id"])
    with desk.client("user") as user:
        answer = user.answer(job["id"])
    assert job["id"] in desk.type("user", "jobs", "--json")
    assert f"job {job['id']}" in desk.type("user", "answer", job["id"])
    desk.type("user", "answer", job["id"], "--file", "answer.csv")
    assert float((desk.folder / "answer.csv").read_text().splitlines()[1].split(",")[0]) == float(answer.rows[0][0])
    # 250 of 500 persons are the user's, each with 4 visits, over 4 blocks; of blocks that failed it would be 500
    assert abs(float(answer.rows[0][0]) - 250) < 3 * answer.errors["visits"] < 125
    assert "tables are deleted" in desk.type("user", "workspace", "end", admission)


def test_a_user_asks_about_a_table_of_its_own_from_the_terminal(desk: Desk) -> None:
    _, subscription = desk.subscribed("workspace", {"tables": ["visits"], "exit": "automatic"})
    clients = "\n".join(f"{person},{'gold' if person < 100 else 'tin'}" for person in range(50, 900))
    (desk.folder / "clients.csv").write_text(f"person_id,segment\n{clients}")
    (desk.folder / "said.json").write_text(json.dumps({"columns": [{"name": "segment", "domain": ["gold", "tin"]}]}))
    brought = ("workspace", "bring", subscription, "--table", "clients=clients.csv", "--columns", "clients=said.json")
    admission = desk.type("user", *brought, "--basis", "contract", "--get", "id").strip()
    shown = desk.type("operator", "workspace", "show", admission)
    assert "850 rows of person_id (" in shown and "the identifier, segment (string)" in shown
    assert "None" not in shown and "[]" not in shown  # no code, and nothing that it gives
    desk.type("operator", "workspace", "admit", admission)
    sql = "SELECT segment, COUNT(DISTINCT person_id) AS n FROM own.clients JOIN visits USING (person_id) GROUP BY 1"
    asked = desk.type("user", "query", subscription, sql, "--epsilon", "20", "--parameter", f"admission={admission}")
    with desk.client("user") as user:
        answer = user.query(subscription, sql, epsilon=20, parameters={"admission": admission})
    # persons below 500 are in the data; a half-width is 1.96 σ or more, and 4 of them are missed once in 10¹⁴ times
    assert "gold" in asked and sorted(row[0] for row in answer.rows) == ["gold", "tin"]
    for row, error in zip(answer.rows, answer.row_errors("n"), strict=True):
        assert error is not None and abs(float(row[1]) - {"gold": 50, "tin": 400}[row[0]]) < 4 * error + 1
    assert "tables are deleted" in desk.type("user", "workspace", "end", admission)


def test_an_index_is_run_collected_and_shown(desk: Desk) -> None:
    product, subscription = desk.subscribed("index", INDEX)
    desk.type("operator", "run", "start", product, "--period", "2024")
    end = time.monotonic() + 300
    with desk.client("operator") as operator:
        while any(run["status"] not in ("done", "failed") for run in operator.runs(product)) and time.monotonic() < end:
            time.sleep(0.1)
    assert "2024" in desk.type("user", "run", "list", product)
    only = ("series", product, "--from", "2024", "--to", "2024")
    desk.type("user", *only, "--collect", subscription, "--page", "index.html")
    assert "2024" in (desk.folder / "index.html").read_text()
    shown = json.loads(desk.type("user", *only, "--json"))
    [item] = shown["items"]
    assert abs(float(item["rows"][0]["value"]) - 20) < 3 * float(item["rows"][0]["half_width"])
    assert "95 % interval" in desk.type("user", "series", product)
