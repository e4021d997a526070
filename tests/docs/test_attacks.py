"""The attacks that the page of promises names are tests, and each test of a specified attack is named there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from house import ROOT

NAMED = re.findall(
    r"^\| (.+?) \| `(\S+?)::(\S+?)` \|$", (ROOT / "docs" / "privacy.md").read_text("utf-8"), re.MULTILINE
)


def named_in(file: str) -> set[str]:
    return set(re.findall(r"^def (test_\w+)", (ROOT / "tests" / file).read_text("utf-8"), re.MULTILINE))


def test_every_named_attack_is_a_test() -> None:
    assert len(NAMED) >= 20
    assert [f"{file}::{name}" for _, file, name in NAMED if name not in named_in(file)] == []


def test_every_attack_of_the_specification_is_named() -> None:
    file = "functional/test_specified_attacks.py"
    assert named_in(file) == {name for _, where, name in NAMED if where == file}
