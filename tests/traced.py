"""A small instance with a released base and a log, for tests of traces and evidence: everything but web and engine."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sandbox.core.canonical import digest
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.sealing import Sealer
from sandbox.core.store import Store
from sandbox.jobs.records import Base, Delivery, Job, Release
from sandbox.jobs.result import canonical_result, result_of
from sandbox.oversight.attach import Stamp, attach
from sandbox.oversight.bundle import build_bundle, contents
from sandbox.oversight.candidates import Prepared, TraceKeys
from sandbox.oversight.marks import fingerprint
from sandbox.oversight.records import Trace
from sandbox.oversight.trace import TraceOutcome, run_trace
from sandbox.plan.block import Block, Bounds, Key, Measurement
from sandbox.plan.codec import to_json
from sandbox.plan.plan import SEMANTICS, Output, Plan
from sandbox.plan.relation import Released as Shown
from sandbox.plan.relation import Scan
from sandbox.plan.scalar import INTEGER, Column, Type
from sandbox.privacy.released import Released, base_bytes, read_blocks
from sandbox.products.query.kind import QueryProduct
from sandbox.transparency.journal import Journal
from sandbox.transparency.notes import Signer
from sandbox.transparency.seal import Scribe

SIGNER = Signer("box.example/log", Ed25519PrivateKey.from_private_bytes(b"k" * 32))
KINDS = {"query": QueryProduct()}
RESULT_OF = result_of(KINDS)
RHO = Decimal("0.01")
VAULT = Sealer(b"v" * 32)
AGES = tuple(range(20, 90))


def question(n: str = "n", mean: str = "mean") -> Plan:
    """SELECT age, COUNT(*) AS n, SUM(pay), AVG(hours) AS mean GROUP BY age, with σ of 6, 3,000 and 200."""
    age, hours = Column("age", INTEGER), Column("hours", INTEGER, Decimal(0), Decimal(80))
    measurements = (
        Measurement("rows", None, 0, 0, 0, 0, 1, 6 * 1024, RHO),
        Measurement("sum", Column("pay", INTEGER), 0, 0, 500, 0, 500**2, 3_000 * 1024, RHO),
        Measurement("sum", hours, 0, 0, 80, 40, 40**2, 200 * 1024, RHO),
    )
    outputs = (
        Output("age", "key", (0,), INTEGER),
        Output(n, "count", (0,), INTEGER),
        Output("pay", "sum", (1,), INTEGER),
        Output(mean, "average", (2, 0), Type("decimal", 4)),
    )
    keys = (Key("age", age, AGES),)
    scan = Scan("t", 0, (age, hours, Column("pay", INTEGER)), 1)
    block = Block(scan, keys, Bounds(1, 1, 1), measurements, None)
    shown = Shown(0, tuple(output.column for output in outputs))
    return Plan(SEMANTICS, "r1", "p1", "v1", (block,), (outputs,), shown)


@dataclass(frozen=True)
class Box:
    """The instance. `seed` of `base` gives different noise to different bases."""

    store: Store
    folder: Path
    vault: Sealer = VAULT
    master: bytes = b"m" * 32

    @property
    def keys(self) -> TraceKeys:
        return TraceKeys(self.vault, {"1": self.master})

    @property
    def journal(self) -> Journal:
        return Journal(Sealer(b"r" * 32), self.vault)

    def base(self, seed: int = 0, resource: str = "r1", shift: int = 0) -> str:
        """Store a base and give its id; `shift` moves its keys and numbers to where no other base has any."""
        draw = random.Random(seed).randint
        plan, base_id = question(), new_id("base")
        far = 10**6 * shift
        values = [(far + draw(150, 900), far + draw(20_000, 90_000), far + draw(-3_000, 3_000)) for _ in AGES]
        content = base_bytes(plan, [Released([(shift + age,) for age in AGES], values)])
        sealed = self.vault.seal(content, f"base:{base_id}")
        with self.store.write() as tx:
            tx.add(Base(base_id, f"{plan.base_key()}{seed}{resource}", resource, "v1", "1", sealed, None, now()))
        return base_id

    def release(self, base_id: str, recipient: str, plan: Plan | None = None, product: str = "prod") -> bytes:
        """Release a copy to `recipient`, log and deliver it; give it as CSV."""
        asked = plan or question()
        with self.store.read() as tx:
            row = tx.get(Base, base_id)
            assert row is not None
        content = self.vault.open(row.content, f"base:{base_id}")
        released = read_blocks(json.loads(content)["blocks"])
        marked = fingerprint(asked, base_id, released, self.master, recipient)
        answer = KINDS["query"].present(asked, released, marked.values)
        result = digest(canonical_result(answer))
        job, party = new_id("job"), f"party-{recipient}"
        with self.store.write() as tx:
            entry = self.journal.write(
                tx,
                "job.released",
                public={"rho": "0.03"},
                committed={"job": job, "party": party, "product": product, "recipient": recipient, "result": result},
                evidence={
                    "base": hashlib.sha256(content).hexdigest().encode(),
                    "base_id": base_id.encode(),
                    "design": marked.design,
                    "k_base": marked.k_base,
                    "k_user": marked.k_user,
                    "plan": digest(to_json(asked)).encode(),
                },
                job=job,
            )
            tx.add(self._job(job, party, product, asked, row, entry.id))
            tx.add(Release(new_id("release"), job, base_id, party, recipient, b"", result, now()))
            said = {"job": job, "party": party, "file": "00"}
            delivered = self.journal.write(tx, "delivery.made", public={"format": "csv"}, committed=said, job=job)
            tx.add(Delivery(new_id("delivery"), job, "csv", "00", delivered.id, None, now()))
        out = io.StringIO()
        csv.writer(out).writerows([[column.name for column in answer.columns], *answer.rows])
        return out.getvalue().encode()

    def seal(self) -> None:
        """Let the scribe seal all that waits."""
        Scribe(self.store, self.folder, SIGNER, "box.example/log").step()

    def trace(self, leak: bytes, **hint: str) -> tuple[Prepared, TraceOutcome]:
        """Trace, and announce it in the log as the vault does."""
        said: list[Prepared] = []
        with self.store.read() as tx:
            found = run_trace(tx, self.keys, leak, hint, said.append)
        told = said[0].announcement()
        with self.store.write() as tx:
            public, committed = told["public"] | {"trace": "trace_1"}, told["committed"]
            self.journal.write(tx, "trace.started", public=public, committed=committed, party="regulator")
        return found

    def bundle(self, prepared: Prepared, outcome: TraceOutcome, stamp: Stamp = lambda note: None) -> bytes:
        """The bundle as it is handed out: what the vault makes, and once that is sealed what the log says of it."""
        core, trace = self.core(prepared, outcome)
        return self.attached(core, trace, stamp)

    def core(self, prepared: Prepared, outcome: TraceOutcome) -> tuple[bytes, Trace]:
        """What the vault makes, committed to by the trace's last leaf, which waits."""
        trace = Trace("trace_1", "regulator", prepared.file_digest, {}, "", "done", None, None, None, now(), None)
        with self.store.read() as tx:
            core = build_bundle(tx, self.journal, trace, prepared, outcome, RESULT_OF)
        with self.store.write() as tx:
            said = {"outcome": "{}", "bundle": contents(core)}
            entry = self.journal.write(tx, "trace.finished", public={"trace": "trace_1"}, committed=said)
        return core, replace(trace, entry=entry.id)

    def attached(self, core: bytes, trace: Trace, stamp: Stamp = lambda note: None) -> bytes:
        with self.store.read() as tx:
            return attach(tx, self.journal, self.folder, trace, core, stamp)

    def _job(self, job: str, party: str, product: str, plan: Plan, base: Base, entry: str) -> Job:
        said: dict[str, Any] = {
            "id": job,
            "party": party,
            "subscription": "s",
            "product": product,
            "grant": "g",
            "operator": "o",
            "resource": base.resource,
            "population": "p1",
            "version": "v1",
            "kind": "query",
            "purpose": "industry",
            "request": b"",
            "plan": to_json(plan),
            "base_key": base.key,
            "status": "done",
            "rho": RHO,
            "delta": Decimal(0),
            "free": False,
            "fee": Decimal(0),
            "price": None,
            "decision": {},
            "fence": 1,
            "base": base.id,
            "entry": entry,
            "created_at": now(),
            "started_at": None,
            "finished_at": None,
        }
        return Job(**said)


def damaged(leak: bytes, seed: int = 7) -> bytes:
    """A fifth of the rows gone, the rest shuffled, all columns renamed."""
    header, *rows = list(csv.reader(io.StringIO(leak.decode())))
    random.Random(seed).shuffle(rows)
    out = io.StringIO()
    csv.writer(out).writerows([[f"c{i}" for i in range(len(header))], *rows[: int(0.8 * len(rows))]])
    return out.getvalue().encode()
