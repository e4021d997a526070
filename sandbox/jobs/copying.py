"""What users ask of a product that its operator runs: a copy of what a run released.

The plan of their job is that of the run, so the base is joined: nothing private is read again, whatever data version,
profile or specification came since. Their accounts pay as for any base, and the copy bears their own marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.grants.authorise import Permit
from sandbox.jobs.compiled import Compiled
from sandbox.jobs.records import Base, Job, Run
from sandbox.plan.codec import from_json
from sandbox.plan.plan import Plan
from sandbox.products.records import Product

OWN = "own_run"
"""What only the request of an operator's own run has, and no request from outside can have: why it is run."""
ASKED = {"subscription", "parameters"}


def a_copy(tx: Transaction, permit: Permit, request: Mapping[str, Any]) -> Compiled:
    """Give the plan of the run that is asked for: of `parameters.period` (the latest), revision `parameters.number`
    (the newest). Raises field_invalid, not_found."""
    if unknown := sorted(set(request) - ASKED):
        raise Problem(
            "field_invalid",
            f"Field {unknown[0]}: the operator runs this product and decides what is asked; send parameters only.",
            field=unknown[0],
        )
    parameters = request.get("parameters") or {}
    if set(parameters) - {"period", "number"} or not isinstance(parameters.get("period", ""), str):
        raise Problem("field_invalid", 'Field parameters: write {"period": "2026-01"}, or leave it out for the latest.')
    period, number = parameters.get("period"), parameters.get("number")
    runs = [both for both in published(tx, permit.product, period) if number in (None, both[0].number)]
    if not runs:
        raise Problem("not_found", "parameters: its operator has not published that; GET the product's runs")
    plan = from_json(runs[-1][1].plan)
    assert isinstance(plan, Plan)
    found = Compiled(plan)
    if not tx.find(Base, key=found.key, limit=1):
        raise Problem("state_conflict", "what was released is closed to new users; ask the operator to run it again")
    return found


def published(tx: Transaction, product: Product, period: str | None = None) -> list[tuple[Run, Job]]:
    """Give the runs whose answer left, with their jobs, of all periods or one, in the order of periods and numbers."""
    return [both for both in runs_of(tx, product, period) if both[1].status == "done"]


def runs_of(tx: Transaction, product: Product, period: str | None = None) -> list[tuple[Run, Job]]:
    """Give the runs under the specification in force, with their jobs, in the order of periods and numbers; not those
    that were void."""
    only: dict[str, Any] = {} if period is None else {"period": period}
    runs = tx.find(Run, product=product.id, spec=product.spec_digest, order=("period", "number"), **only)
    jobs = {job.id: job for job in tx.find(Job, id=[run.job for run in runs])} if runs else {}
    return [(run, jobs[run.job]) for run in runs if jobs[run.job].status != "void"]
