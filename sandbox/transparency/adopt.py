"""Bring a database that was set back up to the log: entries that only the files know become rows again.

The files are trusted as far as the log's key signed them. What a row has beside its leaf – which job, whose – is lost
with the database and stays empty."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sandbox.core.clock import now
from sandbox.core.store import Transaction
from sandbox.transparency.journal import content
from sandbox.transparency.merkle import leaf_hash
from sandbox.transparency.notes import Head, open_checkpoint
from sandbox.transparency.publish import last_checkpoint, stop
from sandbox.transparency.records import Checkpoint, LogEntry
from sandbox.transparency.serve import read_checkpoint
from sandbox.transparency.tiles import ENTRIES, WIDTH, read_items, widths
from sandbox.transparency.verify import verify_log

PAGE = 1024


def adopt(tx: Transaction, log_folder: Path, log_key: str) -> int:
    """Add the entries of the log in `log_folder` that the database lacks, with its checkpoint; give how many.

    Raises `Problem(integrity_stop)` when the files are not whole, know less than the database, or tell another history.
    """
    verify_log(log_folder, log_key)
    note = str(read_checkpoint(log_folder))
    head = open_checkpoint(note, log_key)
    last = last_checkpoint(tx)
    have = last.size if last else 0
    if head.size < have:
        raise stop(f"the log in {log_folder} has {head.size} entries and the database {have}: it is not the newest")
    added, batch = 0, list[LogEntry]()
    for index, leaf in _leaves(log_folder, head):
        if index < have:
            batch.append(_row(index, leaf))
            if len(batch) == PAGE:
                _same(tx, batch)
                batch.clear()
            continue
        if batch and index == have:
            _same(tx, batch)
            batch.clear()
        batch += _missing(tx, index, leaf)
        added += 1
        if len(batch) >= PAGE:
            tx.add_all(batch)
            batch.clear()
    if batch and added:
        tx.add_all(batch)
    elif batch:
        _same(tx, batch)
    if head.size > have:
        tx.add(Checkpoint(head.size, head.root.hex(), note, now()))
    return added


def _leaves(log_folder: Path, head: Head) -> Iterator[tuple[int, bytes]]:
    for number, width in widths(head.size, 0):
        for place, leaf in enumerate(read_items(log_folder, ENTRIES, number, width)):
            yield number * WIDTH + place, leaf


def _same(tx: Transaction, expected: list[LogEntry]) -> None:
    """The rows that are there must be those of the files."""
    rows = tx.find(LogEntry, index=[row.index for row in expected], order=("index",))
    if [(row.index, row.leaf) for row in rows] != [(row.index, row.leaf) for row in expected]:
        raise stop("the database tells another history than the files: they do not belong together")


def _missing(tx: Transaction, index: int, leaf: bytes) -> list[LogEntry]:
    """Give the row to add; none when the entry waits in the database: then it gets its place."""
    made = _row(index, leaf)
    waiting = tx.get(LogEntry, made.id)
    if waiting is None:
        return [made]
    if waiting.leaf != leaf or waiting.index is not None:
        raise stop(f"the database holds another entry {made.id} than the files")
    tx.change(waiting, index=index)
    return []


def _row(index: int, leaf: bytes) -> LogEntry:
    said = content(leaf)
    moment = datetime.fromisoformat(str(said["at"]))
    return LogEntry(
        str(said["entry"]), str(said["kind"]), leaf, leaf_hash(leaf).hex(), index, None, None, None, None, moment
    )
