"""The port of engines: run a plan's bounded exact aggregates over one encrypted data version.

Every engine gives the same integers for the same plan (tests/spec). An engine adds no noise, knows no thresholds and
sees no post-processing. What it gives back never leaves the vault's memory but through `release`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sandbox.plan.plan import Plan
from sandbox.plan.scalar import Value

Histogram = tuple[tuple[int, int], ...]
"""The bins of a quantile that have rows, in order: (bin, rows)."""


class EngineFailed(Exception):
    """Time-out, out of memory, a lost process: one uniform failure, without detail that could depend on data."""


@dataclass(frozen=True)
class OpenVersion:
    """A data version as an engine opens it: read-only file and its key."""

    id: str
    path: Path
    key: bytes


@dataclass(frozen=True)
class Exact:
    """Exact bounded aggregates of one block: for each present group its key values (in the block's key order) and, per
    measurement, one integer or, of a quantile, a histogram. Without keys there is exactly one group `()`. Groups come
    in no particular order."""

    groups: list[tuple[Value, ...]]
    values: list[tuple[int | Histogram, ...]]


class Engine(Protocol):
    def run(self, version: OpenVersion, plan: Plan) -> list[Exact]:
        """Execute the blocks of `plan`, one result each; raises `EngineFailed`."""

    def close(self) -> None:
        """Let go of processes and files."""
