"""The transparency log: checkpoint and tiles as C2SP tlog-tiles, inclusion proofs, and the regulator's search."""

from __future__ import annotations

import base64

from apiflask import APIBlueprint

from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.transparency.records import LogEntry
from sandbox.transparency.search import search
from sandbox.transparency.serve import proof_for
from sandbox.transparency.serve import read_checkpoint as checkpoint
from sandbox.transparency.tiles import read_tile
from sandbox.web.call import Call, Public, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import cut
from sandbox.wire.common import Items
from sandbox.wire.oversight import ProofQuery, SearchQuery

blueprint = APIBlueprint("log", __name__)

TEXT, BYTES = "text/plain; charset=utf-8", "application/octet-stream"
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
BRIEFLY = {"Cache-Control": "public, max-age=2"}


@endpoint(blueprint, "GET", "/log/checkpoint", public=True, media=(TEXT,), problems=("not_ready",))
def read_checkpoint(call: Public) -> Reply:
    """The newest signed tree head, a C2SP signed note."""
    note = checkpoint(call.house.log_folder)
    if note is None:
        raise Problem("not_ready", "the log has no checkpoint yet; try again in a moment")
    return Reply(note, media=TEXT, headers=BRIEFLY)


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


@endpoint(blueprint, "GET", "/log/search", action="log.search", query=SearchQuery, answer=Items)
def search_log(call: Call, query: SearchQuery) -> Reply:
    """List the entries about a party, resource or product (T3)."""
    named = query.model_dump(include={"party", "resource", "product"}, exclude_none=True)
    if not named:
        raise Problem("malformed_request", "name a party, resource or product to search for")
    fetch = lambda limit, after: search(call.tx, limit=limit, after=after, **named)  # noqa: E731
    return Reply(cut(fetch, query, _view))


def _view(entry: LogEntry) -> dict[str, object]:
    return shown(entry, "leaf") | {"leaf": base64.b64encode(entry.leaf).decode()}
