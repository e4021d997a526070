"""The fixed cost of a job, and small questions over HTTP: the whole walk with ledger, log, fingerprint and receipt."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

import duckdb

from benchmarks import small_job, visits
from benchmarks.timing import in_turns, ms, say
from sandbox.cli.demo.running import Instance
from sandbox.client import Client

QUESTIONS = {
    "COUNT by 40 groups": "SELECT dept, COUNT(*) AS n FROM visits GROUP BY dept",
    "COUNT, SUM, AVG by 40 groups": "SELECT dept, COUNT(*), SUM(cost) AS s, AVG(cost) AS m FROM visits GROUP BY dept",
    "COUNT with WHERE": "SELECT COUNT(*) AS n FROM visits WHERE cost > 1000 AND dept <> 'D00'",
}
ROUNDS = 15


@dataclass(frozen=True)
class Served:
    """The rows of both tables of the page, as text; seconds of a job on 100 rows, of registering both files, and of a
    write that is synced to the instance's disk."""

    lines: str
    steps: str
    fixed: float
    registering: float
    synced: float


def serve(rows: int) -> Served:
    """Start an instance, register `rows` visits and 100, and ask both and plain DuckDB in turns."""
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
        say("steps of a small job")
        synced = small_job.synced(instance.folder)
        walked = [small_job.walk(*users["small"], repeated=repeated) for repeated in (False, True)]
        lines, fixed = [], []
        with duckdb.connect() as plain:
            plain.execute(f"CREATE TABLE visits AS SELECT * FROM '{large}'")
            for name, sql in QUESTIONS.items():
                say(f"  {name}")
                asking = (partial(ask_exactly, plain, sql), ask(*users["small"], sql), ask(*users["large"], sql))
                alone, none, private = (times.median for times in in_turns(asking, ROUNDS))
                fixed.append(none)
                lines.append(f"| {name} | {ms(alone)} | {ms(private)} | {private / alone:.1f} × | {ms(none)} |")
    return Served("\n".join(lines), small_job.lines([*walked, held_back()]), median(fixed), registering, synced)


def held_back() -> small_job.Walked:
    """Give the steps of a small job in an instance as it comes, which holds answers back."""
    with Instance() as instance:
        small = instance.folder / "small.parquet"
        visits.write(small, 100)
        user, subscription = publish(instance.client(instance.authority_key), instance, "small", small)
        return small_job.walk(user, subscription, repeated=False)


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
    asked = count(1)

    def once() -> None:
        job = user.submit(subscription, sql, epsilon=f"{1 + next(asked) / 1000:.3f}")
        if job["status"] != "done":
            raise RuntimeError(f"the job ended as {job['status']}")

    return once
