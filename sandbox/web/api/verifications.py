"""Claims about one subject (数据核验): ask, ask many, read again, receipts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from apiflask import APIBlueprint
from flask import current_app
from pydantic import BaseModel

from sandbox.core.clock import now
from sandbox.errors import Problem
from sandbox.jobs import run
from sandbox.products.verification import leaving
from sandbox.products.verification.asking import Asked
from sandbox.products.verification.desk import Desk
from sandbox.products.verification.permission import Ground
from sandbox.products.verification.records import Verification
from sandbox.transparency.receipt import receipt
from sandbox.transparency.records import LogEntry
from sandbox.web.call import Call, Errand, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.idempotency import Ticket
from sandbox.web.paging import page
from sandbox.wire.common import Items, Page
from sandbox.wire.verifications import BatchIn, BatchOut, VerificationIn, VerificationOut

blueprint = APIBlueprint("verifications", __name__)

DESK = "DESK"
REFUSALS = (
    "not_found",
    "subscription_inactive",
    "grant_inactive",
    "purpose_not_allowed",
    "commitment_missing",
    "consent_missing",
    "quota_exhausted",
    "spending_limit_reached",
    "rate_limited",
    "emergency_stop",
    "execution_failed",
    "not_ready",
    "integrity_stop",
)


@endpoint(
    blueprint,
    "POST",
    "/verifications",
    action="verification.ask",
    body=VerificationIn,
    answer=VerificationOut,
    also=(202,),
    problems=REFUSALS,
    errand=True,
    keyed=True,
)
def ask_claim(errand: Errand, body: VerificationIn) -> Reply:
    """Ask an approved claim about one subject. The answer comes at a fixed time, and looks the same for a subject that
    is unknown and one about which nothing may be told: `not_available`."""
    ground = Ground(body.consent, body.basis)
    asked = Asked(
        errand.principal, body.subscription, body.subject, body.claim, body.value, ground, _ticket(errand, body), now()
    )
    [done] = _desk().ask([asked])
    if isinstance(done, Problem):
        raise done
    if isinstance(done, str):
        with errand.house.store.read() as tx:
            made = leaving.own(tx, errand.principal, done)
        return Reply(leaving.listed(made), 202, f"/api/v1/verifications/{done}")
    return Reply(leaving.view(errand.house, done), 200, f"/api/v1/verifications/{done.id}")


@endpoint(
    blueprint,
    "POST",
    "/verifications/batch",
    action="verification.ask",
    body=BatchIn,
    answer=BatchOut,
    problems=(*REFUSALS, "privacy_budget_exhausted", "epsilon_invalid"),
    errand=True,
    keyed=True,
)
def ask_batch(errand: Errand, body: BatchIn) -> Reply:
    """Ask one claim about many subjects, each like one asked alone: an answer only where it consented. With `epsilon`,
    how the answers of all fall is counted with noise, too, as a job."""
    ticket = _ticket(errand, body)
    counts = None if body.epsilon is None else _counted(errand, body)
    asked = [
        Asked(
            errand.principal, body.subscription, subject, body.claim, body.value, Ground(None, body.basis),
            replace(ticket, id=f"{ticket.id}:{place}"), now(),
        )
        for place, subject in enumerate(body.subjects)
    ]  # fmt: skip
    rows = [_row(errand, done) for done in _desk().ask(asked)]
    return Reply({"rows": rows, "counts": counts})


@endpoint(blueprint, "GET", "/verifications", action="verification.ask", query=Page, answer=Items)
def list_claims(call: Call, query: Page) -> Reply:
    """List the claims that one asked, without their answers."""
    return Reply(page(call.tx, Verification, query, leaving.listed, party=call.principal.party.id))


@endpoint(
    blueprint,
    "GET",
    "/verifications/<verification_id>",
    action="verification.ask",
    answer=VerificationOut,
    problems=("job_not_finished", "execution_failed", "emergency_stop", "grant_inactive", "subscription_inactive"),
)
def read_claim(call: Call, verification_id: str) -> Reply:
    """Read one's own claim again, with its answer."""
    return Reply(leaving.answer(call.house, call.tx, call.principal, verification_id))


@endpoint(
    blueprint,
    "GET",
    "/verifications/<verification_id>/receipt",
    action="verification.ask",
    media=("application/json",),
    problems=("job_not_finished", "not_ready", "integrity_stop"),
)
def read_claim_receipt(call: Call, verification_id: str) -> Reply:
    """The receipt (存证回执) of a claim: proof, leaf and what opens its commitment – claim, answer and question."""
    found = leaving.own(call.tx, call.principal, verification_id)
    entry = call.tx.get(LogEntry, found.entry) if found.entry else None
    if entry is None or found.status != "done":
        raise Problem("job_not_finished", "the claim has no receipt yet; ask again in a moment")
    return Reply(receipt(call.tx, entry, call.house.journal, call.house.log_folder), media="application/json")


def _counted(errand: Errand, body: BatchIn) -> dict[str, str]:
    """Submit the job that counts, once; its plan shows the subjects to nobody."""
    keyed = _keyed(errand, body)
    parameters = {"claim": body.claim, "subjects": body.subjects, "salt": keyed}
    if body.value is not None:
        parameters["value"] = body.model_dump(mode="json")["value"]
    question = {"subscription": body.subscription, "parameters": parameters, "epsilon": str(body.epsilon)}

    def start(keep: Any) -> str:
        return run.submit(errand.house, errand.principal, question, lambda tx, job: keep(tx, job.id)).id

    job = errand.once(keyed, start, required=True)
    return {"job": job, "result": f"/api/v1/jobs/{job}/result"}


def _row(errand: Errand, done: Verification | str | Problem) -> dict[str, Any]:
    if isinstance(done, Problem):
        return {"status": "refused", "code": done.code, "detail": done.detail}
    if isinstance(done, str):
        return {"id": done, "status": "queued"}
    return leaving.view(errand.house, done)


def _ticket(errand: Errand, body: BaseModel) -> Ticket:
    return errand.ticket(_keyed(errand, body))


def _keyed(errand: Errand, body: BaseModel) -> str:
    """Stands for the content of a request: a plain digest would let everybody try numbers."""
    said = json.dumps(body.model_dump(mode="json"), sort_keys=True)
    return errand.house.pseudonyms.salt(f"request:{said}").hex()


def _desk() -> Desk:
    desk: Desk = current_app.config[DESK]
    return desk
