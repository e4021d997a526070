"""The command line: quick, in plain words, with exit codes that scripts can use."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.bootstrap import vault_house
from sandbox.cli import main
from sandbox.client import Client
from sandbox.errors import Problem
from sandbox.settings import load


def call(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the command line in this process and give its exit code."""
    monkeypatch.setattr(sys, "argv", ["sandbox", *arguments])
    with pytest.raises(SystemExit) as end:
        main.run()
        raise SystemExit(0)
    return int(end.value.code or 0)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_API_KEY", "sbx_k")


def test_help_imports_nothing_heavy_and_so_is_quick() -> None:
    heavy = "pandas duckdb sqlalchemy opendp httpx flask pyarrow sqlglot yaml"
    code = (
        "import sys; sys.argv = ['sandbox', '--help']\n"
        "from sandbox.cli.main import run\n"
        "try: run()\nexcept SystemExit: pass\n"
        f"sys.exit(','.join(set('{heavy}'.split()) & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_refusal_prints_its_sentence_and_code_and_exits_with_1(
    key: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any) -> Any:
        raise Problem("epsilon_invalid", "Write a positive number.")

    monkeypatch.setattr(Client, "estimate", refuse)
    assert call("estimate", "sub", "SELECT 1", "--epsilon", "-1", monkeypatch=monkeypatch) == 1
    assert capsys.readouterr().err == "Write a positive number. [epsilon_invalid]\n"


