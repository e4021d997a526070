"""Check the whole log: recompute the tree from its entries, and hold files and database against each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.transparency.merkle import EMPTY_ROOT, Edge, leaf_hash, perfect_root
from sandbox.transparency.notes import Head, NoteInvalid, open_checkpoint, unverified_head
from sandbox.transparency.publish import last_checkpoint
from sandbox.transparency.records import Checkpoint, LogEntry
from sandbox.transparency.serve import read_checkpoint
from sandbox.transparency.tiles import (
    ENTRIES,
    WIDTH,
    Level,
    TileMissing,
    join,
    read_items,
    read_tile,
    tile_path,
    widths,
)


@dataclass(frozen=True)
class Report:
    """A log that was found whole: `tiles` and entry bundles checked, and the older size that it grew from, if asked."""

    origin: str
    size: int
    root: str
    tiles: int
    grown_from: int | None


def verify_log(log_folder: Path, public_key: str, from_checkpoint: str | None = None) -> Report:
    """Recompute the root from the entry bundles alone; check every tile, the signature, and that the log only appended
    to `from_checkpoint` (a note saved earlier). Reads files, no database.

    Raises `Problem(integrity_stop)` whose field `faults` lists everything that is wrong.
    """
    head, old = _heads(log_folder, public_key, from_checkpoint)
    walk = _Walk(log_folder, head.size, old.size if old else 0)
    walk.run()
    faults = walk.faults
    if walk.edge.root() != head.root:
        faults.append("the entries do not add up to the signed root")
    if old is not None and (old.size > head.size or old.origin != head.origin or walk.old_root != old.root):
        faults.append("the log did not grow from the older checkpoint: its history was rewritten or cut")
    _refuse(faults)
    return Report(head.origin, head.size, head.root.hex(), walk.checked, old.size if old else None)


def compare_with_store(tx: Transaction, log_folder: Path) -> int:
    """Hold the rows against the bundles of the public log, and its checkpoint against the rows; give how many agree.

    The database may be ahead, for a scribe publishes a moment after it has decided. Raises `Problem(integrity_stop)`
    whose field `faults` lists the differences.
    """
    note, faults = read_checkpoint(log_folder), []  # the file first: what is public must be in any later snapshot
    size = unverified_head(note).size if note else 0
    if note is not None and [row.note for row in tx.find(Checkpoint, size=size)] != [note]:
        faults.append("the public checkpoint is none that the database knows")
    for number, width in widths(size, 0):
        start = number * WIDTH
        rows = tx.find(LogEntry, index=list(range(start, start + width)), order=("index",))
        try:
            leaves = read_items(log_folder, ENTRIES, number, width)
        except TileMissing:
            leaves = []
        same = [row.leaf for row in rows] == leaves and all(leaf_hash(r.leaf).hex() == r.leaf_hash for r in rows)
        if not same or len(rows) != width:
            faults.append(f"rows and entry bundle {number} differ")
    last = last_checkpoint(tx)
    if tx.find(LogEntry, index=last.size if last else 0, limit=1):
        faults.append("the database holds sealed entries that no checkpoint covers")
    _refuse(faults)
    return size


class _Walk:
    """One pass over the bundles that rebuilds every level of tiles and compares."""

    def __init__(self, folder: Path, size: int, old_size: int) -> None:
        self.folder, self.size, self.old_size = folder, size, old_size
        self.edge, self.old_root = Edge(), EMPTY_ROOT
        self.faults: list[str] = []
        self.checked = 0
        self._growing: list[list[bytes]] = []

    def run(self) -> None:
        for number, width in widths(self.size, 0):
            try:
                leaves = read_items(self.folder, ENTRIES, number, width)
            except TileMissing:
                self.faults.append(f"{tile_path(ENTRIES, number, width)} is missing or damaged")
                return
            self._compare(ENTRIES, number, leaves)
            for leaf in leaves:
                self._append(leaf_hash(leaf))
        for level, hashes in enumerate(self._growing):
            if hashes:
                self._compare(level, (self.size >> (8 * level)) // WIDTH, hashes)

    def _append(self, leaf: bytes) -> None:
        self.edge.append(leaf)
        if self.edge.size == self.old_size:
            self.old_root = self.edge.root()
        node, level = leaf, 0
        while True:
            if level == len(self._growing):
                self._growing.append([])
            self._growing[level].append(node)
            if len(self._growing[level]) < WIDTH:
                return
            full, self._growing[level] = self._growing[level], []
            self._compare(level, (self.edge.size >> (8 * level)) // WIDTH - 1, full)
            node, level = perfect_root(full), level + 1

    def _compare(self, level: Level, number: int, items: list[bytes]) -> None:
        """A tile must hold exactly these items; older partial ones that still stand there, their beginning."""
        self.checked += 1
        partials = (self.folder / tile_path(level, number, 1)).parent
        older = [int(name.name) for name in partials.glob("[0-9]*") if name.name.isdigit()]
        for width in {len(items), *(width for width in older if width < len(items))}:
            path = tile_path(level, number, width)
            if read_tile(self.folder, path) != join(level, items[:width]):
                self.faults.append(f"{path} does not follow from the entries")


def _heads(log_folder: Path, public_key: str, older: str | None) -> tuple[Head, Head | None]:
    note = read_checkpoint(log_folder)
    if note is None:
        raise Problem("integrity_stop", "the folder holds no checkpoint", faults=["checkpoint is missing"])
    try:
        return open_checkpoint(note, public_key), open_checkpoint(older, public_key) if older else None
    except NoteInvalid as error:
        raise Problem("integrity_stop", f"a checkpoint does not verify: {error}", faults=[str(error)]) from error


def _refuse(faults: list[str]) -> None:
    if faults:
        raise Problem("integrity_stop", f"the log is not whole: {faults[0]}", faults=faults)
