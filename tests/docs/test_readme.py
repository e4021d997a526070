"""The README's commands work as written: its blocks are run, in order, in a copy of the place they speak of."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from house import ROOT

pytestmark = pytest.mark.service
README = (ROOT / "README.md").read_text(encoding="utf-8")
BINARIES = Path(sys.executable).parent
DEFAULT_URL = "http://127.0.0.1:8000"


def blocks(kind: str) -> str:
    """The code of all blocks marked `<!-- kind -->`, one after the other."""
    found = re.findall(rf"<!-- {kind} -->\n```bash\n(.*?)```", README, re.DOTALL)
    assert found
    return "\n".join(found)


def as_here(script: str, port: int) -> str:
    """What a test cannot share with the reader: the installation, which is there, and the port, which may be taken."""
    script = script.replace("make setup && . .venv/bin/activate", ":").replace(". .venv/bin/activate", ":")
    return script.replace(DEFAULT_URL, f"http://127.0.0.1:{port}").replace(
        "sandbox serve", f"exec sandbox serve --port {port}"
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "a folder with spaces"
    shutil.copytree(ROOT / "examples", folder / "examples")
    return folder


@pytest.fixture
def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")}
    return {**kept, "PATH": f"{BINARIES}{os.pathsep}{kept['PATH']}"}


@pytest.fixture
def port(place: Path, environment: dict[str, str]) -> Iterator[int]:
    """The service of the README's first terminal."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    script = as_here(blocks("run: service"), number)
    with (place / "service.log").open("wb") as log:
        terminal = subprocess.Popen(
            ["bash", "-ec", script], cwd=place, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        for _ in range(1500):
            assert terminal.poll() is None, (place / "service.log").read_text()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{number}/readyz", timeout=1).close()
                break
            except OSError:
                time.sleep(0.2)
        yield number
    finally:
        terminal.send_signal(signal.SIGTERM)
        terminal.wait(200)


def run(script: str, place: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_first_own_question(place: Path, environment: dict[str, str], port: int) -> None:
    said = run(as_here(blocks("run"), port), place, environment)
    assert "The receipt is good." in said
    assert "ε 1" in said
    counts = [
        re.findall(rf"^.*\b{dept}\b\D+?(\d+)", said, re.MULTILINE) for dept in ("dental", "eye", "medicine", "surgery")
    ]
    assert all(len(found) >= 3 and len(set(found[:3])) == 1 for found in counts), said  # terminal, CSV, DataFrame


def test_the_example_in_one_file(place: Path, environment: dict[str, str], port: int) -> None:
    key = (place / "authority.key").read_text().strip()
    with_key = {**environment, "SANDBOX_API_KEY": key, "SANDBOX_URL": f"http://127.0.0.1:{port}"}
    said = run("python examples/first_question.py my-sandbox/log.pub", place, with_key)
    assert "The receipt is good." in said


@pytest.mark.parametrize("target", ["setup", "demo", "test", "serve"])
def test_the_make_targets_that_are_named_exist(target: str) -> None:
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
