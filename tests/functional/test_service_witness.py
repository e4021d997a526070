"""The real service with a witness kept over HTTP, backed up, set back, stopped by the witness and recovered: all of it
from the command line."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import town as towns
from town import Town

from sandbox.cli.demo.running import Instance
from sandbox.client import Receipt
from sandbox.errors import Problem
from sandbox.transparency.cosign import cosignature
from sandbox.transparency.proof_text import parse_proof

pytestmark = pytest.mark.service
SQL = "SELECT dept, COUNT(*) AS n FROM visits WHERE cost > {} GROUP BY dept"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    entry, table = towns.entry(), towns.table(tmp_path_factory.mktemp("data"))
    with Instance() as instance:
        yield from towns.found(instance, entry, table)


def command(town: Town, *arguments: str, key: str = "") -> str:
    """A command of a party: with the service's address, and a key."""
    environment = town.instance._environment
    given = {"SANDBOX_URL": town.instance.url} | ({"SANDBOX_API_KEY": key} if key else {})
    environment.update(given)
    try:
        return town.instance.command(*arguments)
    finally:
        for name in given:
            environment.pop(name)


def ask(town: Town, number: int) -> str:
    body = {"subscription": town.subscriptions[0], "sql": SQL.format(number), "epsilon": "0.3"}
    answer = town.users[0].json("POST", "/jobs", body=body, wait=60, headers={"Idempotency-Key": f"q{number}"})
    assert answer["status"] == "done"
    return str(answer["id"])


def test_the_life_of_a_witnessed_log(town: Town, tmp_path: Path) -> None:
    home, log_key = town.instance.home, str(town.instance.log_key)
    made = town.authority.create_party("Regulator", ["regulator"])
    with town.instance.client(None) as nobody:
        regulator = nobody.enrol(made["enrolment_token"])["api_key"]
    witness, saved = str(tmp_path / "witness"), tmp_path / "saved"

    # a witness is made, registered, and looks: its cosignature stands in checkpoint, proofs and receipts
    public = command(town, "witness", "init", witness, "--name", "witness.example", "--log-key", log_key).strip()
    assert command(town, "witness", "key", witness).strip() == public
    assert "not kept" in command(town, "witness", "look", witness)
    assert "Registered witness.example" in command(town, "witness", "register", witness, key=regulator)
    first = ask(town, 1)
    assert "kept" in command(town, "witness", "look", witness)
    receipt = town.users[0].receipt(first)
    Receipt(receipt).verify(town.instance.log_key.read_text())
    assert cosignature(parse_proof(json.loads(receipt)["proof"]).checkpoint, public) is not None
    saved.write_text(town.authority.checkpoint())
    command(town, "witness", "look", witness, "--out", str(tmp_path / "by-hand"))
    assert cosignature((tmp_path / "by-hand").read_text(), public) is not None

    # a backup beside the running service; then more answers, proved to be growth
    backup = tmp_path / "backup"
    assert "Backed up" in command(town, "backup", str(backup))
    ask(town, 2)
    assert "only appended" in command(town, "log", "consistency", str(saved), "--log-key", log_key, "--save")
    assert "kept" in command(town, "witness", "look", witness)
    assert "rows add up" in command(town, "log", "fsck")
    assert (tmp_path / "witness" / "state.json").exists()

    # somebody sets everything back to the backup, log and all: nothing in the instance itself can tell
    town.instance.stop()
    newest = tmp_path / "newest-log"
    shutil.copytree(home / "log", newest)
    shutil.move(home, tmp_path / "old-home")
    command(town, "restore", str(backup))
    with pytest.raises(Problem, match="sandbox recover"):
        town.instance.command("serve", "--port", str(town.instance.port))
    recovered(town, "--checkpoint", str(backup / "log" / "checkpoint"))  # the host is not honest: there was a newer one
    town.instance.start()
    with pytest.raises(Problem, match="the service stops"):
        command(town, "witness", "look", witness)
    with pytest.raises(Problem) as stopped:
        ask(town, 3)
    assert stopped.value.code == "integrity_stop"

    # recovered from the log that survived, the service goes on, and the witness too
    town.instance.stop()
    with pytest.raises(Problem, match="did not grow through"):
        recovered(town)
    shutil.move(home, tmp_path / "forked")
    command(town, "restore", str(backup))
    assert "entries" in recovered(town, "--from-log", str(newest), "--also", str(tmp_path / "forked" / "log"))
    assert "WRONG" not in town.instance.command("doctor")
    town.instance.start()
    ask(town, 4)
    assert "kept" in command(town, "witness", "look", witness)
    assert "only appended" in command(town, "log", "consistency", str(saved), "--log-key", log_key)


def recovered(town: Town, *arguments: str) -> str:
    """Recover, once vault and scribe have been silent long enough."""
    import time

    for _ in range(30):
        try:
            return command(town, "recover", *arguments)
        except Problem as problem:
            if "ten seconds" not in problem.detail:
                raise
            time.sleep(1)
    raise AssertionError("the service is still alive")
