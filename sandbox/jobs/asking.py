"""Steps 2–4, in web: may this be asked, what is it exactly, and is there budget, money and quota for it?"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.catalogue.entry import Entry
from sandbox.catalogue.exact import EXACT
from sandbox.catalogue.facts import public_facts
from sandbox.catalogue.records import DataVersion, Resource
from sandbox.catalogue.stored import stored_entry
from sandbox.core.canonical import canonical_bytes
from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.grants.authorise import Permit, Refused, authorise
from sandbox.grants.refused import record_refusal
from sandbox.identity.keys import Principal
from sandbox.jobs import exact, profile
from sandbox.jobs.compiled import Compiled, question_of
from sandbox.jobs.copying import OWN, a_copy
from sandbox.jobs.house import House
from sandbox.jobs.owntables import hold, with_admission
from sandbox.jobs.product import Question, admits, by_operator
from sandbox.jobs.records import Base, Holding, Job
from sandbox.jobs.tasks import PROGRAM, SPENDS_NOTHING, queue
from sandbox.metering import charging
from sandbox.plan.plan import Plan
from sandbox.plan.reading import Reading
from sandbox.plan.worked import Worked
from sandbox.privacy import accountant
from sandbox.privacy.accounts import account_id
from sandbox.privacy.records import Account
from sandbox.privacy.rederive import pure_loss
from sandbox.privacy.worth import LANGUAGES


def authorised(
    house: House, tx: Transaction, principal: Principal, request: Mapping[str, Any], moment: datetime
) -> Permit:
    """Step 2: give the permit, or refuse with the reason. What a policy refused is logged with the policy, and kept
    with the facts, against which other policies can be tried."""
    principal.may("job.submit")
    subscription = str(request.get("subscription", ""))
    try:
        return authorise(tx, principal, subscription, moment, resource=request.get("resource"))
    except Refused as refused:
        with house.store.write() as own:
            record_refusal(own, house.journal, principal.party.id, subscription, refused)
        house.doorbell.ring("scribe")
        raise


def compiled(house: House, tx: Transaction, permit: Permit, request: Mapping[str, Any]) -> Compiled:
    """Step 3: give the finished plan. Reads the catalogue and the account's promise, never data."""
    try:
        return _compiled(house, tx, permit, request)
    except Problem as refused:
        raise _with_a_hint(tx, permit, request, refused) from refused


def _compiled(house: House, tx: Transaction, permit: Permit, request: Mapping[str, Any]) -> Compiled:
    kind = house.products.get(permit.product.kind)
    if kind is None:
        raise Problem("state_conflict", f"this instance cannot run products of kind {permit.product.kind}")
    if by_operator(kind) and permit.subscription.party != permit.product.operator:
        return a_copy(tx, permit, request)
    if by_operator(kind) and OWN not in request:
        raise Problem("state_conflict", f"run your product with POST /api/v1/products/{permit.product.id}/runs")
    if admits(kind):
        request = with_admission(tx, permit, request)
    if permit.resource.version is None:
        raise Problem("state_conflict", "the resource has no data yet; ask its holder to upload a version")
    entry = stored_entry(permit.resource.entry)
    if entry.protection == EXACT:
        return exact.compiled(house, tx, permit, kind, entry, request)
    account = accountant.account_for(tx, permit.resource.population, permit.subscription.party)
    accountant.admit(account, {"gaussian"}, private_keys=False)  # every kind calibrates its noise by ρ so far
    today = now().date()
    asked, given = question_of(permit.subscription.party, request), _circumstances(permit, account, today)
    if asked is not None and (kept := house.recent.get(asked, given)) is not None:
        return kept
    version = tx.get(DataVersion, permit.resource.version)
    plan = kind.compile(
        Question(
            request=request,
            resource=permit.resource.id,
            population=permit.resource.population,
            version=permit.resource.version,
            entry=entry,
            spec=permit.product.spec,
            delta_conv=account.delta_conv,
            today=today,
            delta_threshold=accountant.threshold_delta(account.delta),
            pure=account.pure,
            profile=profile.current(tx, permit.resource),
            facts={} if version is None else public_facts(version),
        )
    )
    _check_runs(house, plan, version, entry)
    found = Compiled(plan)
    if asked is not None:
        house.recent.keep(asked, given, found)
    return found


def _check_runs(house: House, plan: Plan, version: DataVersion | None, entry: Entry) -> None:
    """Refuse what could only fail once its privacy is spent. Raises state_conflict, sql_not_allowed."""
    if (plan.on_rows or plan.own) and version is not None and not version.report.get("units_named"):
        say = "the data are stored as before programs and models were; ask their holder to upload them again"
        raise Problem("state_conflict", say)
    if (plan.own or plan.on_rows) and house.settings.engine != "duckdb":
        say = "joins no own tables" if plan.own else "runs no programs and fits no models"
        raise Problem("sql_not_allowed", f"this instance runs Spark, which {say}; ask its host for DuckDB")
    exact.check_engine(house, plan, entry)


