"""The clock of a test instance: all its processes follow it, the log says so, and a real instance has none."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
from typer.testing import CliRunner

from sandbox.cli.demo.running import Instance
from sandbox.cli.main import app
from sandbox.errors import Problem
from sandbox.service.backup import backup, restore
from sandbox.settings import load
from sandbox.test_instance import ahead_of
from sandbox.transparency.leaves import published


def test_a_test_instance_lives_ahead_and_says_so(tmp_path: Path) -> None:
    with Instance(init=("--test-instance",)) as instance:
        authority = instance.client(instance.authority_key)
        moved = [json.loads(instance.command("clock", days, "--json")) for days in ("40", "325")]
        assert [m["ahead"] for m in moved] == ["40", "365"]
        made = authority.create_party("Operator", ["operator"])
        away = datetime.fromisoformat(made["created_at"]) - datetime.now(UTC)
        assert abs(away - timedelta(days=365)) < timedelta(minutes=5)  # web, which was running all the time
        with pytest.raises(Problem, match="3660 in all at most"):
            instance.command("clock", "4000")
        with pytest.raises(Problem, match="above 0"):
            instance.command("clock", "0")
        end = monotonic() + 30
        while sum(b"clock.moved" in leaf for leaf in published(instance.home / "log")) < 2:
            assert monotonic() < end, "the log does not say so"
            sleep(0.1)
        instance.stop()
        instance.start()  # and it stays ahead
        assert instance.client(instance.authority_key).create_party("User", ["user"])["created_at"] > made["created_at"]
        backup(load(home=instance.home), tmp_path / "backup")  # and so is what is made of its backup
        restore(tmp_path / "backup", load(home=tmp_path / "again", keys=instance.home.with_suffix(".keys")))
        assert ahead_of(tmp_path / "again")() == ahead_of(instance.home)() == timedelta(days=365)


def test_a_real_instance_keeps_the_time_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_HOME", str(tmp_path / "home"))
    assert CliRunner().invoke(app, ["init", str(tmp_path / "home")]).exit_code == 0
    refused = CliRunner().invoke(app, ["clock", "1"]).exception
    assert isinstance(refused, Problem) and "clock of a real instance is the machine's" in refused.detail
    assert ahead_of(tmp_path / "home")() == timedelta(0)
