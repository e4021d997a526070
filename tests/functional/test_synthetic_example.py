"""Rows about nobody that behave like a census are told as their page says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from synthetic_world import needs_library

pytestmark = [pytest.mark.service, needs_library]
SCRIPT = Path(__file__).parents[2] / "examples" / "synthetic_census.py"


def test_a_firm_that_passes_its_synthetic_rows_on_is_found() -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "--lang", "zh"], capture_output=True, text=True, timeout=1800, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    for said in ("traced, Quick Data", "超出随机误差的有：state × nonwhite", "10000 rows for 200 yuan"):
        assert said in done.stdout, said