def _with_a_hint(tx: Transaction, permit: Permit, request: Mapping[str, Any], refused: Problem) -> Problem:
    """Give the refusal; where the text names a table of another resource of the product, one that says so."""
    said = set(re.findall(r"\w+", str(request.get("sql", "")).casefold()))
    own = {table["name"].casefold() for table in permit.resource.entry["tables"]}
    for one in permit.product.resources:
        other = tx.get(Resource, one)
        names = set() if other is None else {table["name"].casefold() for table in other.entry["tables"]}
        if other is not None and other.id != permit.resource.id and (met := sorted((names - own) & said)):
            return Problem(
                "sql_not_allowed",
                f"{met[0]} is a table of {other.name}, another resource of this product; a question reads one, "
                "named by `resource`; ask each by itself.",
            )
    return refused


def _circumstances(permit: Permit, account: Account, today: date) -> Hashable:
    """All that a plan depends on beside the question; what a resource's id, version and profile stand for never
    changes."""
    return (
        permit.product.kind,
        canonical_bytes(permit.product.spec),
        *(permit.resource.id, permit.resource.population, permit.resource.version, permit.resource.profile),
        *(account.delta_conv, account.delta, account.pure, today),
    )


def reserve(
    house: House, tx: Transaction, principal: Principal, permit: Permit, compiled: Compiled, request: Mapping[str, Any]
) -> Job:
    """Step 4: hold privacy in both accounts and money, and queue the job; all in the caller's transaction.

    A question the party already holds is free to it. The population pays once for each base."""
    plan, key = compiled.plan, compiled.key
    if admits(house.products.get(permit.product.kind)):
        hold(tx, permit, request)
    free = bool(tx.find(Holding, key=key, party=principal.party.id, limit=1))
    rho, delta = (Decimal(0), Decimal(0)) if free else compiled.loss
    job_id = new_id("job")
    if not free and not isinstance(plan, Reading):
        accountant.hold(
            tx,
            job=job_id,
            party=principal.party.id,
            population=plan.population,
            base_key=key,
            rho=rho,
            delta=delta,
            population_pays=not tx.find(Base, key=key, limit=1),
            pure=compiled.pure,
            epsilon=None if request.get("epsilon") is None else Decimal(str(request["epsilon"])),
        )
    fee, units = charging.reserve(tx, permit.subscription, permit.price, repeat=free, cells=compiled.cells)
    job = Job(
        id=job_id,
        party=principal.party.id,
        subscription=permit.subscription.id,
        product=permit.product.id,
        grant=permit.grant.id,
        operator=permit.product.operator,
        resource=permit.resource.id,
        population=plan.population,
        version=plan.version,
        kind=permit.product.kind,
        purpose=permit.subscription.purpose,
        request=house.release_sealer.seal(canonical_bytes(_text(request)), f"request:{job_id}"),
        plan=plan.json,
        base_key=key,
        status="queued",
        rho=rho,
        delta=delta,
        free=free,
        fee=fee,
        price=permit.price.id if permit.price else None,
        decision=permit.decision,
        fence=0,
        base=None,
        entry=None,
        created_at=now(),
        started_at=None,
        finished_at=None,
        units=units,
    )
    tx.add(job)
    worked = not isinstance(plan, Reading) and any(isinstance(block.rows, Worked) for block in plan.blocks)
    queue(tx, PROGRAM if worked and not free else "job", job_id, {SPENDS_NOTHING: True} if free else {})
    return job


def price_tag(house: House, tx: Transaction, permit: Permit, compiled: Compiled) -> dict[str, Any]:
    """What the plan does and would cost this user, from public facts only."""
    plan = compiled.plan
    if isinstance(plan, Reading):
        return exact.price_tag(house, tx, permit, compiled)
    account = accountant.account_for(tx, permit.resource.population, permit.subscription.party)
    free = bool(tx.find(Holding, key=compiled.key, party=account.party, limit=1))
    rho, delta = (Decimal(0), Decimal(0)) if free else compiled.loss
    return {
        "rho": str(rho),
        "epsilon": str(accountant.epsilon_of(account, charged(account, plan, rho))),
        "delta": str(delta),
        "fee": str(charging.estimate(tx, permit.subscription, permit.price, repeat=free, cells=compiled.cells)),
        "left": accountant.left(account),
        "held_already": free,
        "notes": list(plan.notes),
        "expected": house.products[permit.product.kind].expect(plan),
        "explain": _explained(house, tx, permit, plan, account, (rho, delta)),
    }


def _explained(
    house: House, tx: Transaction, permit: Permit, plan: Plan, account: Account, cost: tuple[Decimal, Decimal]
) -> dict[str, list[str]]:
    """What the plan does and takes, in sentences, by language."""
    within = tx.get(Account, account_id(permit.resource.population, None))
    unit, kind = stored_entry(permit.resource.entry).unit, house.products[permit.product.kind]
    assert within is not None and unit is not None
    return {
        language: kind.explain(plan, unit.name, language)
        + accountant.explain_cost(account, within, *cost, pure=pure_loss(plan), language=language)
        for language in LANGUAGES
    }


def charged(account: Account, plan: Plan, rho: Decimal) -> Decimal:
    """Give what `account` is charged for a plan that costs `rho`: that, or the ε of a pure account; 0 when it is free.
    Raises Problem sql_not_allowed for a plan that a pure account cannot pay."""
    if not account.pure or not rho:
        return rho
    epsilon = pure_loss(plan)
    if epsilon is None:
        accountant.admit(account, ("gaussian",), private_keys=plan.delta > 0)
    assert epsilon is not None
    return epsilon


def _text(request: Mapping[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else repr(value) for name, value in request.items()}
