"""The index of real inspections is told as its page says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.service
SCRIPT = Path(__file__).parents[2] / "examples" / "inspection_index.py"


def test_a_city_publishes_an_index_and_revises_it(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    done = subprocess.run(
        [sys.executable, SCRIPT, "--page", page], capture_output=True, text=True, timeout=1800, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    years = [line[:4] for line in done.stdout.splitlines() if line[:2] == "20"]
    assert years == [str(year) for year in (*range(2000, 2010), *range(2015, 2020))]
    assert "revised: was" in done.stdout
    assert "<svg" in page.read_text() and "2019" in page.read_text()
