"""What Spark needs on this machine: pyspark and Java 17, or a sentence that says how to get them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from sandbox.errors import Problem

OLDEST = 17


def find_java() -> Path:
    """Give JAVA_HOME, or the home of the `java` on the path. Raises `Problem(not_ready)` when there is none that Spark
    runs on."""
    home = os.environ.get("JAVA_HOME")
    found = Path(home, "bin", "java") if home else shutil.which("java")
    if found is None or not Path(found).exists():
        raise Problem(
            "not_ready",
            f"the engine spark needs Java {OLDEST} or newer, and there is none here; "
            "apt-get install openjdk-17-jre-headless, or set JAVA_HOME",
        )
    said = subprocess.run([str(found), "-version"], capture_output=True, text=True, timeout=60, check=False).stderr  # noqa: S603
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < OLDEST:
        raise Problem("not_ready", f"the engine spark needs Java {OLDEST} or newer; set JAVA_HOME to one")
    return Path(found).resolve().parent.parent


def check(master: str) -> None:
    """Raise `Problem(not_ready)` when this machine cannot run the engine with this `master` (local, or sc://…)."""
    if find_spec("pyspark") is None:
        raise Problem("not_ready", "the engine spark is not installed; run `make spark` in the source folder")
    if master == "local":
        find_java()
