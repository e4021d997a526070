"""The red team of the examples: three companies try to leak their copies of a real release without being found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "examples" / "red_team.py"


def test_T2_every_attack_has_the_verdict_it_should_have() -> None:
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, timeout=3600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert sum(line.startswith("✓ ") for line in lines) == 30
    assert sum("Company" in line for line in lines if line.startswith("✓ three")) == 8
    assert lines[-1] == "Every verdict is right."
