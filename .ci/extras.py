"""What `make lock` locks: without an argument, an --extra option for every extra of pyproject.toml that `make setup`
installs; with the name of one that has a lock and a command of its own, its requirements, one a line."""

import sys
import tomllib
from pathlib import Path

APART = ("spark", "synthetic")  # heavy: requirements-<name>.lock, installed by `make <name>`

if __name__ == "__main__":
    extras = tomllib.loads(Path("pyproject.toml").read_text())["project"]["optional-dependencies"]
    if len(sys.argv) > 1:
        print("\n".join(extras[sys.argv[1]]))
    else:
        print(" ".join(f"--extra {name}" for name in extras if name not in APART))
