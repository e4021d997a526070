"""Users' own tables on their way into a workspace: which admission a job is of (web), and what its code gets (vault).

A plan names tables by their digests. What is in them is opened at step 5, given to the code as parameters, and kept
nowhere else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.core.sealing import Sealer
from sandbox.core.store import Transaction
from sandbox.engines.base import EngineFailed
from sandbox.errors import Problem
from sandbox.grants.authorise import Permit
from sandbox.jobs.records import Job
from sandbox.plan.plan import Plan
from sandbox.plan.worked import Worked
from sandbox.products.records import Product
from sandbox.products.workspace.records import Admission, ExitReview, OwnTable

ADMITTED = "admitted"
"""What only the service puts into a request: code, outputs and digests of tables that were admitted."""
NAMED = "own_tables"
"""The parameter of a plan that names admission and digests; the code finds its tables under `tables`."""
ASKED = {"subscription", "parameters", "epsilon"}


def with_admission(tx: Transaction, permit: Permit, request: Mapping[str, Any]) -> dict[str, Any]:
    """Give the request with what was admitted. Raises field_invalid, not_found (not the asker's), state_conflict."""
    if unknown := sorted(set(request) - ASKED):
        say = "a workspace has none; it takes parameters.admission and epsilon"
        raise Problem("field_invalid", f"Field {unknown[0]}: {say}.", field=unknown[0])
    parameters = request.get("parameters") or {}
    if set(parameters) != {"admission"} or not isinstance(parameters["admission"], str):
        raise Problem("field_invalid", 'Field parameters: write {"admission": "admission_…"}, what was admitted.')
    found = tx.get(Admission, parameters["admission"])
    if found is None or found.subscription != permit.subscription.id:
        raise Problem("not_found", "parameters.admission: there is no such admission under this subscription")
    if found.status != "admitted" or found.spec != permit.product.spec_digest:
        why = "waits for its review" if found.status == "submitted" else f"is {found.status}"
        if found.status == "admitted":
            why = "was for the workspace as it was before; submit it again"
        raise Problem("state_conflict", f"this admission {why}")
    digests = {one["name"]: one["digest"] for one in found.tables}
    return {**request, ADMITTED: {"id": found.id, "code": found.code, "outputs": found.outputs, "tables": digests}}


def opened(tx: Transaction, sealer: Sealer, plan: Plan, subscription: str) -> Plan:
    """Give the plan of a workspace with the tables that it names in it, to be run and forgotten. Raises `EngineFailed`
    when they are deleted, not those that were admitted, or were admitted under another subscription."""
    blocks = []
    for block in plan.blocks:
        named = json.loads(block.rows.parameters).get(NAMED) if isinstance(block.rows, Worked) else None
        if named is None:
            blocks.append(block)
            continue
        assert isinstance(block.rows, Worked)
        admission = tx.get(Admission, named["admission"])
        if admission is None or admission.status != "admitted" or admission.subscription != subscription:
            raise EngineFailed
        held = {one.name: one for one in tx.find(OwnTable, admission=named["admission"])}
        tables = {}
        for name, digest in named["tables"].items():
            content = sealer.open(held[name].content, f"own:{held[name].id}") if name in held else b""
            if hashlib.sha256(content).hexdigest() != digest:
                raise EngineFailed
            tables[name] = json.loads(content)["columns"]
        given = json.dumps({"tables": tables}, separators=(",", ":"))
        blocks.append(replace(block, rows=replace(block.rows, parameters=given)))
    return replace(plan, blocks=tuple(blocks))


def check_exit(tx: Transaction, job: Job) -> None:
    """Refuse (state_conflict) the answer of a workspace that its exit review has not let pass."""
    product = tx.get(Product, job.product)
    if product is not None and product.spec.get("exit", "reviewed") == "automatic":
        return
    found = tx.find(ExitReview, job=job.id, limit=1)
    if not found:
        raise Problem("state_conflict", "this answer waits for the exit review (出域审核)")
    if found[0].verdict != "passed":
        raise Problem("state_conflict", f"the exit review held this answer back: {found[0].reason}")
