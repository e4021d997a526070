"""Money: a month of many events closed – settlements of a thousand parties –, and what recording one adds to a job.

Alone: `python -m benchmarks.money [events] [parties]`; on PostgreSQL where SANDBOX_TEST_POSTGRES names a server, else
on SQLite."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles

import sqlalchemy as sa

from benchmarks.timing import ms, say
from sandbox.billing.reconcile import reconcile
from sandbox.billing.records import Price
from sandbox.billing.statement import statement
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.identity.records import Party
from sandbox.jobs.records import Job
from sandbox.metering.charging import charge
from sandbox.stores.sql import SqlStore

ROOT = Path(__file__).parents[1]
EVENTS, PARTIES, RECORDED, MONTH = 10_000_000, 1000, 300, "2026-03"
SERVER = "SANDBOX_TEST_POSTGRES"
CLOSE = """
import sys, time
from benchmarks.apart import peak
from sandbox.billing.settlements import close
from sandbox.core.sealing import Sealer
from sandbox.stores.sql import SqlStore
from sandbox.transparency.journal import Journal
start = time.perf_counter()
run = close(SqlStore(sys.argv[1]), Journal(Sealer(b"b" * 32)), sys.argv[2])
print(run.made, run.total, time.perf_counter() - start, peak())
"""
FILL = {
    "postgresql": "FROM generate_series(1, {events}) AS n(n)",
    "sqlite": "FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n < {events}) SELECT n FROM c)",
}  # fmt: skip
INSERT = """
INSERT INTO usage_events (id, job, party, operator, product, resource, subscription, purpose, unit, quantity, price,
                          fee, free, month, data, at, fact, price_number, day)
SELECT 'usage_' || n, 'job_' || n, 'party_' || (n % {parties}), 'operator', 'product_' || (n % 3), 'resource', 'sub',
       CASE WHEN n % 10 = 0 THEN 'public_welfare' ELSE 'industry' END, 'cell', n % 20, '0.333335',
       CASE WHEN n % 10 = 0 THEN '0' ELSE {fee} END,
       CASE WHEN n % 10 = 0 THEN 'purpose' END, '{month}', '{{}}', '{month}-15 12:00:00', NULL, 1, '{month}-15'
"""
FEE = {"postgresql": "CAST((n % 20) * 0.333335 AS TEXT)", "sqlite": "printf('%.6f', (n % 20) * 0.333335)"}


def lines(events: int = EVENTS, parties: int = PARTIES) -> str:
    """Give the rows of the table."""
    say(f"money: {events:,} events")
    with database() as url:
        store = SqlStore(url)
        store.create()
        filled = fill(store, events, parties)
        made, total, seconds, memory = closing(url)
        with store.read() as tx:
            start = time.perf_counter()
            books = reconcile(tx, MONTH)
            reconciled = time.perf_counter() - start
            start = time.perf_counter()
            statement(tx, Party("party_1", "One", ["user"], None, "active", now()), MONTH)
            one = time.perf_counter() - start
        assert books["holds"], books
        recorded = {name: recording(store, tiers) for name, tiers in (("price", False), ("tiers", True))}
        store.close()
    kind = "PostgreSQL" if url.startswith("postgresql") else "SQLite"
    rows = [
        f"| {events:,} events of {parties:,} parties, {kind}: {made:,} settlements of {total} yuan | {seconds:.1f} s, "
        f"{memory // 1024} MiB |",
        f"| the same held against events, lines and shares (`reconcile`) | {reconciled:.1f} s |",
        f"| the statement of one party | {ms(one)} |",
    ]
    for name, (middle, late) in recorded.items():
        said = "an allowance and tiers" if name == "tiers" else "one price"
        rows.append(
            f"| recording an event under {said}, inside a job's last transaction | {ms(middle)}, 95 %: {ms(late)} |"
        )
    say(f"filled in {filled:.0f} s")
    return "\n".join(rows)


@contextmanager
def database() -> Iterator[str]:
    """An empty database, gone at the end."""
    server = os.environ.get(SERVER)
    if not server:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'control.db'}"
        return
    name = f"bench_{uuid.uuid4().hex}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    try:
        yield str(sa.make_url(server).set(database=name).render_as_string(hide_password=False))
    finally:
        with engine.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


def fill(store: SqlStore, events: int, parties: int) -> float:
    """Write a month of events, each with a fee of its price; give the seconds."""
    start = time.perf_counter()
    kind = store.engine.dialect.name
    with store.engine.begin() as connection:
        text = INSERT + FILL[kind]
        connection.execute(sa.text(text.format(events=events, parties=parties, month=MONTH, fee=FEE[kind])))
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    return time.perf_counter() - start


def closing(url: str) -> tuple[int, str, float, int]:
    """Close the month in a process of its own: settlements, their sum, seconds, peak of its memory in KiB."""
    command = [sys.executable, "-c", CLOSE, url, MONTH]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    made, total, seconds, memory = done.stdout.split()
    return int(made), total, float(seconds), int(memory)


def recording(store: SqlStore, tiers: bool) -> tuple[float, float]:
    """Seconds that metering takes inside the transaction that ends a job: the median, and what 95 in 100 keep."""
    moment, nothing = now(), Decimal(0)
    steps = [{"above": 100, "price": "0.5"}, {"above": 1000, "price": "0.2"}] if tiers else []
    price = Price(new_id("price"), "product_x", 1 + tiers, "cell", Decimal("1.20"), True, True, "o", moment, 0, steps)
    taken = []
    with store.write() as tx:
        tx.add(price)
    for _ in range(RECORDED):
        job = _job(nothing)
        with store.write() as tx:
            tx.add(job)
            taken.append(_timed(tx, job, price))
    return median(taken), quantiles(taken, n=20)[-1]


def _timed(tx: Transaction, job: Job, price: Price) -> float:
    start = time.perf_counter()
    charge(tx, job, price, 12)
    return time.perf_counter() - start


def _job(nothing: Decimal) -> Job:
    return Job(
        id=new_id("job"), party="party_1", subscription="subscription", product="product_x",
        grant="grant", operator="operator", resource="resource", population="p", version="v", kind="query",
        purpose="industry", request=b"", plan={}, base_key="k", status="running", rho=nothing, delta=nothing,
        free=False, fee=nothing, price=None, decision={}, fence=1, base=None, entry=None, created_at=now(),
        started_at=None, finished_at=None,
    )  # fmt: skip


if __name__ == "__main__":
    sys.stdout.write(lines(*map(int, sys.argv[1:])) + "\n")
