"""How `sandbox verify` reads whom a claim is about: from a file or from what is typed, never from the command line."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from sandbox.cli import verify
from sandbox.client.verify import Verified

CODE = "9133010000003C2Y0H"


class Asked:
    """Keeps whom it was asked about."""

    def verify(self, subscription: str, subject: str, claim: str, value: str | None, **more: Any) -> Verified:
        self.subject = subject
        return Verified(*["-"] * len(Verified.__dataclass_fields__))


@pytest.mark.parametrize("typed", [False, True])
def test_a_number_comes_from_a_file_or_is_typed(typed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, file = Asked(), tmp_path / "code"
    monkeypatch.setattr(verify, "service", lambda: nullcontext(asked))
    file.write_text(CODE + "\n")
    main = typer.Typer()
    verify.add_to(main)
    done = CliRunner().invoke(
        main, ["verify", "s", "c", "-" if typed else str(file)], input=CODE + "\n" if typed else ""
    )
    assert done.exit_code == 0, done.output
    assert asked.subject == CODE


def test_what_the_shell_pipes_is_a_file_too(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert verify._there(tmp_path / "pipe") == tmp_path / "pipe"


def test_a_file_that_is_none_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "service", lambda: nullcontext(Asked()))
    main = typer.Typer()
    verify.add_to(main)
    done = CliRunner().invoke(main, ["verify", "s", "c", str(tmp_path)])
    assert done.exit_code == 2 and "or - to type it" in " ".join(done.output.replace("│", " ").split())
