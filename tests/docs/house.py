"""What the tests of house and docs look at: the files that git knows or would take in."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = sorted(
    marker.parent
    for pattern in ("sandbox/*/__init__.py", "policies/__init__.py", "watermarking/__init__.py")
    for marker in ROOT.glob(pattern)
)


def files() -> list[Path]:
    """Every file of the project, generated and ignored ones left out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    folders = ("sandbox", "policies", "watermarking", "tests", "docs", "examples", "benchmarks")
    return [file for folder in folders for file in (ROOT / folder).rglob("*") if file.is_file()]
