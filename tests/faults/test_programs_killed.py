"""The vault killed while a program runs: the sandbox ends with it, the job is carried out again for the same charge,
and one base is drawn."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from program_town import SPEC, ProgramTown, found
from programs import needs_isolation
from test_service_kill9 import processes

from sandbox.cli.demo.running import Instance

pytestmark = [pytest.mark.service, needs_isolation]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProgramTown]:
    with Instance() as instance:
        yield found(instance, tmp_path_factory.mktemp("killed"), {**SPEC, "seconds": "0.6"})


def sandboxes() -> set[int]:
    """Every process of a program's sandbox on this machine."""
    found = set()
    for folder in Path("/proc").iterdir():
        try:
            if b"inside.zygote" in (folder / "cmdline").read_bytes():
                found.add(int(folder.name))
        except (OSError, ValueError):
            continue
    return found


def test_a_program_cut_off_is_run_again_and_charged_once(town: ProgramTown) -> None:
    user, subscription = town.users[0]
    before = sandboxes()
    body = {"subscription": subscription, "epsilon": "10"}
    job = user.json("POST", "/jobs", body=body)["id"]
    until = time.monotonic() + 60
    while not (inside := sandboxes() - before):
        assert time.monotonic() < until
        time.sleep(0.05)
    [vault] = processes("vault", town.instance.home)
    os.kill(vault, signal.SIGKILL)
    while inside & sandboxes():
        assert time.monotonic() < until, "a sandbox outlived its vault"
        time.sleep(0.05)
    while (state := user.job(job)["status"]) not in ("done", "failed", "void"):
        assert time.monotonic() < until + 60, state
        time.sleep(0.2)
    assert state == "done"
    [event] = user.usage()
    assert (event["job"], event["fee"]) == (job, "5.00")
    spent = user.budgets()[0]["spent"]["epsilon"]
    assert user.query(subscription, epsilon=10).fee == "0" and user.budgets()[0]["spent"]["epsilon"] == spent
    doctor = town.instance.command("doctor")
    assert "WRONG" not in doctor, doctor
