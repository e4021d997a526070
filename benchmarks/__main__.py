"""`make bench`: what privacy costs in time, against plain DuckDB in the same run."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import duckdb

from benchmarks import noise, visits
from sandbox.cli.demo.running import Instance
from sandbox.client import Client

ROOT = Path(__file__).parents[1]
QUESTIONS = {
    "COUNT by 40 groups": "SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept",
    "COUNT, SUM, AVG by 40 groups": "SELECT dept, COUNT(*), SUM(cost) AS s, AVG(cost) AS m FROM visits GROUP BY dept",
    "COUNT with WHERE": "SELECT COUNT(*) AS n FROM visits WHERE cost > 1000 AND dept <> 'D00'",
}
ROUNDS = 15


def main() -> None:
    """Measure and write docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows: int = parser.parse_args().rows
    with Instance(settings={"SANDBOX_QUANTUM_MS": "0"}) as instance:
        small, large = instance.folder / "small.parquet", instance.folder / "large.parquet"
        visits.write(small, 100)
        visits.write(large, rows)
        say(f"registering {rows:,} rows …")
        authority = instance.client(instance.authority_key)
        start = time.perf_counter()
        users = {
            "small": publish(authority, instance, "small", small),
            "large": publish(authority, instance, "large", large),
        }
        registering = time.perf_counter() - start
        lines, fixed = [], []
        with duckdb.connect() as plain:
            plain.execute(f"CREATE TABLE visits AS SELECT * FROM '{large}'")
            for name, sql in QUESTIONS.items():
                say(name)
                asking = (partial(ask_exactly, plain, sql), ask(*users["small"], sql), ask(*users["large"], sql))
                alone, none, private = measure(*asking)
                fixed.append(none)
                lines.append(f"| {name} | {ms(alone)} | {ms(private)} | {private / alone:.1f} × | {ms(none)} |")
    say("noise")
    report = (ROOT / "benchmarks" / "page.md").read_text(encoding="utf-8").format(
        rows=f"{rows:,}", fixed=ms(statistics.median(fixed)), registering=f"{registering:.1f}", lines="\n".join(lines),
        noise=noise.lines(), laplace=noise.laplace_lines(), choices=noise.choice_lines(),
        rounds=ROUNDS, day=datetime.now(UTC).date(), cores=os.cpu_count(),
        machine=platform.machine(), duckdb=duckdb.__version__, python=platform.python_version(),
    )  # fmt: skip
    (ROOT / "docs" / "benchmarks.md").write_text(report, encoding="utf-8")
    sys.stdout.write(report)


def publish(authority: Client, instance: Instance, name: str, table: Path) -> tuple[Client, str]:
    """Register, authorise, package and subscribe; give the user's client and its subscription."""
    resource = authority.register(visits.entry(name), {"visits": table})["id"]
    operator, user = (authority.create_party(f"{role} of {name}", [role]) for role in ("operator", "user"))
    terms = {"mode": "whole", "starts": "2026-01-01", "ends": "2035-12-31", "conditions": "none"}
    grant = authority.grant(
        operator=operator["id"], resources=[resource], purposes=["industry"], security_contact="a@example.org", **terms
    )
    operating, asking = instance.client(operator["api_key"]), instance.client(user["api_key"])
    product = operating.create_product(grant["id"], name, [resource])["id"]
    operating.change_product(product, "submit")
    authority.change_product(product, "approve")
    operating.price(product, "call", "1", trial=True)
    subscription = asking.subscribe(product, "industry", accept=True)
    if subscription["status"] != "active":
        operating.approve_subscription(subscription["id"])
    return asking, subscription["id"]


def ask_exactly(plain: duckdb.DuckDBPyConnection, sql: str) -> object:
    """Ask plain DuckDB."""
    return plain.execute(sql).fetchall()


def ask(user: Client, subscription: str, sql: str) -> Callable[[], object]:
    """Give a question that is new each time: another ε, so that no answer is one already given."""
    asked = iter(range(1, 1000))

    def once() -> None:
        job = user.submit(subscription, sql, epsilon=f"{1 + next(asked) / 1000:.3f}")
        if job["status"] != "done":
            raise RuntimeError(f"the job ended as {job['status']}")

    return once


def measure(*works: Callable[[], object]) -> list[float]:
    """Give the median seconds of each work, taken in turns after one warm-up, so that all see the same machine."""
    times: list[list[float]] = [[] for _ in works]
    for turn in range(ROUNDS + 1):
        for work, taken in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            if turn:
                taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]


def ms(seconds: float) -> str:
    """Print seconds as milliseconds."""
    return f"{seconds * 1000:.1f} ms"


def say(line: str) -> None:
    """Show progress."""
    print(line, file=sys.stderr, flush=True)


main()
