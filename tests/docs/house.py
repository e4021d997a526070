"""What the tests of house and docs look at: the files that git knows or would take in."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = sorted(
    folder.parent
    for folder in [
        *ROOT.glob("sandbox/*/__init__.py"),
        ROOT / "policies/__init__.py",
        ROOT / "watermarking/__init__.py",
    ]
)


def files() -> list[Path]:
    """Every file of the project, generated and ignored ones left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    folders = ("sandbox", "policies", "watermarking", "tests", "docs", "examples", "benchmarks")
    return [file for folder in folders for file in (ROOT / folder).rglob("*") if file.is_file()]
