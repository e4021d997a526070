"""The study of an insurer whose budget runs out is told as its page says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.service
SCRIPT = Path(__file__).parents[2] / "examples" / "health_pricing.py"


def test_an_insurer_prices_until_its_budget_runs_out() -> None:
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    for said in ("does not suffice", "asks for less", "renews at", "0 yuan, ε 0.000000", "A year later: spent ε 0 "):
        assert said in done.stdout, said
