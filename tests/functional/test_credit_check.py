"""U2, I1, I3: the credit check with consent for small-business finance goes as its page says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_credit_check_goes_as_its_page_says() -> None:
    script, page = ROOT / "examples" / "credit_check.py", (ROOT / "docs" / "credit-check.md").read_text("utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    steps = re.findall(r"^(\d) ", done.stdout, re.MULTILINE)
    assert steps == re.findall(r"^(\d)\. \*\*", page, re.MULTILINE) == list("123456")
    for told in ("turnover 5-20 million", "withdraws", "three times not_available", "has an alert", "0.30 yuan each"):
        assert told in done.stdout
        assert told in page or told in ("turnover 5-20 million",)
