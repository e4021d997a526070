"""The transparency log: checkpoint and tiles as C2SP tlog-tiles, proofs, witnesses, and the regulator's search."""

from __future__ import annotations

import base64

from apiflask import APIBlueprint

from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.jobs.presence import STOP, beat
from sandbox.transparency import witnessing
from sandbox.transparency.epochs import statements
from sandbox.transparency.growth import growth
from sandbox.transparency.notes import keys_of
from sandbox.transparency.records import LogEntry, RegisteredWitness
from sandbox.transparency.search import search
from sandbox.transparency.serve import cosigned, proof_for
from sandbox.transparency.serve import read_checkpoint as checkpoint
from sandbox.transparency.tiles import read_tile
from sandbox.web.call import Call, Public, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import cut
from sandbox.wire.common import Items, Page
from sandbox.wire.oversight import (
    CheckpointIn,
    CheckpointOut,
    GrowthQuery,
    LogKeys,
    ProofQuery,
    SearchQuery,
    WitnessIn,
    WitnessOut,
)

blueprint = APIBlueprint("log", __name__)

TEXT, BYTES = "text/plain; charset=utf-8", "application/octet-stream"
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
BRIEFLY = {"Cache-Control": "public, max-age=2"}


@endpoint(blueprint, "GET", "/log/checkpoint", public=True, media=(TEXT,), problems=("not_ready",))
def read_checkpoint(call: Public) -> Reply:
    """The newest signed tree head, a C2SP signed note, with the cosignatures of witnesses that are there already."""
    return Reply(cosigned(call.tx, _newest(call)), media=TEXT, headers=BRIEFLY)


@endpoint(blueprint, "GET", "/log/tile/<path:tile>", public=True, media=(BYTES,))
def read_log_tile(call: Public, tile: str) -> Reply:
    """A tile of hashes (`<L>/<N>[.p/<W>]`) or a bundle of leaves (`entries/<N>[.p/<W>]`); never changes."""
    data = read_tile(call.house.log_folder, f"tile/{tile}")
    if data is None:
        raise Problem("not_found", "there is no such tile; its path follows C2SP tlog-tiles")
    return Reply(data, media=BYTES, headers=FOR_EVER)


@endpoint(
    blueprint,
    "GET",
    "/log/proof",
    public=True,
    query=ProofQuery,
    media=(TEXT,),
    problems=("not_found", "integrity_stop"),
)
def read_proof(call: Public, query: ProofQuery) -> Reply:
    """The inclusion proof of a leaf under the newest checkpoint, a C2SP tlog-proof."""
    text = proof_for(call.tx, call.house.log_folder, index=query.index, leaf_hash=query.leaf_hash)
    return Reply(text, media=TEXT, headers=BRIEFLY)


@endpoint(
    blueprint,
    "GET",
    "/log/consistency",
    public=True,
    query=GrowthQuery,
    media=(TEXT,),
    problems=("not_ready", "field_invalid", "integrity_stop"),
)
def read_consistency(call: Public, query: GrowthQuery) -> Reply:
    """Proof that the log only appended since it had `old` entries: a request body of C2SP tlog-witness."""
    return Reply(growth(call.house.log_folder, _newest(call), query.old).text(), media=TEXT, headers=BRIEFLY)


@endpoint(
    blueprint,
    "POST",
    "/log/checkpoints",
    public=True,
    body=CheckpointIn,
    answer=CheckpointOut,
    repeatable=True,
    problems=("field_invalid",),
)
def hand_in_checkpoint(call: Public, body: CheckpointIn) -> Reply:
    """Hand in a checkpoint that one saved or cosigned. Cosignatures of registered witnesses are kept; a checkpoint of
    another history, signed by the log's own key, stops the service."""
    found = witnessing.hand_in(call.tx, call.house.log_folder, call.house.log_public_key, body.checkpoint)
    if not found.consistent:
        beat(call.tx, STOP, "checkpoint")
    return Reply({"size": found.size, "kept": list(found.kept), "consistent": found.consistent})


@endpoint(blueprint, "GET", "/log/keys", public=True, answer=LogKeys)
def list_log_keys(call: Public) -> Reply:
    """The log's verifier keys, newest first, and the statements by which each handed over to the next: they lead from a
    key that one trusts to the newest."""
    return Reply({"keys": keys_of(call.house.log_public_key), "statements": statements(call.tx)}, headers=BRIEFLY)


@endpoint(blueprint, "GET", "/log/witnesses", public=True, query=Page, answer=Items)
def list_witnesses(call: Public, query: Page) -> Reply:
    """List the witnesses whose cosignatures the log keeps. Whom to trust among them is the reader's own choice."""
    fetch = lambda limit, after: call.tx.find(RegisteredWitness, limit=limit, after=after)  # noqa: E731
    return Reply(cut(fetch, query, shown))


@endpoint(
    blueprint,
    "POST",
    "/log/witnesses",
    action="witness.register",
    body=WitnessIn,
    answer=WitnessOut,
    status=201,
    problems=("field_invalid", "state_conflict"),
)
def register_witness(call: Call, body: WitnessIn) -> Reply:
    """Register a witness that one keeps, by its verifier key; it is logged."""
    made = witnessing.register(call.tx, call.house.journal, body.key, call.principal.party.id)
    return Reply(shown(made), location="/api/v1/log/witnesses")


@endpoint(blueprint, "GET", "/log/search", action="log.search", query=SearchQuery, answer=Items)
def search_log(call: Call, query: SearchQuery) -> Reply:
    """List the entries about a party, resource or product (T3)."""
    named = query.model_dump(include={"party", "resource", "product"}, exclude_none=True)
    if not named:
        raise Problem("malformed_request", "name a party, resource or product to search for")
    fetch = lambda limit, after: search(call.tx, limit=limit, after=after, **named)  # noqa: E731
    return Reply(cut(fetch, query, _view))


def _newest(call: Public) -> str:
    note = checkpoint(call.house.log_folder)
    if note is None:
        raise Problem("not_ready", "the log has no checkpoint yet; try again in a moment")
    return note


def _view(entry: LogEntry) -> dict[str, object]:
    return shown(entry, "leaf") | {"leaf": base64.b64encode(entry.leaf).decode()}
