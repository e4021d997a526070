"""Say whether the locks answer pyproject.toml: every requirement, extras too, is pinned within its range, and what two
locks pin they pin to one version."""

import re
import sys
import tomllib
from pathlib import Path

from extras import APART
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"]
base = project["dependencies"] + [line for name, extra in extras.items() if name not in APART for line in extra]


def pins(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", Path(lock).read_text(), re.MULTILINE):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def stale(lock: str, wanted: list[str]) -> list[str]:
    locked = pins(lock)
    asked = [(line, Requirement(line)) for line in wanted]
    return [
        line
        for line, requirement in asked
        if not any(version in requirement.specifier for version in locked.get(canonicalize_name(requirement.name), ()))
    ]


together = pins("requirements.lock")
problems = {"requirements.lock": stale("requirements.lock", base)}
for extra in APART:
    lock = f"requirements-{extra}.lock"
    apart = [f"{name}: other versions" for name, of in pins(lock).items() if together.get(name, of) != of]
    problems[lock] = stale(lock, extras[extra]) + apart
if any(problems.values()):
    sys.exit("\n".join(f"{lock} is stale, run `make lock`: {', '.join(why)}" for lock, why in problems.items() if why))
