"""The walk of a job, from a question to an answer, in ten steps.

One story in three acts, because two borders of trust lie across it: web holds no data key, so steps 5–9 happen in the
vault; and no answer leaves before the scribe has signed a checkpoint over its leaf, so step 10 comes after. Each act is
one function; a crash between or inside them is finished or voided by the same functions when the task is claimed again.

    submit      1 authenticate  2 authorise  3 compile  4 reserve                       (web)
    carry_out   5 execute  6 release  7 fingerprint  8 record  9 meter                  (vault)
    answer      10 answer                                                               (web)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sandbox.core.clock import now
from sandbox.core.store import Transaction
from sandbox.engines.base import EngineFailed
from sandbox.errors import Problem
from sandbox.grants.authorise import authorise, recheck
from sandbox.identity.keys import Principal
from sandbox.jobs import asking, telling, working
from sandbox.jobs.compiled import question_of
from sandbox.jobs.doorbell import of_job
from sandbox.jobs.house import House
from sandbox.jobs.owntables import check_exit
from sandbox.jobs.pace import wait_for_quantum
from sandbox.jobs.presence import require_ready
from sandbox.jobs.product import admits
from sandbox.jobs.records import Job, Task
from sandbox.jobs.tasks import ATTEMPTS
from sandbox.plan.reading import Reading
from sandbox.privacy.release import release


@dataclass(frozen=True)
class Begun:
    """What came of beginning a job; None when there was nothing to do."""

    job: Job | None


def submit(
    house: House,
    principal: Principal,
    request: Mapping[str, Any],
    on_reserved: Callable[[Transaction, Job], None] | None = None,
) -> Job:
    """Steps 1–4: take a question, refuse it or reserve what it costs, and hand it to the vault.

    `on_reserved` runs inside the reserving transaction. A refusal (`Problem`) spends nothing and leaves nothing but,
    when a rule of step 2 refused, a leaf that says so."""
    # 1 authenticate – the API did it for every request: `principal` is who asks
    job = _at_once(house, principal, request, on_reserved)
    if job is None:
        moment = now()
        with house.store.read() as tx:
            require_ready(tx)
            # 2 authorise
            permit = asking.authorised(house, tx, principal, request, moment)
            # 3 compile – from declarations and the request alone
            compiled = asking.compiled(house, tx, permit, request)
        # 4 reserve – privacy in every account, money and quota; one transaction
        with house.store.write() as tx:
            asked = request.get("resource")  # nothing changed while we compiled
            authorise(tx, principal, permit.subscription.id, moment, lock=True, resource=asked)
            job = asking.reserve(house, tx, principal, permit, compiled, request)
            if on_reserved:
                on_reserved(tx, job)
    house.doorbell.ring("vault")
    return job


def _at_once(
    house: House,
    principal: Principal,
    request: Mapping[str, Any],
    on_reserved: Callable[[Transaction, Job], None] | None,
) -> Job | None:
    """The same in one transaction, for a question that its asker compiled here before. None when it is another, or is
    refused: then it goes the whole way, which knows what to say."""
    if not house.recent.has(question_of(principal.party.id, request)):
        return None
    with suppress(Problem), house.store.write() as tx:
        require_ready(tx)
        asked = str(request.get("subscription", "")), now()
        permit = authorise(tx, principal, *asked, lock=True, resource=request.get("resource"))
        job = asking.reserve(house, tx, principal, permit, asking.compiled(house, tx, permit, request), request)
        if on_reserved:
            on_reserved(tx, job)
        return job
    return None


def carry_out(house: House, task: Task, begun: Begun | None = None) -> None:
    """Steps 5–9: run a reserved job to its end, or finish what a crashed worker began. `begun`: what came of beginning
    it, where that was done with the claim.

    Privacy is spent once `begin` is committed, whatever happens then. The base is stored before anything is made of
    it, so noise is never drawn twice for one release. A failure is the same for every cause and costs no money."""
    assert house.vault is not None
    # durable compare-and-set: reserved → executing, before any private byte is read
    job = begun.job if begun else working.begin(house, task)
    if job is None:  # voided, or finished already by another worker
        house.doorbell.ring(of_job(task.subject))
        return
    if task.fence > ATTEMPTS:
        working.fail(house, task, job)
        house.doorbell.ring(of_job(job.id))
        return
    plan, known = working.plan_of(job), working.known(house, job)
    if isinstance(plan, Reading):
        _exactly(house, task, job, plan)
        return
    base, drawn_by = known.base, known.drawn_by
    if base is None:
        try:
            # 5 execute – the loss is derived again from the finished plan before anything runs
            exact = working.execute(house, job, plan)
            # 6 release – the only door: noise and threshold on the primitive measurements
            released = working.settled(house, job, plan, release(plan, exact))
        except EngineFailed:
            wait_for_quantum(house.settings, job)
            working.fail(house, task, job)
            house.doorbell.ring(of_job(job.id))
            return
        base, drawn_by = working.keep_base(house, job, plan, released)
    # 7 fingerprint – the recipient's marks, then post-processing, of which there may be too much
    try:
        copy = working.fingerprint(house, job, plan, base, known.recipient)
    except EngineFailed:
        wait_for_quantum(house.settings, job, drawn_by)
        working.fail(house, task, job)
        house.doorbell.ring(of_job(job.id))
        return
    wait_for_quantum(house.settings, job, drawn_by)
    _finish(house, task, job, base, copy)


def _exactly(house: House, task: Task, job: Job, reading: Reading) -> None:
    """Steps 5–9 of exact service (U6): the rows of public tables as they are. There is no noise to draw, nothing that a
    mark could move, and how long it takes tells nothing that is not public."""
    try:
        copy = working.read(house, job, reading)
    except EngineFailed:
        working.fail(house, task, job)
        house.doorbell.ring(of_job(job.id))
        return
    _finish(house, task, job, None, copy)


def _finish(house: House, task: Task, job: Job, base: working.Kept | None, copy: working.Copy) -> None:
    # 8 record and 9 meter – log entry, usage event and result are rows of one transaction; nobody sees them before the
    # scribe has durably sealed the entry: a power cut until then leaves a job that is carried out to the same end again
    with house.store.write(durable=False) as tx:
        entry = telling.record(house, tx, task, job, base, copy)
        telling.meter(tx, job, base, copy, entry)
    house.doorbell.ring("scribe")


def answer(house: House, principal: Principal, job_id: str) -> dict[str, Any]:
    """Step 10: give the result, once a checkpoint covers its leaf and if nothing was stopped meanwhile.

    Raises `Problem`: not_found, job_not_finished, state_conflict, execution_failed, emergency_stop, …"""
    with house.store.read() as tx:
        job = own_job(tx, principal, job_id)
        if job.status in ("queued", "running", "sealing"):
            raise Problem("job_not_finished", "the job is not finished; ask again, or send `Prefer: wait=30`")
        if job.status == "void":
            recheck(tx, job, now())  # what called it off, where that still stands
            raise Problem("state_conflict", "the job was called off before it began and cost nothing: ask again")
        if job.status != "done":
            raise Problem("execution_failed", f"the job is {job.status} and has no result; it cost no money")
        # 10 answer
        recheck(tx, job, now())
        check_reviewed(house, tx, job)
        return telling.present(house, tx, job)


def check_reviewed(house: House, tx: Transaction, job: Job) -> None:
    """Refuse (state_conflict) what tells of an answer that its exit review has not let pass."""
    if admits(house.products.get(job.kind)):
        check_exit(tx, job)


def estimate(house: House, principal: Principal, request: Mapping[str, Any]) -> dict[str, Any]:
    """Steps 1–3 only: what the question would cost. Opens no private file, and does not say whether others asked."""
    with house.store.read() as tx:
        permit = asking.authorised(house, tx, principal, request, now())
        return asking.price_tag(house, tx, permit, asking.compiled(house, tx, permit, request))


def own_job(tx: Transaction, principal: Principal, job_id: str) -> Job:
    """Give a job of the principal's party; anybody else's does not exist."""
    job = tx.get(Job, job_id)
    if job is None or job.party != principal.party.id:
        raise Problem("not_found", "there is no such job of yours; list your jobs with GET /api/v1/jobs")
    return job
