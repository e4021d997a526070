"""The hostile program of the examples: every attempt to carry data out of the sandbox fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from programs import needs_isolation

SCRIPT = Path(__file__).parents[2] / "examples" / "hostile_program.py"


@needs_isolation
def test_U4_nothing_gets_out_of_the_sandbox_but_numbers() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", SCRIPT], capture_output=True, text=True, timeout=1800, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert sum(line.startswith("✓ ") for line in lines) == 29 and lines[-1] == "Nothing got through."
    assert sum("gets through outside, fails in the sandbox" in line for line in lines) == 21
