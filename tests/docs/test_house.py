"""The house is in order: arrows, short files, a README per room, no trace of the machine it was built on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from house import ROOMS, ROOT, files

LONGEST_FILE = 300
LONGEST_README = 25
TEXT = {".py", ".md", ".toml", ".yaml", ".json", ".html", ".css", ".js", ".svg", ".cedar", ".ini", ".mako", ""}
MACHINE = re.compile("|".join(["/" + "work" + "/", "farm" + "-studio", r"\." + "library", "/tmp/" + "bash_jobs"]))


def test_imports_run_one_way() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_client_takes_only_the_receipt_from_the_log() -> None:
    code = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "sandbox" / "client").glob("*.py"))
    taken = set(re.findall(r"(?:from|import) (sandbox(?:\.\w+)*)", code))
    allowed = {"sandbox.errors", "sandbox.wire", "sandbox.transparency.receipt"}
    assert {name for name in taken if not name.startswith("sandbox.client")} <= allowed


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(ROOT)))
def test_every_room_says_what_it_owns(room: Path) -> None:
    readme = room / "README.md"
    assert readme.is_file(), f"{room.name} has no README.md"
    prose = re.sub(r"```.*?```", "", readme.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert 3 <= len(prose.splitlines()) <= LONGEST_README


def test_files_are_short() -> None:
    code = [file for file in files() if file.suffix == ".py" and not {"migrations", "tests"} & set(file.parts)]
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in code}
    assert len(lengths) > 50
    assert {str(file.relative_to(ROOT)): n for file, n in lengths.items() if n > LONGEST_FILE} == {}


def test_nothing_names_the_machine_it_was_built_on() -> None:
    found = [
        str(file.relative_to(ROOT))
        for file in files()
        if file.suffix in TEXT and MACHINE.search(file.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


def test_nothing_is_half_finished() -> None:
    marks = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Error"]))
    code = [file for file in files() if file.suffix == ".py"]
    assert [str(file.relative_to(ROOT)) for file in code if marks.search(file.read_text(encoding="utf-8"))] == []
