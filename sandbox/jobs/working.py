"""Steps 5–7, in the vault: the part of the walk that sees raw rows, exact numbers and fingerprint keys.

What comes out of here is a marked copy. Exact values live in the memory of one call of `execute` and `release`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.catalogue.exact import readable
from sandbox.catalogue.records import DataVersion, Resource
from sandbox.catalogue.stored import stored_entry
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Duplicate, Stale, Transaction
from sandbox.engines.base import EngineFailed, Exact, OpenVersion
from sandbox.errors import Problem
from sandbox.grants.authorise import recheck
from sandbox.identity.parties import recipient
from sandbox.identity.records import Party
from sandbox.jobs import ledger, owntables
from sandbox.jobs.house import House
from sandbox.jobs.product import Answer, Inside, admits, exact_service, measured_by, settled_by
from sandbox.jobs.records import Base, Holding, Job, Release, Task
from sandbox.jobs.registered import as_registered
from sandbox.jobs.tasks import finish
from sandbox.oversight.marks import fingerprint as mark
from sandbox.plan.codec import from_json
from sandbox.plan.plan import Plan
from sandbox.plan.reading import Reading
from sandbox.privacy import accountant
from sandbox.privacy.rederive import PlanUnsound, loss, pure_loss, reading_loss
from sandbox.privacy.released import Released, base_bytes, read_blocks
from sandbox.products.records import Product
from sandbox.webhooks.tell import tell

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Kept:
    """A stored base X: its id, the exact bytes that are committed to, what they hold, and the epoch of its marks."""

    id: str
    content: bytes
    released: list[Released]
    epoch: str


@dataclass(frozen=True)
class Known:
    """Who gets the copy, the stored base of the job if there is one, and the job whose answer was the first made of
    it; None while there is none, and for a repeated question, to whom it is all the same."""

    recipient: str
    base: Kept | None
    drawn_by: Job | None


@dataclass(frozen=True)
class Copy:
    """One recipient's copy of a base: the answer, and what evidence will need. An exact answer has no marks."""

    answer: Answer
    recipient: str
    design: bytes = b""
    k_base: bytes = b""
    k_user: bytes = b""


def begin(house: House, task: Task) -> Job | None:
    """Claim the job for this fence and make its privacy spent, or void it when it may not run any more.

    Gives None when there is nothing to do."""
    with house.store.write() as tx:
        return begin_in(house, tx, task)


def begin_in(house: House, tx: Transaction, task: Task) -> Job | None:
    """The same in the caller's transaction."""
    job = tx.get(Job, task.subject, lock=True)
    if job is None or job.status not in ("queued", "running"):
        finish(tx, task)
        return None
    if job.status == "running":
        return tx.change(job, fence=task.fence)
    try:
        recheck(tx, job, now())
    except Problem as problem:
        void(house, tx, task, job, problem.code)
        return None
    base = _base_to_join(tx, job)
    if not job.free and not accountant.start(tx, job.id, joins=base is not None):
        void(house, tx, task, job, "state_conflict")
        return None
    return tx.change(job, status="running", fence=task.fence, base=base, started_at=now())


def _base_to_join(tx: Transaction, job: Job) -> str | None:
    """The base the job joins, settled together with what it pays: for a repeated question the very one that its asker
    holds, which may be closed to others; else the open one of its plan, if it was drawn before."""
    if job.free and (held := tx.find(Holding, key=job.base_key, party=job.party, limit=1)):
        first = tx.get(Job, held[0].job)
        return first.base if first is not None else None
    drawn = tx.find(Base, key=job.base_key, limit=1)
    return drawn[0].id if drawn else None


def void(house: House, tx: Transaction, task: Task, job: Job, why: str) -> None:
    """Give back what a job held that never began."""
    accountant.void(tx, job.id)
    house.journal.write(
        tx,
        "job.voided",
        public={"code": why},
        committed={"party": job.party, "job": job.id},
        job=job.id,
        party=job.party,
    )
    tx.change(job, status="void", fence=task.fence, finished_at=now())
    tell(tx, [job.party], "job.ended", {"job": job.id, "status": "void"})
    finish(tx, task)


def fail(house: House, task: Task, job: Job) -> None:
    """End a job that cannot be finished: privacy stays spent, no money is charged, no detail is given."""
    with house.store.write() as tx:
        mine(tx, task, job)
        entry = house.journal.write(
            tx,
            "job.failed",
            public={"rho": str(job.rho), "delta": str(job.delta), "charges": ledger.sealed(house, tx, job)},
            committed={"party": job.party, "job": job.id, "population": job.population},
            job=job.id,
            party=job.party,
            resource=job.resource,
            product=job.product,
        )
        tx.change(job, status="failed", entry=entry.id, fee=job.fee * 0, finished_at=now())
        tell(tx, [job.party], "job.ended", {"job": job.id, "status": "failed"})
        finish(tx, task)


def mine(tx: Transaction, task: Task, job: Job) -> None:
    """Raise `Stale` when another worker has taken the job over."""
    current = tx.get(Job, job.id, lock=True)
    if current is None or current.status != "running" or current.fence != task.fence:
        raise Stale("jobs")


def plan_of(job: Job) -> Plan | Reading:
    """Give the plan that was reserved."""
    plan = from_json(job.plan)
    assert isinstance(plan, Plan | Reading)
    return plan


