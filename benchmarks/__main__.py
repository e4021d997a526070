"""`make bench`: what privacy costs in time, memory and accuracy, against plain DuckDB in the same run."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from benchmarks import limits, log, marks, money, noise, pages, products, queries, served
from benchmarks.timing import ms, say
from sandbox.settings import Settings

ROOT = Path(__file__).parents[1]
SIZES = (1_000_000, 10_000_000, 30_000_000)
ROUNDS = 5


def main() -> None:
    """Measure; print the page, and write it to docs/benchmarks.md when all of it was measured."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="visits of the questions over HTTP")
    parser.add_argument("--sizes", type=_sizes, default=SIZES, help="visits of the seven questions, with commas")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each of the seven questions")
    parser.add_argument("--only", default="", help="names of the questions, as in Q3,Q4; writes no page")
    parser.add_argument("--queries-only", action="store_true", help="ask only the seven questions; write no page")
    asked = parser.parse_args()
    whole = not (asked.queries_only or asked.only)
    found = [queries.measure(visits, asked.rounds, asked.only, anew=whole) for visits in asked.sizes]
    seven = pages.queries(found, asked.rounds)
    if not whole:
        sys.stdout.write(seven + "\n")
        return
    parted = limits.lines()
    over_http = served.serve(asked.rows)
    say("noise")
    report = (ROOT / "benchmarks" / "page.md").read_text(encoding="utf-8").format(
        rows=f"{asked.rows:,}", fixed=ms(over_http.fixed), registering=f"{over_http.registering:.1f}",
        synced=ms(over_http.synced),
        lines=over_http.lines, steps=over_http.steps, quantum=Settings.model_fields["quantum_ms"].default,
        queries=seven, limits=parted,
        noise=noise.lines(), laplace=noise.laplace_lines(), choices=noise.choice_lines(), log=log.lines(),
        marks=marks.report(), money=money.lines(), products=products.lines(),
        rounds=served.ROUNDS, day=datetime.now(UTC).date(), cores=os.cpu_count(),
        machine=platform.machine(), duckdb=duckdb.__version__, python=platform.python_version(),
    )  # fmt: skip
    (ROOT / "docs" / "benchmarks.md").write_text(report, encoding="utf-8")
    sys.stdout.write(report)


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(int(one.replace("_", "")) for one in text.split(","))


if __name__ == "__main__":
    main()
