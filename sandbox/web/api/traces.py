"""Traces of leaked files (溯源): the regulator's alone."""

from __future__ import annotations

import json
from typing import Any

from apiflask import APIBlueprint
from pydantic import ValidationError

from sandbox.core.spool import SpoolRef
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.jobs import trace as tracing
from sandbox.jobs.house import House
from sandbox.jobs.stamping import stamped
from sandbox.oversight.records import Trace
from sandbox.transparency.notes import unverified_head
from sandbox.transparency.records import LogEntry
from sandbox.transparency.serve import read_checkpoint
from sandbox.web.call import Call, Errand, Keep, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.multipart import parts
from sandbox.web.paging import page
from sandbox.web.uploads import Spools
from sandbox.web.waiting import preferred, until
from sandbox.wire.common import Items, Page
from sandbox.wire.oversight import Hint, TraceOut

blueprint = APIBlueprint("traces", __name__)

FINAL = frozenset({"done", "failed"})
ZIP = "application/zip"
SEALING = 10
"""Seconds that evidence waits for the log to seal the end of its trace."""
PARTS: dict[str, Any] = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}, "hint": Hint.model_json_schema()},
}


@endpoint(
    blueprint,
    "POST",
    "/traces",
    action="trace.run",
    parts=PARTS,
    answer=TraceOut,
    also=(202,),
    problems=("field_invalid", "table_malformed", "not_ready", "rate_limited"),
    errand=True,
    waits=True,
)
def start_trace(errand: Errand) -> Reply:
    """Trace a leaked file. With `Prefer: wait=60` the finished trace (200), else where to follow it (202)."""
    with Spools(errand.house) as spools:
        file, hint = _read_leak(spools)

        def start(keep: Keep) -> str:
            made = tracing.submit(errand.house, errand.principal, file, hint, lambda tx, trace: keep(tx, trace.id))
            spools.sent = True
            return made.id

        trace_id = errand.once([file.digest, hint], start)
    finished = until(lambda: _read(errand.house, trace_id).status in FINAL, preferred())
    trace = _read(errand.house, trace_id)
    if trace.status == "failed":
        tracing.result(errand.house, trace)  # raises what the file met
    return Reply(_view(errand.house, trace), 200 if finished else 202, f"/api/v1/traces/{trace_id}")


@endpoint(blueprint, "GET", "/traces", action="trace.run", query=Page, answer=Items)
def list_traces(call: Call, query: Page) -> Reply:
    """List one's own traces."""
    view = lambda trace: _view(call.house, trace)  # noqa: E731
    return Reply(page(call.tx, Trace, query, view, regulator=call.principal.party.id))


@endpoint(blueprint, "GET", "/traces/<trace_id>", action="trace.run", answer=TraceOut)
def read_trace(call: Call, trace_id: str) -> Reply:
    """Read one's own trace: its state and findings."""
    return Reply(_view(call.house, _own(call.tx, call.principal, trace_id)))


@endpoint(
    blueprint,
    "GET",
    "/traces/<trace_id>/evidence",
    action="trace.run",
    media=(ZIP,),
    problems=("job_not_finished", "state_conflict", "not_ready", "integrity_stop"),
    errand=True,
)
def read_evidence(errand: Errand, trace_id: str) -> Reply:
    """Reveal the evidence bundle (证据包), to be checked offline by anybody. It closes the bases that it opens: files
    first seen later prove nothing about them."""
    with errand.house.store.read() as tx:
        trace = _own(tx, errand.principal, trace_id)
    if trace.status not in FINAL:
        raise Problem("job_not_finished", "the trace still runs; read it until its status is done")
    until(lambda: _sealed(errand.house, trace), SEALING)
    bundle = tracing.evidence(errand.house, trace, lambda note: stamped(errand.house, note))
    with errand.house.store.write() as tx:
        tracing.reveal(errand.house, tx, errand.principal, trace)
    errand.house.doorbell.ring("scribe")
    name = {"Content-Disposition": f'attachment; filename="{trace.id}.zip"'}
    return Reply(bundle, media=ZIP, headers=name)


def _read_leak(spools: Spools) -> tuple[SpoolRef, dict[str, str]]:
    file, hint = None, {}
    for part in parts(most=2):
        if part.name == "file":
            file = spools.write(part, spools.house.settings.leak_limit, "leaked file")
        elif part.name == "hint":
            hint = _hint(part.json())
        else:
            raise Problem("field_invalid", f"part {part.name} is not known; send file and hint")
    if file is None:
        raise Problem("field_invalid", "send the leaked file as the part named file")
    return file, hint


def _hint(said: object) -> dict[str, str]:
    try:
        return Hint.model_validate(said).model_dump(exclude_none=True)
    except ValidationError:
        raise Problem("field_invalid", "hint: write an object with resource or product ids") from None


def _own(tx: Transaction, principal: Principal, trace_id: str) -> Trace:
    found = tx.get(Trace, trace_id)
    if found is None or found.regulator != principal.party.id:
        raise Problem("not_found", "there is no such trace of yours")
    return found


def _sealed(house: House, trace: Trace) -> bool:
    with house.store.read() as tx:
        entry = tx.get(LogEntry, trace.entry) if trace.entry else None
    note = read_checkpoint(house.log_folder)
    return entry is None or (entry.index is not None and note is not None and entry.index < unverified_head(note).size)


def _read(house: House, trace_id: str) -> Trace:
    with house.store.read() as tx:
        found = tx.get(Trace, trace_id)
    assert found is not None, "a trace is never deleted"
    return found


def _view(house: House, trace: Trace) -> dict[str, Any]:
    said = json.loads(house.release_sealer.open(trace.result, f"trace:{trace.id}")) if trace.result else {}
    none = {"findings": [], "below_bar": 0, "left_out": 0, "set_aside": 0, "too_few": 0}
    return {**none, **said, **shown(trace, "spool", "result", "bundle", "entry")}
