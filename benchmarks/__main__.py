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
from pathlib import Path

import duckdb

from benchmarks import visits
from sandbox.cli.demo.running import Instance
from sandbox.client import Client

ROOT = Path(__file__).parents[1]
QUESTIONS = {
    "COUNT by 40 groups": "SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept",
    "COUNT, SUM, AVG by 40 groups": "SELECT dept, COUNT(*), SUM(cost) AS s, AVG(cost) AS m FROM visits GROUP BY dept",
    "COUNT with WHERE": "SELECT COUNT(*) AS n FROM visits WHERE cost > 1000 AND dept <> 'D00'",
}
ROUNDS = 7


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
        fixed = measure(ask(*users["small"], QUESTIONS["COUNT by 40 groups"]))
        lines = []
        with duckdb.connect() as plain:
            plain.execute(f"CREATE TABLE visits AS SELECT * FROM '{large}'")
            for name, sql in QUESTIONS.items():
                say(name)
                alone = measure(lambda sql=sql: plain.execute(sql).fetchall())
                private = measure(ask(*users["large"], sql))
                ratio, net = private / alone, max(private - fixed, 0) / alone
                lines.append(f"| {name} | {ms(alone)} | {ms(private)} | {ratio:.1f} × | {net:.1f} × |")
    report = (ROOT / "benchmarks" / "page.md").read_text(encoding="utf-8").format(
        rows=f"{rows:,}", fixed=ms(fixed), registering=f"{registering:.1f}", lines="\n".join(lines), rounds=ROUNDS,
        day=datetime.now(UTC).date(), cores=os.cpu_count(), machine=platform.machine(), duckdb=duckdb.__version__,
        python=platform.python_version(),
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


def ask(user: Client, subscription: str, sql: str) -> Callable[[], object]:
    """Give a question that is new each time: another ε, so that no answer is one already given."""
    asked = iter(range(1, 1000))
    return lambda: user.submit(subscription, sql, epsilon=f"{1 + next(asked) / 1000:.3f}")


def measure(work: Callable[[], object]) -> float:
    """Give the median seconds of `work` after one warm-up."""
    work()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def ms(seconds: float) -> str:
    """Print seconds as milliseconds."""
    return f"{seconds * 1000:.1f} ms"


def say(line: str) -> None:
    """Show progress."""
    print(line, file=sys.stderr, flush=True)


main()