def execute(house: House, job: Job, plan: Plan) -> list[Exact] | pa.Table:
    """Step 5: derive the loss again, check it against what the journal of charges says is spent, and run the engine.
    What a model is fitted to are rows.

    Raises `EngineFailed` for every cause alike."""
    assert house.vault is not None
    try:
        (rho, delta), pure = loss(plan), pure_loss(plan)
    except PlanUnsound as error:
        raise EngineFailed from error
    with house.store.read() as tx:
        if not accountant.is_spent(tx, job.id, job.party, rho, delta, pure=pure, population=plan.population):
            raise EngineFailed
        version = tx.get(DataVersion, plan.version)
        if version is None or plan.base_key() != job.base_key:
            raise EngineFailed
        own = owntables.Brought()
        if admits(house.products[job.kind]):
            own = owntables.brought(tx, house.release_sealer, plan, job.subscription, house.vault.row_order)
        if not as_registered(tx, plan, version, own):
            raise EngineFailed
        if admits(house.products[job.kind]):  # a program may call a parameter as it likes
            plan = owntables.opened(tx, house.release_sealer, plan, job.subscription)
    key = house.vault.sealer.open(version.wrapped_key, f"version:{version.id}")
    path = house.settings.data_folder / version.file
    opened = OpenVersion(version.id, path, key, own.rows)
    if (measure := measured_by(house.products[job.kind])) is not None:
        return measure(_inside(house, job, opened), plan)
    if plan.stages:
        return house.vault.engine.rows(opened, plan.stages[0].rows)
    return house.vault.engine.run(opened, plan)


def settled(house: House, job: Job, plan: Plan, released: list[Released]) -> list[Released]:
    """Give what is stored as the base: what was released, and what the kind settles of it once for all copies.

    Raises `EngineFailed` where that cannot be made."""
    settle = settled_by(house.products[job.kind])
    return released if settle is None else settle(plan, released)


def _inside(house: House, job: Job, version: OpenVersion) -> Inside:
    """What a kind that measures by itself gets."""
    assert house.vault is not None
    with house.store.read() as tx:
        product = tx.get(Product, job.product)
    assert product is not None, "products are never deleted"
    request = json.loads(house.release_sealer.open(job.request, f"request:{job.id}"))
    return Inside(house.vault.engine, version, house.vault.row_order, request, product.spec)


def read(house: House, job: Job, reading: Reading) -> Copy:
    """Steps 5–7 of exact service: hold the reading against the registration as it is now, and give the answer.

    Raises `EngineFailed` for every cause alike: for a table that is protected, or not to be served exactly any more,
    too."""
    assert house.vault is not None
    with house.store.read() as tx:
        version, party = tx.get(DataVersion, reading.version), tx.get(Party, job.party)
        resource = tx.get(Resource, version.resource) if version is not None else None
    if version is None or resource is None or party is None or reading.base_key() != job.base_key:
        raise EngineFailed
    service = exact_service(house.products[job.kind])
    if service is None or {reading.resource, job.resource} != {resource.id}:
        raise EngineFailed
    try:
        reading_loss(reading, readable(stored_entry(resource.entry)))
    except PlanUnsound as error:
        raise EngineFailed from error
    key = house.vault.sealer.open(version.wrapped_key, f"version:{version.id}")
    opened = OpenVersion(version.id, house.settings.data_folder / version.file, key)
    return Copy(service.present(reading, house.vault.engine.read(opened, reading)), recipient(party))


def known(house: House, job: Job) -> Known:
    """Give what there is when a job goes on: the base that it joined when it began, or one that was drawn for its plan
    since then."""
    with house.store.read() as tx:
        party = tx.get(Party, job.party)
        assert party is not None
        rows = tx.find(Base, id=job.base, limit=1) if job.base else tx.find(Base, key=job.base_key, limit=1)
        drawn = None
        if rows and not job.free and (first := tx.find(Release, base=rows[0].id, order=("created_at", "id"), limit=1)):
            drawn = tx.get(Job, first[0].job)
    return Known(recipient(party), open_base(house, rows[0]) if rows else None, drawn)


def open_base(house: House, base: Base) -> Kept:
    """Unseal a base."""
    assert house.vault is not None
    content = house.vault.sealer.open(base.content, f"base:{base.id}")
    return Kept(base.id, content, read_blocks(json.loads(content)["blocks"]), base.epoch)


def keep_base(house: House, job: Job, plan: Plan, released: list[Released]) -> tuple[Kept, Job | None]:
    """Store a fresh base, durably, before anything is made of it; whoever is second uses the first's. Gives it, and the
    job whose answer was the first made of it, if there is one."""
    assert house.vault is not None
    base_id = new_id("base")
    content = base_bytes(plan, released)
    sealed = house.vault.sealer.seal(content, f"base:{base_id}")
    try:
        with house.store.write() as tx:
            tx.add(Base(base_id, job.base_key, job.resource, job.version, house.vault.epoch, sealed, None, now()))
    except Duplicate:
        found = known(house, job)
        assert found.base is not None
        return found.base, found.drawn_by
    return Kept(base_id, content, released, house.vault.epoch), None


def fingerprint(house: House, job: Job, plan: Plan, base: Kept, recipient: str) -> Copy:
    """Step 7: mark the primitives for the job's recipient and make the answer of them. Always gives the same copy."""
    assert house.vault is not None
    marked = mark(plan, base.id, base.released, house.vault.masters[base.epoch], recipient)
    answer = house.products[job.kind].present(plan, base.released, marked.values)
    return Copy(answer, recipient, marked.design, marked.k_base, marked.k_user)
