"""`sandbox demo` tells its story in both languages, within its time, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox.cli.demo.words import Words

pytestmark = pytest.mark.service
DEMO = [sys.executable, "-m", "sandbox.cli", "demo"]
LIMIT = 900  # a minute alone; a machine may be slow and busy


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")}
    return {**kept, "TMPDIR": str(folder), "COLUMNS": "110"}


def running_in(folder: Path) -> list[str]:
    """Processes that still run on something in `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder) in (process / "environ").read_text(errors="replace"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_story_comes_out_as_told(language: str, tmp_path: Path) -> None:
    start = time.monotonic()
    done = subprocess.run(
        [*DEMO, "--lang", language], env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    took = time.monotonic() - start
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    words = Words(language)
    titles = re.findall(r"^\d+\. (.*)$", done.stdout, re.MULTILINE)
    assert titles[0] == words("service_title")
    assert titles[-1] == words("next_title")
    assert len(titles) == 16
    for code in ("sql_not_allowed", "purpose_not_allowed", "privacy_budget_exhausted"):
        assert f"[{code}]" in done.stdout
    assert words.of("names", "aurora") in done.stdout
    assert done.stdout.rstrip().endswith(words("end"))
    assert list(tmp_path.iterdir()) == []
    assert running_in(tmp_path) == []
    assert took < LIMIT


def test_ctrl_c_cleans_up(tmp_path: Path) -> None:
    story = subprocess.Popen(
        DEMO,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests in the background may ignore it
    )
    assert story.stdout is not None
    for line in story.stdout:  # until the service runs
        if line.startswith("2."):
            break
    os.killpg(story.pid, signal.SIGINT)
    story.communicate(timeout=300)
    assert story.returncode == 130
    assert list(tmp_path.iterdir()) == []
    assert running_in(tmp_path) == []
