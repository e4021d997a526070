"""Rebuild the tree from the rows alone: each row against its hash, each signed checkpoint against the tree at
its size, the published files against both – and write the files anew where they are damaged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.transparency.epochs import with_former
from sandbox.transparency.merkle import Edge, leaf_hash
from sandbox.transparency.notes import NoteInvalid, open_checkpoint, unverified_head
from sandbox.transparency.publish import last_checkpoint, rebuild, stop
from sandbox.transparency.records import Checkpoint, LogEntry
from sandbox.transparency.serve import read_checkpoint
from sandbox.transparency.tiles import ahead_of
from sandbox.transparency.verify import compare_with_store, verify_log

PAGE = 4096


@dataclass(frozen=True)
class Rows:
    """What the rows hold: sealed entries, checkpoints that all fit them, entries that wait; whether the files were
    written anew."""

    size: int
    root: str
    checkpoints: int
    waiting: int
    rewritten: bool


def fsck(tx: Transaction, log_folder: Path, log_key: str, *, repair: bool = False) -> Rows:
    """Check the rows, then the files; with `repair` write damaged files anew, which only rows that add up allow.

    Raises `Problem(integrity_stop)` whose field `faults` lists everything that is wrong."""
    edge, faults = Edge(), list[str]()
    checkpoints = tx.find(Checkpoint, order=("size",))
    due = {row.size: row for row in checkpoints}
    last = last_checkpoint(tx)
    for row in _sealed(tx, last.size if last else 0):
        if row.index != edge.size:
            faults.append(f"the row of entry {edge.size} is missing")
            break
        if leaf_hash(row.leaf).hex() != row.leaf_hash:
            faults.append(f"the row of entry {row.index} was changed")
        edge.append(leaf_hash(row.leaf))
        if (signed := due.pop(edge.size, None)) is not None:
            faults += _fits(signed, edge, log_key)
    faults += [f"the checkpoint of {size} entries has no rows" for size in due if size > edge.size]
    _refuse(faults)
    rewritten = False
    try:
        if last is not None:
            verify_log(log_folder, log_key)
        compare_with_store(tx, log_folder)
    except Problem:
        if not repair:
            raise
        if _ahead(log_folder, edge.size):
            raise stop("the files are ahead of the rows: an old backup of the database was restored") from None
        rebuild(tx, log_folder)
        rewritten = True
        verify_log(log_folder, log_key)
        compare_with_store(tx, log_folder)
    waiting = len(tx.find(LogEntry, index=None))
    return Rows(edge.size, edge.root().hex(), len(checkpoints), waiting, rewritten)


def _sealed(tx: Transaction, size: int) -> Iterator[LogEntry]:
    for start in range(0, size, PAGE):
        yield from tx.find(LogEntry, index=list(range(start, min(start + PAGE, size))), order=("index",))


def _fits(signed: Checkpoint, edge: Edge, log_key: str) -> list[str]:
    try:
        head = open_checkpoint(signed.note, with_former(log_key))
    except NoteInvalid as error:
        return [f"the checkpoint of {signed.size} entries: {error}"]
    if (head.size, head.root, signed.root) != (edge.size, edge.root(), edge.root().hex()):
        return [f"the rows do not add up to the signed checkpoint of {signed.size} entries"]
    return []


def _ahead(log_folder: Path, size: int) -> bool:
    """Files that know more than the rows are what a recovery needs: they are never written over."""
    note = read_checkpoint(log_folder)
    try:
        shown = unverified_head(note).size if note else 0
    except NoteInvalid:
        shown = 0
    return shown > size or ahead_of(log_folder, size)


def _refuse(faults: list[str]) -> None:
    if faults:
        raise Problem("integrity_stop", f"the rows do not add up: {faults[0]}", faults=faults)
