"""Bring the public files – tiles, then the checkpoint – up to what the database has decided.

The rows are the truth and the files lag behind; nothing here decides anything, so it may be repeated at will.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.transparency.durable import Batch, make_folder, show
from sandbox.transparency.notes import Head, NoteInvalid, open_checkpoint
from sandbox.transparency.proofs import Tree
from sandbox.transparency.records import Checkpoint, LogEntry
from sandbox.transparency.tiles import (
    CHECKPOINT,
    WIDTH,
    TileMissing,
    ahead_of,
    grow,
)


def last_checkpoint(tx: Transaction) -> Checkpoint | None:
    """Give the newest signed tree head, or None before the first seal."""
    found = tx.find(Checkpoint, order=("-size",), limit=1)
    return found[0] if found else None


def rows(tx: Transaction, start: int, end: int) -> list[LogEntry]:
    """Give the sealed entries from index `start` up to `end`; raises `Problem(integrity_stop)` when one is missing."""
    found = tx.find(LogEntry, index=list(range(start, end)), order=("index",))
    if len(found) != end - start:
        raise stop("the database lacks entries of the log that it has sealed")
    return found


def publish(tx: Transaction, folder: Path, verifier_key: str) -> list[LogEntry]:
    """Write what the folder lacks of the newest checkpoint's tree, then that checkpoint; give the entries of its batch.

    Raises `Problem(integrity_stop)` and leaves the files alone when they are ahead of the database or contradict it.
    """
    heads = tx.find(Checkpoint, order=("-size",), limit=2)
    with _alone(folder):
        start = _agreed(tx, folder, verifier_key, heads)
        if not heads:
            return []
        before = heads[1].size if heads[1:] else 0
        batch = rows(tx, before, heads[0].size)
        if start < heads[0].size:
            _write(folder, chain(_leaves(tx, start, before), [(before, [row.leaf for row in batch])]), heads[0])
    return batch


def rebuild(tx: Transaction, folder: Path) -> None:
    """Write every tile and the checkpoint anew from the rows, into an empty or damaged `folder`."""
    if (checkpoint := last_checkpoint(tx)) is not None:
        with _alone(folder):
            _write(folder, _leaves(tx, 0, checkpoint.size), checkpoint)


def _agreed(tx: Transaction, folder: Path, verifier_key: str, heads: Sequence[Checkpoint]) -> int:
    """Give how many entries the public checkpoint covers, once it is found to agree with the database."""
    size, head = (heads[0].size if heads else 0), read_head(folder, verifier_key)
    # Tiles are written before their checkpoint, so after a crash they may stand there up to `size`, never beyond.
    if ahead_of(folder, size):
        raise stop("the public log is ahead of the database: an old backup was restored")
    if head is None:
        return 0
    known = [row for row in heads if row.size == head.size] or tx.find(Checkpoint, size=head.size)
    if not known or known[0].root != head.root.hex():
        raise stop("the public checkpoint is none that the database knows: one of them was replaced or set back")
    return head.size


def _leaves(tx: Transaction, start: int, end: int) -> Iterator[tuple[int, list[bytes]]]:
    """Give the leaves from `start` up to `end`, cut where bundles end so that no tile is written twice."""
    while start < end:
        stop_at = min(end, start - start % WIDTH + 4 * WIDTH)
        yield start, [row.leaf for row in rows(tx, start, stop_at)]
        start = stop_at


def _write(folder: Path, parts: Iterable[tuple[int, list[bytes]]], checkpoint: Checkpoint) -> None:
    """Write the tiles, prove that they add up to the checkpoint's root, and show the checkpoint last: when the tiles
    are on the disk."""
    head = folder / CHECKPOINT
    with Batch() as files:
        unseen = files.hold(head, checkpoint.note.encode())
        try:
            for start, leaves in parts:
                grow(files, folder, start, leaves)
            files.begin()
            root = Tree(folder, checkpoint.size).root().hex()
        except TileMissing as error:
            raise stop("tiles are missing or damaged") from error
        if root != checkpoint.root:
            raise stop("the tiles do not add up to the root that was signed")
        files.settle()
        show(unseen, head)


def read_head(folder: Path, verifier_key: str) -> Head | None:
    """Give the tree head of the public checkpoint, None when there is none; raises `Problem(integrity_stop)` when the
    log's key did not sign it."""
    try:
        return open_checkpoint((folder / CHECKPOINT).read_text("utf-8"), verifier_key)
    except FileNotFoundError:
        return None
    except (NoteInvalid, UnicodeDecodeError) as error:
        raise stop("the log's key did not sign the public checkpoint") from error


def stop(reason: str) -> Problem:
    """The refusal to go on with a log that does not add up."""
    return Problem(
        "integrity_stop", f"{reason}; compare with a witness's checkpoint and recover before sealing goes on"
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: a scribe that lost its lease while it wrote cannot set the checkpoint back."""
    make_folder(folder)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
