"""Keys that sign for deliveries, and the deliveries to sign for."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from sandbox.core.view import shown
from sandbox.identity import signing
from sandbox.identity.records import SigningKey
from sandbox.jobs import run
from sandbox.jobs.records import Delivery
from sandbox.transparency.records import LogEntry
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import page
from sandbox.wire.common import Items, Page
from sandbox.wire.parties import SigningKeyIn, SigningKeyOut

blueprint = APIBlueprint("signing", __name__)


@endpoint(
    blueprint,
    "POST",
    "/signing-keys",
    action="signing_key.register",
    body=SigningKeyIn,
    answer=SigningKeyOut,
    status=201,
    problems=("field_invalid", "state_conflict"),
)
def register_signing_key(call: Call, body: SigningKeyIn) -> Reply:
    """Register a public key of one's own by which one signs for deliveries; it is logged."""
    made = signing.register(call.tx, call.house.journal, call.principal, body.public)
    return Reply(shown(made), location="/api/v1/signing-keys")


@endpoint(blueprint, "GET", "/signing-keys", action="signing_key.register", query=Page, answer=Items)
def list_signing_keys(call: Call, query: Page) -> Reply:
    """List one's own signing keys."""
    return Reply(page(call.tx, SigningKey, query, shown, party=call.principal.party.id))


@endpoint(
    blueprint,
    "DELETE",
    "/signing-keys/<key_id>",
    action="signing_key.register",
    answer=SigningKeyOut,
    problems=("state_conflict",),
)
def revoke_signing_key(call: Call, key_id: str) -> Reply:
    """Revoke a signing key of one's own; what it signed stays signed."""
    return Reply(shown(signing.revoke(call.tx, call.house.journal, call.principal, key_id)))


@endpoint(blueprint, "GET", "/jobs/<job_id>/deliveries", action="job.read", query=Page, answer=Items)
def list_deliveries(call: Call, job_id: str, query: Page) -> Reply:
    """List the downloads of one's answer, each with the hash of its leaf, which is what one signs for it."""
    job = run.own_job(call.tx, call.principal, job_id)

    def view(delivery: Delivery) -> dict[str, Any]:
        entry = call.tx.get(LogEntry, delivery.entry)
        assert entry is not None, "every delivery has its leaf"
        said = {"sha256": delivery.digest, "leaf_hash": entry.leaf_hash}
        return (
            shown(delivery, "digest", "entry", "acknowledgement")
            | said
            | {"acknowledged": delivery.acknowledgement is not None}
        )

    return Reply(page(call.tx, Delivery, query, view, job=job.id))
