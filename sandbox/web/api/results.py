"""What a finished job gives: result files, receipt, acknowledgement. Every download is a leaf of the log."""

from __future__ import annotations

import hashlib
from typing import Any

from apiflask import APIBlueprint

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.errors import Problem
from sandbox.jobs import run
from sandbox.jobs.records import Delivery
from sandbox.oversight.acknowledged import check_signature
from sandbox.transparency.receipt import receipt
from sandbox.transparency.records import LogEntry
from sandbox.web import formats
from sandbox.web.call import Call, Errand, Reply
from sandbox.web.endpoint import endpoint
from sandbox.wire.jobs import AcknowledgementIn, AcknowledgementOut, ResultOut, ResultQuery

blueprint = APIBlueprint("results", __name__)

REFUSALS = (
    "job_not_finished",
    "state_conflict",
    "execution_failed",
    "emergency_stop",
    "grant_inactive",
    "subscription_inactive",
)


@endpoint(
    blueprint,
    "GET",
    "/jobs/<job_id>/result",
    action="job.read",
    query=ResultQuery,
    answer=ResultOut,
    media=tuple(formats.MEDIA.values()),
    problems=(*REFUSALS, "format_not_offered", "purpose_not_allowed", "commitment_missing", "not_ready"),
    errand=True,
)
def read_result(errand: Errand, job_id: str, query: ResultQuery) -> Reply:
    """The private answer as json, csv, parquet, arrow or xlsx."""
    if query.format not in formats.MEDIA:
        raise Problem("format_not_offered", f"ask for one of {', '.join(formats.MEDIA)}")
    result = run.answer(errand.house, errand.principal, job_id)
    if errand.house.test_instance:
        result = {**result, "test_instance": True}
    data = formats.render(result, query.format, raw=query.dialect == "raw")
    deliver(errand, job_id, query.format, data)
    name = {"Content-Disposition": f'attachment; filename="{job_id}.{query.format}"'}
    return Reply(data, media=formats.MEDIA[query.format], headers={} if query.format == "json" else name)


@endpoint(
    blueprint,
    "GET",
    "/jobs/<job_id>/receipt",
    action="job.read",
    media=("application/json",),
    problems=("job_not_finished", "execution_failed", "state_conflict", "not_ready", "integrity_stop"),
)
def read_receipt(call: Call, job_id: str) -> Reply:
    """The receipt (存证回执): a C2SP tlog-proof with the leaf and what opens its commitments."""
    job = run.own_job(call.tx, call.principal, job_id)
    entry = call.tx.get(LogEntry, job.entry) if job.entry else None
    if entry is None or job.status != "done":
        raise Problem("job_not_finished", "the job has no receipt yet; read the job until its status is done")
    run.check_reviewed(call.house, call.tx, job)  # it opens the digest of the answer, by which few numbers are guessed
    text = receipt(call.tx, entry, call.house.journal, call.house.log_folder)
    return Reply(text, media="application/json")


@endpoint(
    blueprint,
    "POST",
    "/jobs/<job_id>/acknowledgement",
    action="job.read",
    body=AcknowledgementIn,
    answer=AcknowledgementOut,
    status=201,
    problems=("field_invalid", "state_conflict"),
)
def acknowledge(call: Call, job_id: str, body: AcknowledgementIn) -> Reply:
    """Sign for a delivery: a registered key's signature of `sandbox delivery v1`, newline, the leaf hash, newline; it
    is logged. Without a signature it is only said to have arrived."""
    job = run.own_job(call.tx, call.principal, job_id)
    deliveries = call.tx.find(Delivery, job=job.id)
    found = [one for one in deliveries if body.delivery in (None, one.id)]
    delivery = call.existing(found[-1] if found else None, "delivery")
    if delivery.acknowledgement is not None:
        raise Problem("state_conflict", "this delivery was acknowledged already")
    entry = call.tx.get(LogEntry, delivery.entry)
    assert entry is not None, "every delivery has its leaf"
    said = {**body.model_dump(exclude_none=True), "key": call.principal.key.id}
    if body.signature:
        said["signing_key"] = check_signature(call.tx, job.party, entry.leaf_hash, body.signature).id
    call.tx.change(delivery, acknowledgement=said)
    committed = {"delivery": delivery.id, "leaf_hash": entry.leaf_hash, "signature": body.signature or ""}
    call.house.journal.write(
        call.tx, "delivery.acknowledged", public={}, committed=committed, job=job.id, party=job.party
    )
    shown = {"delivery": delivery.id, "job": job.id, "leaf_hash": entry.leaf_hash}
    return Reply(shown, location=f"/api/v1/jobs/{job.id}/receipt")


def deliver(errand: Errand, job_id: str, format: str, data: bytes) -> None:
    """Log the digest of the very bytes that leave, before they leave."""
    house, digest = errand.house, hashlib.sha256(data).hexdigest()
    committed: dict[str, Any] = {"job": job_id, "party": errand.principal.party.id, "file": digest}
    with house.store.write() as tx:
        job = run.own_job(tx, errand.principal, job_id)
        entry = house.journal.write(
            tx,
            "delivery.made",
            public={"format": format},
            committed=committed,
            job=job.id,
            party=job.party,
            resource=job.resource,
            product=job.product,
        )
        tx.add(Delivery(new_id("delivery"), job.id, format, digest, entry.id, None, now()))
    house.doorbell.ring("scribe")
