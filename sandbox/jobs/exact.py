"""Exact service on the walk (U6), in web: what a question is compiled to and what it is said to cost. It is held
against the registration here, and again in the vault (`working.read`)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.catalogue.entry import Entry
from sandbox.catalogue.exact import readable
from sandbox.catalogue.facts import public_facts
from sandbox.catalogue.records import DataVersion
from sandbox.core.clock import now
from sandbox.core.store import Transaction
from sandbox.engines.width import fits
from sandbox.errors import Problem
from sandbox.grants.authorise import Permit
from sandbox.jobs.compiled import Compiled
from sandbox.jobs.house import House
from sandbox.jobs.product import ExactService, ProductKind, Question, exact_service
from sandbox.jobs.records import Holding
from sandbox.metering import charging
from sandbox.plan.plan import Plan
from sandbox.plan.reading import Reading
from sandbox.privacy.rederive import reading_loss
from sandbox.privacy.worth import LANGUAGES

COST = {"rho": "0", "epsilon": "0", "delta": "0"}
"""What every exact answer costs in privacy."""


def compiled(
    house: House, tx: Transaction, permit: Permit, kind: ProductKind, entry: Entry, request: Mapping[str, Any]
) -> Compiled:
    """Give what a question reads of an `entry` that is served exactly. Raises `Problem`: what the kind refuses,
    sql_not_allowed, state_conflict for a kind that serves nothing exactly."""
    assert permit.version is not None
    version = tx.get(DataVersion, permit.version)
    question = Question(
        request=request,
        resource=permit.resource.id,
        population="",
        version=permit.version,
        entry=entry,
        spec=permit.product.spec,
        delta_conv=Decimal(0),
        delta_threshold=Decimal(0),
        facts={} if version is None else public_facts(version),
        today=now().date(),
    )
    reading = service(kind).compile(question)
    reading_loss(reading, readable(entry))
    check_engine(house, reading, entry)
    return Compiled(reading)


def check_engine(house: House, plan: Plan | Reading, entry: Entry) -> None:
    """Refuse (sql_not_allowed) what the engine could fail on because of some row, or has no statement for."""
    if not fits(plan):
        raise Problem("sql_not_allowed", "its numbers can become too large to be exact; multiply fewer columns")
    if not house.renders(plan, entry):
        raise Problem(
            "sql_not_allowed", "the engine has no statement for it; write it with fewer steps inside each other"
        )


def service(kind: ProductKind) -> ExactService:
    """Give how a kind serves data exactly. Raises state_conflict for one that does not."""
    found = exact_service(kind)
    if found is None:
        raise Problem("state_conflict", f"products of kind {kind.kind} are not served exactly; ask a query product")
    return found


def price_tag(house: House, tx: Transaction, permit: Permit, reading: Compiled) -> dict[str, Any]:
    """What the question would cost this user: no privacy, and its fee."""
    assert isinstance(reading.plan, Reading)
    free = bool(tx.find(Holding, key=reading.key, party=permit.subscription.party, limit=1))
    kind = service(house.products[permit.product.kind])
    return {
        **COST,
        "fee": str(charging.estimate(tx, permit.subscription, permit.price, repeat=free, cells=reading.cells)),
        "held_already": free,
        "notes": list(reading.plan.notes),
        "expected": [],
        "explain": {language: kind.explain(reading.plan, language) for language in LANGUAGES},
    }
