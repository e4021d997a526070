"""Say whether requirements.lock answers pyproject.toml: every requirement, extras too, is pinned within its range."""

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
wanted = project["dependencies"] + [line for extra in project["optional-dependencies"].values() for line in extra]
pins = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", Path("requirements.lock").read_text(), re.MULTILINE))
locked = {canonicalize_name(name): version for name, version in pins.items()}


def pinned(requirement: Requirement) -> bool:
    return locked.get(canonicalize_name(requirement.name), "") in requirement.specifier


stale = [line for line in wanted if not pinned(Requirement(line))]
if stale:
    sys.exit("requirements.lock is stale, run `make lock`: " + ", ".join(stale))