def test_a_missing_key_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("SANDBOX_API_KEY", raising=False)
    assert call("budget", monkeypatch=monkeypatch) == 1
    assert "SANDBOX_API_KEY" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["query"], ["register", "no-such-file.json", "t=t.csv"], ["verify", "sub", "claim", "no-such-file"]],
)
def test_a_wrong_call_exits_with_2(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert call(*arguments, monkeypatch=monkeypatch) == 2


def test_one_field_can_be_taken_for_a_script(
    key: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Client, "create_party", lambda *_: {"id": "pty_1", "api_key": "sbx_new"})
    assert call("party", "Acme", "user", "--get", "api_key", monkeypatch=monkeypatch) == 0
    assert capsys.readouterr().out == "sbx_new\n"
    assert call("party", "Acme", "user", "--get", "colour", monkeypatch=monkeypatch) == 1


def test_a_regulator_is_told_its_token(
    key: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Client, "create_party", lambda *_: {"id": "pty_1", "api_key": None, "enrolment_token": "once"})
    assert call("party", "Regulator", "regulator", monkeypatch=monkeypatch) == 0
    assert "once" in capsys.readouterr().out


def test_lists_are_tables_or_json(
    key: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts = [
        {
            "population": "town/person",
            "party": None,
            "total": {"epsilon": "20"},
            "spent": {"epsilon": "16.481"},
            "left": {"epsilon": "3.519"},
            "life": {"epsilon": "17.001"},
            "renews": {"every": "P1Y", "next": "2027-03-01T00:00:00.000000Z"},
            "worth": {"sentence": {"en": "About 7 more."}},
        }
    ]
    monkeypatch.setattr(Client, "budgets", lambda _: accounts)
    assert call("budget", monkeypatch=monkeypatch) == 0
    table = capsys.readouterr().out
    assert "16.49" in table  # spent is rounded up, left is rounded down
    assert "3.51" in table
    assert "17.01" in table and "2027-03-01" in table and "About 7 more." in table
    assert call("budget", "--json", monkeypatch=monkeypatch) == 0
    assert json.loads(capsys.readouterr().out) == accounts


def test_a_registration_sends_its_tables(
    key: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry, table = tmp_path / "entry.json", tmp_path / "t.csv"
    entry.write_text('{"name": "t"}')
    table.write_text("a\n1\n")
    sent: list[Any] = []
    monkeypatch.setattr(Client, "register", lambda _, *given: sent.append(given) or {"id": "res_1"})
    assert call("register", str(entry), f"t={table}", monkeypatch=monkeypatch) == 0
    assert sent == [({"name": "t"}, {"t": str(table)}, None)]
    assert "res_1" in capsys.readouterr().out
    assert call("register", str(entry), "--from", "his", "t=public.t", monkeypatch=monkeypatch) == 0
    assert sent[1:] == [({"name": "t"}, {"t": "public.t"}, "his")]
    assert call("register", str(entry), "--from", "his", "t=", monkeypatch=monkeypatch) == 2
    entry.write_text("{")
    assert call("register", str(entry), f"t={table}", monkeypatch=monkeypatch) == 1
    assert "malformed_request" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["log", "verify", "--home", "nowhere"], "there is no log in"),
        (["serve", "--home", "nowhere"], "there is no instance in"),
        (["doctor", "--home", "nowhere"], "there is no instance in"),
        (["register", "list.json", "t=list.json"], "write one JSON object"),
        (["verify", "sub", "claim", "picture.png"], "no text in UTF-8"),
        (["verify-batch", "sub", "claim", "folder"], "folder: Is a directory"),
        (["predict", "sub", "names.csv"], "names.csv has no records"),
        (["predict", "sub", "wide.csv"], "line 3 of wide.csv has more cells"),
    ],
)
def test_a_wrong_place_is_said_not_shown_as_a_crash(
    arguments: list[str],
    said: str,
    key: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("list.json").write_text("[1]")
    Path("names.csv").write_text("age,town\n")
    Path("wide.csv").write_text("age,town\n3,north\n4,south,5\n")
    Path("picture.png").write_bytes(b"\x89PNG\xff")
    Path("folder").mkdir()
    assert call(*arguments, monkeypatch=monkeypatch) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgres://user@host/name", "postgresql+psycopg://user@host/name"),
        ("mysql://user@host/name", "postgresql+psycopg://user@host/name"),
        ("postgresql+psycopg://user@127.0.0.1:9/name", "cannot be reached"),
    ],
)
def test_a_database_that_is_not_there_is_said_and_nothing_stays(
    url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SANDBOX_DATABASE_URL", url)
    assert call("init", str(tmp_path / "box"), monkeypatch=monkeypatch) == 1
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_asked_when_the_receipt_has_no_folder(
    key: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Client, "query", lambda *_: pytest.fail("it was asked and paid for"))
    assert call("query", "sub", "SELECT 1", "--receipt", "/nowhere/receipt", monkeypatch=monkeypatch) == 2
    assert "no folder" in capsys.readouterr().err


def test_a_taken_port_is_said_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("init", str(tmp_path / "box"), monkeypatch=monkeypatch) == 0
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert call("serve", "--home", str(tmp_path / "box"), "--port", port, monkeypatch=monkeypatch) == 1
    assert f"port {port}" in capsys.readouterr().err


def test_two_vaults_of_one_instance_leave_each_other_their_uploads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("init", str(tmp_path / "box"), monkeypatch=monkeypatch) == 0
    settings = load(home=tmp_path / "box", scratch=tmp_path / "scratch")
    with vault_house(settings) as first:
        assert first.vault is not None
        (first.vault.scratch / "upload").write_text("rows")
        with vault_house(settings) as second:
            assert second.vault is not None and second.vault.scratch != first.vault.scratch
        assert (first.vault.scratch / "upload").exists()
    left = tmp_path / "scratch" / (first.vault.scratch.name + "-killed")  # as a killed vault leaves it: with no lock
    left.mkdir()
    with vault_house(settings):
        assert not left.exists()
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_profile_is_shown_or_bought_for_a_reason(
    key: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = {"visits": {"rows": 10_012, "units": 998}}
    entry: dict[str, Any] = {"profile": {"version": "version_1", "rho": "0.01", "tables": tables}}
    monkeypatch.setattr(Client, "resource", lambda *_: entry)
    assert call("profile", "res_1", monkeypatch=monkeypatch) == 0
    assert capsys.readouterr().out == (
        "visits: about 10,012 rows of 998 units\nof data version version_1, for ρ 0.01\n"
    )
    entry["profile"] = None
    assert call("profile", "res_1", monkeypatch=monkeypatch) == 1
    assert "--reason" in capsys.readouterr().err
    asked: list[Any] = []
    monkeypatch.setattr(
        Client, "buy_profile", lambda _, *given: asked.append(given) or {"id": "profile_1", "rho": "0.01"}
    )
    assert call("profile", "res_1", "--reason", "the town grew", monkeypatch=monkeypatch) == 0
    assert asked == [("res_1", "the town grew")] and "profile_1" in capsys.readouterr().out
