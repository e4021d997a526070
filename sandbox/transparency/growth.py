"""That one checkpoint grew from another, as text: the request body of c2sp.org/tlog-witness – the old size, a
consistency proof, an empty line, the newer checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import Problem
from sandbox.transparency.merkle import HASH_BYTES, verify_consistency
from sandbox.transparency.notes import Head, NoteInvalid, decimal, decode, encode, open_checkpoint, unverified_head
from sandbox.transparency.proofs import Tree
from sandbox.transparency.tiles import TileMissing

LONGEST = 63


@dataclass(frozen=True)
class Growth:
    """The size that the log had, the proof that it only appended since, and the newer signed checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: str

    def text(self) -> str:
        """The text as it is sent."""
        return "\n".join([f"old {self.old}", *map(encode, self.proof), "", self.checkpoint])


def parse_growth(text: str) -> Growth:
    """Read what `text` gave; raises `NoteInvalid`."""
    header, empty_line, checkpoint = text.partition("\n\n")
    first, *lines = header.split("\n")
    if not empty_line or not first.startswith("old ") or len(lines) > LONGEST:
        raise NoteInvalid("a consistency proof begins with `old SIZE` and ends with a checkpoint behind an empty line")
    proof = tuple(decode(line) for line in lines)
    if any(len(step) != HASH_BYTES for step in proof):
        raise NoteInvalid("a consistency proof is a few SHA-256 hashes")
    return Growth(decimal(first.removeprefix("old ")), proof, checkpoint)


def growth(log_folder: Path, note: str, old: int) -> Growth:
    """Prove that the log that `note` covers grew from its first `old` entries.

    Raises `Problem`: `field_invalid` when it is not that long, `integrity_stop` when tiles are missing.
    """
    size = unverified_head(note).size
    if old > size:
        raise Problem("field_invalid", f"the log has only {size} entries; name an older size")
    try:
        proof = Tree(log_folder, size, kept=True).consistency(old) if 0 < old < size else []
    except TileMissing as error:
        raise Problem("integrity_stop", "tiles of the log are missing; the operator must rebuild them") from error
    return Growth(old, tuple(proof), note)


def grown(before: Head | None, text: str, trusted: str) -> Head:
    """Give the newer head of the growth `text` once it is proved to come from `before` (None: nothing was seen yet).

    `trusted` are the log's verifier keys. Raises `NoteInvalid` that says what does not fit.
    """
    found = parse_growth(text)
    head = open_checkpoint(found.checkpoint, trusted)
    if before is None or before.size == 0:
        return head
    if head.origin != before.origin:
        raise NoteInvalid(f"the checkpoint is of the log {head.origin}, not of {before.origin}")
    if head.size < before.size:
        raise NoteInvalid(f"the log shrank from {before.size} to {head.size} entries")
    if head.size == before.size:
        if head.root != before.root:
            raise NoteInvalid(f"the log has two histories of {head.size} entries")
        return head
    if found.old != before.size or not verify_consistency(
        before.size, head.size, before.root, head.root, list(found.proof)
    ):
        raise NoteInvalid(f"the log of {head.size} entries did not grow from the {before.size} that were seen before")
    return head
