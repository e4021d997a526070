"""The public profile of a resource: bought from the budget once its first version is written, and again only when its
registrar asks and pays.

A purchase walks as a job does. Its cost is held, and it is queued, in the transaction that makes the resource or takes
the registrar's order, so that it is never queued twice. Before a private byte is read the cost is spent, for ever;
whoever takes over a worker that died runs the same plan for the same charge. What was released becomes the profile in
the transaction that writes its leaf.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox.catalogue import registry
from sandbox.catalogue.entry import parse_entry
from sandbox.catalogue.profile import Profile, profile_of
from sandbox.catalogue.records import BoughtProfile, DataVersion, Resource
from sandbox.core.canonical import digest
from sandbox.core.clock import now, rfc3339
from sandbox.core.ids import new_id
from sandbox.core.store import Stale, Transaction
from sandbox.engines.base import EngineFailed, OpenVersion
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.jobs import ledger
from sandbox.jobs.house import House
from sandbox.jobs.profiling import content, profile_plan
from sandbox.jobs.records import Task
from sandbox.jobs.registered import as_registered
from sandbox.jobs.tasks import ATTEMPTS, drop, finish, queue
from sandbox.oversight.emergency import stopped
from sandbox.plan.codec import from_json, to_json
from sandbox.plan.plan import Plan
from sandbox.privacy import accountant
from sandbox.privacy.rederive import PlanUnsound, loss, pure_loss
from sandbox.privacy.release import release
from sandbox.privacy.released import Released

FIRST = "registration"
"""The reason of the purchase that follows a registration."""


def ask_for(tx: Transaction, principal: Principal, resource_id: str, reason: str) -> BoughtProfile:
    """Buy the profile of one's own resource anew, of its current version. Raises not_found, field_invalid,
    state_conflict, privacy_budget_exhausted."""
    resource = registry.own(tx, principal, resource_id, lock=True)
    if not reason.strip():
        raise Problem("field_invalid", "Field reason is empty; write why the profile is bought again.", field="reason")
    if resource.status != registry.ACTIVE or resource.version is None:
        raise Problem("state_conflict", f"The resource is {resource.status}; register it anew.")
    entry = parse_entry(resource.entry)
    if entry.privacy is None or entry.privacy.profile is None:
        raise Problem(
            "state_conflict", "The registration sets no share aside: register with privacy.profile.epsilon to buy one."
        )
    if tx.find(BoughtProfile, resource=resource.id, status=["queued", "running"], limit=1):
        raise Problem("state_conflict", "A profile of this resource is being bought; wait until it is done.")
    return order(tx, resource, principal.party.id, reason.strip())


def order(tx: Transaction, resource: Resource, by: str, reason: str) -> BoughtProfile:
    """Hold what the profile costs and queue it. Raises privacy_budget_exhausted."""
    entry = parse_entry(resource.entry)
    assert entry.privacy is not None and entry.privacy.profile is not None and resource.version is not None
    account = accountant.account_for(tx, resource.population, accountant.SYSTEM)
    epsilon = entry.privacy.profile.epsilon
    plan = profile_plan(
        entry,
        resource.id,
        resource.population,
        resource.version,
        accountant.loss_of(account, epsilon),
        Decimal(0) if account.pure else accountant.threshold_delta(account.delta),
        account.pure,
    )
    rho, delta = loss(plan)
    bought = BoughtProfile(
        id=new_id("profile"),
        resource=resource.id,
        number=1 + len(tx.find(BoughtProfile, resource=resource.id)),
        population=resource.population,
        version=resource.version,
        by=by,
        reason=reason,
        plan=to_json(plan),
        rho=rho,
        delta=delta,
        status="queued",
        fence=0,
        content=None,
        entry=None,
        created_at=now(),
        finished_at=None,
    )
    accountant.hold(
        tx,
        job=bought.id,
        party=accountant.SYSTEM,
        population=resource.population,
        base_key=plan.base_key(),
        rho=rho,
        delta=delta,
        population_pays=True,
        pure=pure_loss(plan),
        epsilon=epsilon,
    )
    tx.add(bought)
    queue(tx, "profile", bought.id, {})
    return bought


def follow(tx: Transaction, resource: Resource, by: str) -> None:
    """Buy the profile of a resource that was just registered, if a share is set aside for it. Where the population's
    budget, which others share, has too little left, the resource has none."""
    entry = parse_entry(resource.entry)
    if entry.privacy is None or entry.privacy.profile is None:
        return
    try:
        order(tx, resource, by, FIRST)
    except Problem as problem:
        if problem.code not in ("privacy_budget_exhausted", "epsilon_invalid"):
            raise


def carry_out(house: House, task: Task) -> None:
    """Measure in the vault, or finish what a crashed worker began."""
    bought = _begin(house, task)
    if bought is None:
        return
    try:
        if task.fence > ATTEMPTS:
            raise EngineFailed
        found = _measure(house, bought)
    except EngineFailed:
        if task.fence < ATTEMPTS:  # the machine may have been busy: nothing was released, so trying again costs nothing
            drop(house.store, task)
            return
        _end(house, task, bought, None)
    else:
        _end(house, task, bought, found)
    house.doorbell.ring("scribe")


def current(tx: Transaction, resource: Resource) -> Profile | None:
    """Give the profile that questions about a resource are planned by, None while there is none."""
    return None if resource.profile is None else _facts(tx, resource.profile)


def view(tx: Transaction, resource: Resource) -> dict[str, Any] | None:
    """Give the newest profile as those see it who may see the entry: everything in it was released with noise."""
    done = None if resource.profile is None else tx.get(BoughtProfile, resource.profile)
    if done is None or done.content is None:
        return None
    return {
        "version": done.version,
        "bought_at": rfc3339(done.finished_at or done.created_at),
        "rho": str(done.rho),
        "delta": str(done.delta),
        "tables": done.content["tables"],
    }


_KNOWN: dict[str, Profile] = {}


def _facts(tx: Transaction, purchase: str) -> Profile:
    """Read a profile once in a process: it never changes, and plans keep what they work out of it."""
    if purchase not in _KNOWN:
        found = tx.get(BoughtProfile, purchase)
        assert found is not None and found.content is not None
        if len(_KNOWN) >= 64:
            _KNOWN.pop(next(iter(_KNOWN)))
        _KNOWN[purchase] = profile_of(found.content)
    return _KNOWN[purchase]


def _begin(house: House, task: Task) -> BoughtProfile | None:
    """Make the purchase spent for this fence, or give back what it holds when its resource was stopped meanwhile; None
    when there is nothing to do."""
    with house.store.write() as tx:
        bought = tx.get(BoughtProfile, task.subject, lock=True)
        if bought is None or bought.status not in ("queued", "running"):
            finish(tx, task)
            return None
        if bought.status == "running":
            return tx.change(bought, fence=task.fence)
        halted = stopped(tx, product="", party=bought.by, resource=bought.resource)
        if halted is not None:
            accountant.void(tx, bought.id)
        if halted is not None or not accountant.start(tx, bought.id):
            tx.change(bought, status="void", fence=task.fence, finished_at=now())
            finish(tx, task)
            return None
        return tx.change(bought, status="running", fence=task.fence)


def _measure(house: House, bought: BoughtProfile) -> dict[str, Any]:
    """Derive the loss again, check that it is spent, run the engine block by block – one is as long as a question – and
    give what the release of it says. Raises `EngineFailed` for every cause alike."""
    assert house.vault is not None
    plan = from_json(bought.plan)
    assert isinstance(plan, Plan)
    try:
        (rho, delta), pure = loss(plan), pure_loss(plan)
    except PlanUnsound as error:
        raise EngineFailed from error
    with house.store.read() as tx:
        spent = accountant.is_spent(tx, bought.id, accountant.SYSTEM, rho, delta, pure=pure, population=plan.population)
        version, resource = tx.get(DataVersion, plan.version), tx.get(Resource, bought.resource)
    if not spent or version is None or resource is None:
        raise EngineFailed
    with house.store.read() as tx:
        if not as_registered(tx, plan, version):
            raise EngineFailed
    key = house.vault.sealer.open(version.wrapped_key, f"version:{version.id}")
    opened = OpenVersion(version.id, house.settings.data_folder / version.file, key)
    parts = [replace(plan, blocks=(block,), outputs=((),)) for block in plan.blocks]
    released: list[Released] = [
        found for part in parts for found in release(part, house.vault.engine.run(opened, part))
    ]
    entry = parse_entry(resource.entry)
    assert entry.privacy is not None
    return content(entry, plan, entry.privacy.pure, released)


def _end(house: House, task: Task, bought: BoughtProfile, found: dict[str, Any] | None) -> None:
    """Write the leaf and the outcome, in one transaction; raises `Stale` when another worker took over."""
    with house.store.write() as tx:
        held = tx.get(BoughtProfile, bought.id, lock=True)
        if held is None or held.status != "running" or held.fence != task.fence:
            raise Stale("profiles")
        entry = house.journal.write(
            tx,
            "profile.failed" if found is None else "profile.bought",
            public={
                "resource": held.resource,
                "version": held.version,
                "number": held.number,
                "rho": str(held.rho),
                "delta": str(held.delta),
                "charges": ledger.sealed(house, tx, held),
            },
            committed={"reason": held.reason, "profile": digest(found)},
            party=held.by,
            resource=held.resource,
        )
        status = "failed" if found is None else "done"
        resource = tx.get(Resource, held.resource, lock=True) if found is not None else None
        if resource is not None:
            tx.change(resource, profile=held.id)
        tx.change(held, status=status, content=found, entry=entry.id, finished_at=now())
        finish(tx, task)
