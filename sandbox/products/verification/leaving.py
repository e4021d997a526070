"""Act 3, in web: step 10, an answer leaves once a checkpoint covers its leaf, and if nothing was stopped meanwhile."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sandbox.core.clock import now
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.grants.authorise import recheck
from sandbox.identity.keys import Principal
from sandbox.jobs.house import House
from sandbox.products.verification.records import Verification

FINAL = ("done", "failed", "void")
HIDDEN = ("asked", "answer", "subject", "permitted", "decision", "desk", "free", "units", "entry", "basis")


def own(tx: Transaction, principal: Principal, made_id: str) -> Verification:
    """Give a claim that one's party asked; anybody else's does not exist."""
    found = tx.get(Verification, made_id)
    if found is None or found.party != principal.party.id:
        raise Problem("not_found", "there is no such verification of yours; list them with GET /api/v1/verifications")
    return found


def finished(tx: Transaction, ids: Sequence[str]) -> list[Verification]:
    """Give those that came to an end. By their ids alone: asked for the state as well, a database may go through all
    claims that ever ended."""
    return [one for one in tx.find(Verification, id=list(ids)) if one.status in FINAL]


def checked(tx: Transaction, ended: Sequence[Verification], moment: datetime) -> dict[str, Problem]:
    """Give why answers of these may not leave, by id; each grant, product and party is looked at once."""
    decided: dict[tuple[str, ...], Problem | None] = {}
    found = {}
    for one in ended:
        key = (one.subscription, one.grant, one.product, one.party, one.resource, one.operator, one.status)
        if key not in decided:
            try:
                _leaves(tx, one, moment)
                decided[key] = None
            except Problem as problem:
                decided[key] = problem
        if (refused := decided[key]) is not None:
            found[one.id] = refused
    return found


def answer(house: House, tx: Transaction, principal: Principal, made_id: str) -> dict[str, Any]:
    """Give the answer to one's own claim. Raises not_found, job_not_finished, execution_failed, and what policies
    refuse."""
    found = own(tx, principal, made_id)
    _leaves(tx, found, now())
    return view(house, found)


def view(house: House, one: Verification) -> dict[str, Any]:
    """Give a claim as its asker sees it: with the answer, and the salt that opens the question, once it is done."""
    said = listed(one)
    if one.status == "done" and one.answer is not None:
        said["answer"] = house.release_sealer.open(one.answer, f"answer:{one.id}").decode().rstrip()
        said["value"] = json.loads(house.release_sealer.open(one.asked, f"verification:{one.id}"))["value"]
        said["salt"] = house.pseudonyms.salt(one.id).hex()
        said["receipt"] = f"/api/v1/verifications/{one.id}/receipt"
    return said


def listed(one: Verification) -> dict[str, Any]:
    """Give a claim without its answer."""
    return shown(one, *HIDDEN)


def _leaves(tx: Transaction, one: Verification, moment: datetime) -> None:
    if one.status not in FINAL:
        raise Problem("job_not_finished", "the claim is not answered yet; ask again in a moment")
    if one.status != "done":
        raise Problem("execution_failed", f"the claim is {one.status} and has no answer; it cost no money")
    if not one.answer:
        raise Problem("not_found", "this claim is older than what is kept of persons: its answer was forgotten")
    recheck(tx, one, moment)
