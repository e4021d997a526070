"""Put into an evidence bundle what the log says by the time it is handed out: the checkpoint with its cosignatures, a
timestamp where one is to be had, and where each leaf stands.

log/checkpoint                     a signed checkpoint that covers every leaf named here, cosignatures below
log/timestamp                      the RFC 3161 answer over the checkpoint's text, if there is one
log/started.leaf, .openings.json   the leaf that announced the trace before any recipient's key was read
log/finished.leaf, .openings.json  the leaf that commits to everything in the bundle but this folder
log/proofs.json                    index and siblings of each leaf, by the name of its file
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sandbox.core.canonical import canonical_bytes
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.oversight.bundle import opened_json, packed, text, unpacked
from sandbox.oversight.records import Trace
from sandbox.transparency.journal import RECIPIENT, Journal, content
from sandbox.transparency.merkle import leaf_hash
from sandbox.transparency.notes import unverified_head
from sandbox.transparency.proofs import Tree
from sandbox.transparency.records import LogEntry
from sandbox.transparency.serve import best_checkpoint
from sandbox.transparency.tiles import TileMissing

Stamp = Callable[[str], bytes | None]
"""Gives the RFC 3161 answer over the text of a checkpoint, None where there is none."""


def attach(
    tx: Transaction, journal: Journal, log_folder: Path, trace: Trace, core: bytes, stamp: Stamp = lambda note: None
) -> bytes:
    """Give the whole bundle of what the vault made (`core`).

    Raises `Problem`: `not_ready` while a leaf waits for its checkpoint, `state_conflict` when openings were erased,
    `integrity_stop` when tiles are missing."""
    files = unpacked(core)
    leaves = {name: data for name, data in files.items() if name.endswith("leaf")}
    finished = tx.get(LogEntry, trace.entry) if trace.entry else None
    for name, entry, shown in (
        ("started", _started(tx, trace), ("file", "bases")),
        ("finished", finished, ("bundle",)),
    ):
        if entry is None:
            raise Problem("not_ready", "the trace is not in the log yet; ask for the evidence again in a moment")
        openings = journal.openings(tx, entry, RECIPIENT)
        if any(one not in openings for one in shown):
            raise Problem(
                "state_conflict", "what the trace's leaf committed to was erased: its evidence is gone with it"
            )
        leaves[f"log/{name}.leaf"] = entry.leaf
        files[f"log/{name}.openings.json"] = opened_json({one: openings[one] for one in shown})
    places = {name: _place(tx, leaf) for name, leaf in leaves.items()}
    note = best_checkpoint(tx, log_folder, max(places.values()))
    if note is None or (size := unverified_head(note).size) <= max(places.values()):
        raise _unsealed()
    tree = Tree(log_folder, size)
    try:
        proofs = {
            name: {"index": at, "hashes": [text(one) for one in tree.inclusion(at)]} for name, at in places.items()
        }
    except TileMissing as error:
        raise Problem("integrity_stop", "tiles of the log are missing; the operator must rebuild them") from error
    files |= leaves | {"log/checkpoint": note.encode(), "log/proofs.json": canonical_bytes(proofs)}
    if (answer := stamp(note)) is not None:
        files["log/timestamp"] = answer
    return packed(files)


def _started(tx: Transaction, trace: Trace) -> LogEntry | None:
    """The last announcement: a trace that was cut off is announced again."""
    found = [
        entry
        for entry in tx.find(LogEntry, kind="trace.started", party=trace.regulator, order=("at", "id"))
        if _about(entry, trace)
    ]
    return found[-1] if found else None


def _about(entry: LogEntry, trace: Trace) -> bool:
    public = content(entry.leaf)["public"]
    return isinstance(public, dict) and public.get("trace") == trace.id


def _place(tx: Transaction, leaf: bytes) -> int:
    found = tx.find(LogEntry, leaf_hash=leaf_hash(leaf).hex(), limit=1)
    if not found or found[0].index is None:
        raise _unsealed()
    return found[0].index


def _unsealed() -> Problem:
    return Problem("not_ready", "the log has not sealed all of this yet; ask for the evidence again in a moment")
