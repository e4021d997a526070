"""`python -m sandbox.cli` is the command `sandbox`."""

from sandbox.cli.main import run

run()
