"""How much one upload may hold, and the refusal of a file that cannot be taken."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.errors import Problem


@dataclass(frozen=True)
class Limits:
    """`ratio` is the most that a compressed file may grow by; `failing` the share of cells, in percent of a column's
    filled ones, that may fail to be of the declared type before the file is refused."""

    file_bytes: int = 1 << 30
    rows: int = 50_000_000
    ratio: int = 100
    failing: int = 5
    memory: str = "2GB"


def malformed(table: str, say: str) -> Problem:
    """The refusal of a file: it names table, column or line, never a cell."""
    return Problem("table_malformed", f"Table {table}: {say}.", table=table)
