"""What others bring to the log: cosignatures of registered witnesses, which go into checkpoints and proofs, and
checkpoints that they saved, which show whether the log was set back or has two histories."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.transparency.cosign import cosignature
from sandbox.transparency.journal import Journal
from sandbox.transparency.notes import (
    COSIGNATURE,
    SIGNATURE_LIMIT,
    NoteInvalid,
    open_checkpoint,
    parse_verifier_key,
    unverified_head,
)
from sandbox.transparency.proofs import Tree
from sandbox.transparency.publish import stop
from sandbox.transparency.records import Checkpoint, Contradiction, KeptCosignature, RegisteredWitness
from sandbox.transparency.serve import read_checkpoint
from sandbox.transparency.tiles import TileMissing

MOST_WITNESSES = SIGNATURE_LIMIT // 2
"""So many fit below a checkpoint beside the log's own signatures."""


@dataclass(frozen=True)
class HandedIn:
    """What came of a checkpoint that somebody handed in: whose cosignatures were kept, and whether the log grew through
    it."""

    size: int
    kept: tuple[str, ...]
    consistent: bool


def register(tx: Transaction, journal: Journal, witness_key: str, party: str) -> RegisteredWitness:
    """Keep the cosignatures of this witness from now on.

    Raises `Problem`: `field_invalid` for what is no witness's key, `state_conflict` for a second one or too many."""
    try:
        name, _, _ = parse_verifier_key(witness_key, COSIGNATURE)
    except NoteInvalid as error:
        raise Problem("field_invalid", f"{error}; `sandbox witness key` prints a witness's key") from error
    known = tx.find(RegisteredWitness)
    if any(name == one.name for one in known):
        raise Problem("state_conflict", f"a witness called {name} is registered already; give yours another name")
    if len(known) >= MOST_WITNESSES:
        raise Problem("state_conflict", f"there are {MOST_WITNESSES} witnesses already; no more fit into a checkpoint")
    made = RegisteredWitness(new_id("witness"), name, witness_key.strip(), party, now())
    tx.add(made)
    journal.write(tx, "witness.registered", public={"key": made.key}, party=party)
    return made


def hand_in(tx: Transaction, log_folder: Path, log_key: str, note: str) -> HandedIn:
    """Take a checkpoint that somebody saved or cosigned.

    One that the log's key signed and that this log did not grow through is kept as a contradiction: sealing stops.
    Raises `Problem(field_invalid)` when the log's key did not sign it, or a registered witness's signature is wrong.
    """
    try:
        head = open_checkpoint(note, log_key)
        said = [(witness, cosignature(note, witness.key)) for witness in tx.find(RegisteredWitness)]
    except NoteInvalid as error:
        raise Problem("field_invalid", f"not a checkpoint of this log: {error}") from error
    if not agrees(tx, log_folder, log_key, note):
        known = hashlib.sha256(note.encode()).hexdigest()
        if tx.get(Contradiction, known) is None:
            tx.add(Contradiction(known, note, now(), None))
        return HandedIn(head.size, (), consistent=False)
    kept = []
    for witness, one in said:
        if one is not None:
            kept.append(witness.name)
            if tx.get(KeptCosignature, name := f"{head.size}:{witness.name}") is None:
                tx.add(KeptCosignature(name, head.size, witness.name, one.line, one.at))
    return HandedIn(head.size, tuple(kept), consistent=True)


def agrees(tx: Transaction, log_folder: Path, log_key: str, note: str) -> bool:
    """Say whether this log, as the database knows it and as it is published, grew through the checkpoint `note`."""
    head = open_checkpoint(note, log_key)
    known = tx.find(Checkpoint, size=head.size, limit=1)
    if known:
        return known[0].root == head.root.hex()
    newest = tx.find(Checkpoint, order=("-size",), limit=1)
    public = read_checkpoint(log_folder)
    if not newest or public is None or head.size > min(newest[0].size, unverified_head(public).size):
        return head.size == 0
    try:  # a size that was signed, and whose row was lost and not recovered
        return Tree(log_folder, head.size).root() == head.root
    except TileMissing:
        return False


def check(tx: Transaction, log_folder: Path, log_key: str, saved: Path | None) -> list[Contradiction]:
    """Give the contradictions that are settled by now, as after a recovery; raises `Problem(integrity_stop)` while one
    stands, or a checkpoint in the folder `saved` contradicts the log."""
    for name, note in _saved(saved):
        try:
            fits = agrees(tx, log_folder, log_key, note)
        except NoteInvalid as error:
            raise stop(f"the saved checkpoint {name} is none of this log ({error}): remove it or correct it") from error
        if not fits:
            raise stop(f"the saved checkpoint {name} is ahead of this log or of another history")
    settled = []
    for one in tx.find(Contradiction, settled_at=None):
        if not agrees(tx, log_folder, log_key, one.note):
            size = unverified_head(one.note).size
            raise stop(f"somebody holds a checkpoint of {size} entries that this log did not grow through")
        settled.append(one)
    return settled


def settle(tx: Transaction, contradictions: Iterable[Contradiction]) -> None:
    """Mark as settled what `check` found to be so."""
    for one in contradictions:
        tx.change(one, settled_at=now())


def _saved(folder: Path | None) -> Iterator[tuple[str, str]]:
    if folder is not None and folder.is_dir():
        for file in sorted(folder.iterdir()):
            if file.is_file() and not file.name.startswith("."):
                yield file.name, file.read_text("utf-8", errors="replace")
