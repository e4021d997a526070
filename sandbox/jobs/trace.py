"""Traces on their way: web spools the leaked file and queues it, the vault traces it, the regulator reads the findings
and may reveal the evidence – which closes the bases it opens."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sandbox.core.canonical import canonical_bytes
from sandbox.core.clock import now
from sandbox.core.ids import id_at, new_id
from sandbox.core.sealing import SealBroken
from sandbox.core.spool import SpoolRef
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.identity.records import Party
from sandbox.jobs.house import House
from sandbox.jobs.records import Base, Release, Task
from sandbox.jobs.result import result_of
from sandbox.jobs.tasks import ATTEMPTS, finish, queue
from sandbox.oversight.attach import Stamp, attach
from sandbox.oversight.bundle import build_bundle, contents
from sandbox.oversight.candidates import Prepared, TraceKeys, keep_sketches, prepare
from sandbox.oversight.records import Trace
from sandbox.oversight.trace import score
from sandbox.privacy import accountant


def submit(
    house: House,
    principal: Principal,
    file: SpoolRef,
    hint: Mapping[str, str],
    on_queued: Callable[[Transaction, Trace], None] | None = None,
) -> Trace:
    """Queue the trace of a spooled file. Tracing is the regulator's alone, and only so many in 24 hours: who could
    trace at will could try until the marks are gone. Raises role_not_allowed, rate_limited."""
    principal.may("trace.run")
    trace = Trace(
        id=new_id("trace"),
        regulator=principal.party.id,
        file_digest=file.digest,
        hint=dict(hint),
        spool=file.name,
        status="queued",
        result=None,
        bundle=None,
        entry=None,
        created_at=now(),
        finished_at=None,
    )
    with house.store.write() as tx:
        _limit(tx, trace, house.settings.traces_a_day)
        tx.add(trace)
        queue(tx, "trace", trace.id, {})
        if on_queued:
            on_queued(tx, trace)
    house.doorbell.ring("vault")
    return trace


def _limit(tx: Transaction, trace: Trace, most: int) -> None:
    """Refuse the trace when its regulator started `most` within a day; holds the party's row, so that no two are
    counted at once."""
    tx.get(Party, trace.regulator, lock=True)
    since = id_at("trace", trace.created_at - timedelta(days=1))
    if sum(key >= since for key in tx.keys(Trace, regulator=trace.regulator)) >= most:
        raise Problem(
            "rate_limited", f"this instance traces at most {most} files of a regulator in 24 hours; try later"
        )


def carry_out(house: House, task: Task) -> None:
    """Trace in the vault. The run is in the log before any recipient's key is read."""
    vault = house.vault
    assert vault is not None
    with house.store.read() as tx:
        trace = tx.get(Trace, task.subject)
    assert trace is not None
    try:
        if task.fence > ATTEMPTS:
            raise Problem("execution_failed", "the file could not be traced; send it in another format")
        keys = TraceKeys(vault.sealer, vault.masters)
        keep_sketches(house.store, vault.sealer)
        with house.store.read() as tx:
            prepared = prepare(tx, keys, _leak(house, trace), trace.hint)
        _announce(house, trace, prepared)
        with house.store.read() as tx:
            outcome = score(tx, keys, prepared)
            bundle = build_bundle(tx, house.journal, trace, prepared, outcome, result_of(house.products))
        _keep(house, task, trace, outcome.to_json(), bundle)
    except Problem as problem:
        _keep(house, task, trace, {"problem": {"code": problem.code, "detail": problem.detail}}, None)
    house.spool.remove(trace.spool)
    house.doorbell.ring("scribe")


def result(house: House, trace: Trace) -> dict[str, Any]:
    """Give a finished trace's outcome; raises the `Problem` that the file met."""
    assert trace.result is not None
    held: dict[str, Any] = json.loads(house.release_sealer.open(trace.result, f"trace:{trace.id}"))
    if problem := held.get("problem"):
        raise Problem(problem["code"], problem["detail"])
    return held


def evidence(house: House, trace: Trace, stamp: Stamp) -> bytes:
    """Give the evidence bundle with what the log says of it by now; raises `Problem` like `attach`, or
    `state_conflict` when there is none. Hand it out only after `reveal`."""
    if trace.bundle is None:
        raise Problem("state_conflict", "this trace has no evidence: nobody was traced")
    core = house.release_sealer.open(trace.bundle, f"bundle:{trace.id}")
    with house.store.read() as tx:
        return attach(tx, house.journal, house.log_folder, trace, core, stamp)


def reveal(house: House, tx: Transaction, principal: Principal, trace: Trace) -> None:
    """Close the bases whose keys the evidence bundle opens, and log that it is handed out.

    Whoever holds the bundle could forge those copies from now on, so files first seen later prove nothing about them:
    their bases give no new findings, and a new asker of the same question gets a new base."""
    principal.may("trace.run")
    house.journal.write(tx, "evidence.revealed", public={"trace": trace.id}, party=trace.regulator)
    for finding in result(house, trace)["findings"]:
        release = tx.get(Release, finding["release"])
        base = tx.get(Base, release.base, lock=True) if release and finding["verdict"] == "traced" else None
        if base is not None and base.closed_at is None:
            close(tx, base)
            house.journal.write(
                tx, "base.closed", public={"trace": trace.id}, committed={"base": base.id}, resource=base.resource
            )


def close(tx: Transaction, base: Base) -> None:
    """Give a base to nobody but those who hold it; whoever asks its question anew pays for a new one."""
    key = f"{base.key}:closed:{base.id}"
    accountant.retire(tx, base.key, key)
    tx.change(base, key=key, closed_at=now())


def _leak(house: House, trace: Trace) -> bytes:
    assert house.vault is not None
    try:
        with house.spool.opened(trace.spool, house.vault.scratch) as path:
            return path.read_bytes()
    except (SealBroken, FileNotFoundError) as error:
        raise Problem("table_malformed", "the file was lost on its way; send it again") from error


def _announce(house: House, trace: Trace, prepared: Prepared) -> None:
    said = prepared.announcement()
    with house.store.write() as tx:
        house.journal.write(
            tx,
            "trace.started",
            public=said["public"] | {"trace": trace.id},
            committed=said["committed"],
            party=trace.regulator,
        )


def _keep(house: House, task: Task, trace: Trace, outcome: dict[str, Any], bundle: bytes | None) -> None:
    seal = house.release_sealer.seal
    with house.store.write() as tx:
        entry = house.journal.write(
            tx,
            "trace.finished",
            public={"trace": trace.id},
            committed={
                "outcome": canonical_bytes(_floatless(outcome)),
                "bundle": contents(bundle),
            },
            party=trace.regulator,
        )
        tx.change(
            trace,
            status="failed" if "problem" in outcome else "done",
            result=seal(json.dumps(outcome, ensure_ascii=False).encode(), f"trace:{trace.id}"),
            bundle=None if bundle is None else seal(bundle, f"bundle:{trace.id}"),
            entry=entry.id,
            finished_at=now(),
        )
        finish(tx, task)


def _floatless(value: Any) -> Any:
    """Spell floats as text: they have no canonical form."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {name: _floatless(inner) for name, inner in value.items()}
    return [_floatless(inner) for inner in value] if isinstance(value, (list, tuple)) else value
