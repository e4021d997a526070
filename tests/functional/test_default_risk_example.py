"""The model of default risk on real credit data is told as its page says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.service
SCRIPT = Path(__file__).parents[2] / "examples" / "default_risk.py"


def test_a_broker_that_sells_its_scores_is_found() -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "--lang", "zh"], capture_output=True, text=True, timeout=1800, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "AUC" in done.stdout and "Quick Loans" in done.stdout
    assert "traced" in done.stdout
