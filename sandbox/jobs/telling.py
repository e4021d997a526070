"""Steps 8–10: record, meter, answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from sandbox.billing.records import Price
from sandbox.core.canonical import canonical_bytes, digest
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.jobs import ledger
from sandbox.jobs.asking import charged
from sandbox.jobs.exact import COST
from sandbox.jobs.house import House
from sandbox.jobs.product import Answer, AnswerColumn
from sandbox.jobs.records import Holding, Job, Release, Task
from sandbox.jobs.result import canonical_result
from sandbox.jobs.tasks import finish
from sandbox.jobs.working import Copy, Kept, mine
from sandbox.metering.charging import charge
from sandbox.plan.codec import from_json
from sandbox.privacy import accountant
from sandbox.privacy.records import Account
from sandbox.privacy.released import rows_json
from sandbox.transparency.records import LogEntry


def record(house: House, tx: Transaction, task: Task, job: Job, base: Kept | None, copy: Copy) -> LogEntry:
    """Step 8: the leaf that commits to this delivery before it happens, the release, and the end of the task."""
    mine(tx, task, job)
    result_digest = digest(canonical_result(copy.answer))
    entry = house.journal.write(
        tx,
        "job.released",
        public={
            "rho": str(job.rho),
            "delta": str(job.delta),
            "charges": ledger.sealed(house, tx, job),
            "epoch": base.epoch if base else None,
            "policy": str(job.decision.get("policy_id", "")),
            "policies": str(job.decision.get("policies", "")),
        },
        committed={
            "job": job.id,
            "party": job.party,
            "population": job.population,
            "product": job.product,
            "recipient": copy.recipient,
            "result": result_digest,
        },
        evidence=_evidence(job, base, copy),
        job=job.id,
        party=job.party,
        resource=job.resource,
        product=job.product,
    )
    sealed = house.release_sealer.seal(canonical_bytes(_answer_json(copy.answer)), f"result:{job.id}")
    made_of = base.id if base else ""
    tx.add(Release(new_id("release"), job.id, made_of, job.party, copy.recipient, sealed, result_digest, now()))
    if not tx.find(Holding, key=job.base_key, party=job.party, limit=1):
        tx.add(Holding(new_id("holding"), job.base_key, job.party, job.id, now()))
    finish(tx, task)
    return entry


def _evidence(job: Job, base: Kept | None, copy: Copy) -> dict[str, bytes]:
    """What evidence needs to make the copy again; an exact answer has no base, and no marks that would be found."""
    plan = {"plan": digest(job.plan).encode()}
    if base is None:
        return plan
    return {
        "base": hashlib.sha256(base.content).hexdigest().encode(),
        "base_id": base.id.encode(),
        "design": copy.design,
        "k_base": copy.k_base,
        "k_user": copy.k_user,
        **plan,
    }


def meter(tx: Transaction, job: Job, base: Kept | None, copy: Copy, entry: LogEntry) -> None:
    """Step 9: one usage event, and the job waits for its checkpoint."""
    price = tx.get(Price, job.price) if job.price else None
    cells = len(copy.answer.rows) * len(copy.answer.columns)
    event = charge(tx, job, price, cells)
    tx.change(job, status="sealing", base=base.id if base else None, entry=entry.id, fee=event.fee, finished_at=now())


def present(house: House, tx: Transaction, job: Job) -> dict[str, Any]:
    """Step 10: the result as the contract shows it, with values still exact (Decimal, date)."""
    answer = stored_answer(house, tx, job)
    return {
        "job": job.id,
        "columns": [
            {name: said for name, said in asdict(column).items() if said is not None} for column in answer.columns
        ],
        "rows": [list(row) for row in answer.rows],
        "errors": [list(row) for row in answer.errors],
        "privacy": _cost(tx, job),
        "notes": list(answer.notes),
        "fee": str(job.fee),
        "receipt": f"/api/v1/jobs/{job.id}/receipt",
    }


def stored_answer(house: House, tx: Transaction, job: Job) -> Answer:
    """Open the released copy of a job."""
    [row] = tx.find(Release, job=job.id)
    held = json.loads(house.release_sealer.open(row.result, f"result:{job.id}"))
    columns = tuple(AnswerColumn(**column) for column in held["columns"])
    errors = tuple(tuple(row) for row in held.get("errors", ()))
    return Answer(columns, from_json(held["rows"]), tuple(held["notes"]), errors)


def _answer_json(answer: Answer) -> Mapping[str, Any]:
    return {
        "columns": [asdict(column) for column in answer.columns],
        "rows": rows_json(answer.rows),
        "notes": list(answer.notes),
        "errors": [list(row) for row in answer.errors],
        **({} if answer.kept is None else {"kept": dict(answer.kept)}),
    }


def kept_of(house: House, tx: Transaction, job: Job) -> dict[str, Any] | None:
    """Give what the service kept of the copy that a job released, for its recipient's use."""
    [row] = tx.find(Release, job=job.id)
    held: dict[str, Any] = json.loads(house.release_sealer.open(row.result, f"result:{job.id}"))
    return held.get("kept")


def _cost(tx: Transaction, job: Job) -> dict[str, Any]:
    """What the job cost its party in privacy, and what is left; exact service has no account."""
    if not job.population:
        return dict(COST)
    account = accountant.account_for(tx, job.population, job.party)
    return {
        "rho": str(job.rho),
        "epsilon": str(accountant.epsilon_of(account, _charged(account, job))),
        "delta": str(job.delta),
        "left": accountant.left(account),
    }


def _charged(account: Account, job: Job) -> Decimal:
    """What the job cost its account: ρ, or the ε of a pure one, which its plan knows."""
    return charged(account, from_json(job.plan), job.rho) if account.pure else job.rho
