"""S1 on a real service with two web workers: a stop holds everywhere at once, also for what waits; drills measure how
soon every process knows of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from estate import registration, table

from sandbox.cli.demo.running import Instance
from sandbox.errors import Problem
from sandbox.transparency.journal import content
from sandbox.transparency.leaves import published

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with Instance(settings={"SANDBOX_WORKERS": "2", "SANDBOX_QUANTUM_MS": "1500"}) as running:
        yield running


class Town:
    """A product over real rows with a user; `watch` is the regulator."""

    def __init__(self, instance: Instance, folder: Path) -> None:
        self.instance = instance
        self.authority = instance.client(instance.authority_key)
        (folder / "people.csv").write_bytes(table())
        self.resource = self.authority.register(registration(), {"people": folder / "people.csv"})["id"]
        self.operator_id, operator_key = self.party("Operator", "operator")
        self.user_id, self.user_key = self.party("Firm", "user")
        operator = instance.client(operator_key)
        self.user = instance.client(self.user_key)
        enrolled = self.authority.create_party("Watch", ["regulator"])["enrolment_token"]
        self.watch_key = self.authority.enrol(enrolled)["api_key"]
        self.watch = instance.client(self.watch_key)
        grant = self.authority.grant(
            operator=self.operator_id, mode="whole", resources=[self.resource], purposes=["industry"],
            starts="2026-01-01", ends="2036-01-01", conditions="none", security_contact="s@example.org",
        )["id"]  # fmt: skip
        self.product = operator.create_product(grant, "q", [self.resource])["id"]
        operator.change_product(self.product, "submit")
        self.authority.change_product(self.product, "approve")
        operator.price(self.product, "call", "1.20", trial=True)
        self.subscription = self.user.subscribe(self.product, "industry", accept=True)["id"]
        operator.approve_subscription(self.subscription)

    def party(self, name: str, role: str) -> tuple[str, str]:
        made = self.authority.create_party(name, [role])
        return made["id"], made["api_key"]

    def submit(self, town: str) -> str:
        body = {"subscription": self.subscription, "sql": f"SELECT COUNT(*) AS n FROM people WHERE town = '{town}'"}
        return str(self.user.json("POST", "/jobs", body={**body, "epsilon": "0.2"})["id"])


@pytest.fixture(scope="module")
def town(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Town:
    return Town(instance, tmp_path_factory.mktemp("town"))


def statuses(town: Town, job: str, times: int = 16) -> set[int]:
    """Ask over fresh connections, which both workers accept; give how they answer."""
    path, key = f"{town.instance.url}/api/v1/jobs/{job}/result", {"Authorization": f"Bearer {town.user_key}"}
    return {httpx.get(path, headers=key, timeout=60).status_code for _ in range(times)}


@pytest.mark.parametrize("scope", ["product", "party", "resource", "everything"])
def test_S1_a_stop_holds_at_once_on_all_workers_and_spends_stand(town: Town, scope: str) -> None:
    """Who ordered it has not even heard that it is in force before every worker refuses: no request waits for a look
    at some later time."""
    job = town.submit("东")
    assert town.user.json("GET", f"/jobs/{job}", wait=20)["status"] in ("done", "running", "sealing", "queued")
    end = time.monotonic() + 120
    while town.user.json("GET", f"/jobs/{job}")["status"] != "done" and time.monotonic() < end:
        time.sleep(0.1)
    assert statuses(town, job) == {200}, "it could be had a moment ago"
    before = town.user.json("GET", "/budgets")["items"][0]["spent"]
    target = {"product": town.product, "party": town.user_id, "resource": town.resource, "everything": "*"}[scope]
    stop = town.watch.emergency(scope, target, "drill")
    assert statuses(town, job) == {423}
    with pytest.raises(Problem, match="emergency_stop"):
        town.submit("西")
    assert town.user.json("GET", "/budgets")["items"][0]["spent"] == before
    assert town.watch.lift(stop["id"])["status"] == "in_force"
    assert town.authority.lift(stop["id"])["status"] == "lifted"
    town.user.json("GET", f"/jobs/{job}/result")


def test_S1_what_waits_in_the_queue_is_withheld_and_given_out_when_the_stop_is_lifted(town: Town) -> None:
    """Its answer shows a second and a half after the question; the stop comes before that."""
    body = {"subscription": town.subscription, "sql": "SELECT SUM(wage) AS w FROM people", "epsilon": "0.2"}
    job = town.user.json("POST", "/jobs", body=body)["id"]
    end = time.monotonic() + 60
    while (state := town.user.json("GET", f"/jobs/{job}")["status"]) == "queued" and time.monotonic() < end:
        time.sleep(0.02)
    assert state == "running"
    stop = town.watch.emergency("product", town.product, "before it is out")
    while town.user.json("GET", f"/jobs/{job}")["status"] not in ("done", "void") and time.monotonic() < end:
        time.sleep(0.1)
    with pytest.raises(Problem, match="emergency_stop"):
        town.user.json("GET", f"/jobs/{job}/result")
    spent = town.user.json("GET", "/budgets")["items"][0]["spent"]
    town.watch.lift(stop["id"])
    town.authority.lift(stop["id"])
    assert town.user.json("GET", f"/jobs/{job}/result")["rows"]
    assert town.user.json("GET", "/budgets")["items"][0]["spent"] == spent


def test_S1_a_drill_measures_every_process_and_stops_nothing(town: Town) -> None:
    """How long it takes is the machine's; that a second is the goal, and who missed it, is the drill's."""
    command = [sys.executable, "-m", "sandbox.cli", "drill", "--reason", "each quarter", "--json"]
    given = {"SANDBOX_URL": town.instance.url, "SANDBOX_API_KEY": town.watch_key}
    done = subprocess.run(command, env=town.instance._environment | given, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    assert (done.returncode == 0) == (found["status"] == "passed"), done.stderr
    end = time.monotonic() + 60
    while (found := town.watch.drill(found["id"]))["missing"] and time.monotonic() < end:
        time.sleep(0.1)
    assert found["status"] == ("passed" if float(found["slowest"]) <= 1.0 else "failed")
    kinds = sorted(process.partition(":")[0] for process in found["seconds"])
    assert kinds == ["scribe", "vault", "web", "web"]
    assert town.watch.emergencies()[-1]["status"] == "lifted"  # no stop came of it
    assert any(entry["kind"] == "emergency.drilled" for entry in leaves(town))


def cli(town: Town, *command: str) -> str:
    town.instance._environment |= {"SANDBOX_URL": town.instance.url, "SANDBOX_API_KEY": town.watch_key}
    return town.instance.command(*command)


def leaves(town: Town) -> list[dict[str, object]]:
    """The leaves of the published log."""
    return [content(leaf) for leaf in published(town.instance.home / "log")]


def test_S1_S2_S3_S4_S5_on_the_command_line_and_in_the_log(town: Town, tmp_path: Path) -> None:
    """A probing user raises an alert; a webhook and the command line tell of it; a case follows; the report has all."""
    for _ in range(31):
        with pytest.raises(Problem):
            town.user.json("GET", "/jobs/job_none")
    end = time.monotonic() + 120
    while not (found := json.loads(cli(town, "alerts", "--json"))) and time.monotonic() < end:
        time.sleep(0.3)
    [alert] = [one for one in found if one["kind"] == "probing"]
    assert alert["about"] == town.user_id
    case = cli_of(town, town.watch_key, "incident", "open", "alert", "31 refusals", "--cause", alert["id"], "--party",
                  town.user_id, "--json")["id"]  # fmt: skip
    cli(town, "alerts", "acknowledge", alert["id"], "--note", "see the case")
    cli(town, "incident", "notify", case, "what did you look for?", town.user_id)
    cli_of(town, town.user_key, "incident", "reply", case, "a lost job", "--json")
    closed = cli_of(town, town.instance.authority_key, "incident", "close", case, "unfounded", "a lost job", "--json")
    assert closed["status"] == "closed"
    cli(town, "report", "upward", "--out", str(tmp_path / "report.zip"))
    with zipfile.ZipFile(tmp_path / "report.zip") as archive:
        said = json.loads(archive.read("report.json"))
    assert [one["outcome"] for one in said["incidents"]] == ["unfounded"]
    assert town.watch.disclosure()["incidents"] == {"closed": 1}
    kinds = {entry["kind"] for entry in leaves(town)}
    assert {"alert.raised", "alert.acknowledged", "incident.opened", "incident.closed", "staff.looked"} <= kinds


def cli_of(town: Town, key: str, *command: str) -> dict[str, Any]:
    kept, town.watch_key = town.watch_key, key
    try:
        return dict(json.loads(cli(town, *command)))
    finally:
        town.watch_key = kept
