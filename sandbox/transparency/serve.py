"""What the public may ask of the log beyond its files: an inclusion proof under a public checkpoint."""

from __future__ import annotations

from pathlib import Path

from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.transparency.notes import unverified_head
from sandbox.transparency.proof_text import LogProof
from sandbox.transparency.proofs import Tree
from sandbox.transparency.records import Checkpoint, KeptCosignature, LogEntry
from sandbox.transparency.tiles import CHECKPOINT, TileMissing


def read_checkpoint(log_folder: Path) -> str | None:
    """Give the newest public checkpoint, a signed note, or None before the first seal."""
    try:
        return (log_folder / CHECKPOINT).read_text("utf-8")
    except FileNotFoundError:
        return None


def cosigned(tx: Transaction, note: str) -> str:
    """Give the checkpoint `note` with the cosignatures that are kept for it below."""
    rows = tx.find(KeptCosignature, size=unverified_head(note).size)
    return note + "".join(row.line for row in rows if row.line not in note)


def best_checkpoint(tx: Transaction, log_folder: Path, index: int) -> str | None:
    """Give the newest public checkpoint that covers the leaf at `index` and has cosignatures; without one the newest
    public checkpoint, None before the first seal."""
    note = read_checkpoint(log_folder)
    newest = tx.find(KeptCosignature, order=("-size",), limit=1)
    if note is None or not newest or not index < newest[0].size <= unverified_head(note).size:
        return note
    rows = tx.find(Checkpoint, size=newest[0].size, limit=1)
    return cosigned(tx, rows[0].note) if rows else note


def proof_for(tx: Transaction, log_folder: Path, *, index: int | None = None, leaf_hash: str | None = None) -> str:
    """Give the C2SP tlog-proof text for the leaf at `index`, or with this `leaf_hash` (hexadecimal).

    Raises `Problem`: `field_invalid` unless exactly one of the two is given, `not_found` for a leaf that no public
    checkpoint covers, `integrity_stop` when tiles are missing.
    """
    if (index is None) == (leaf_hash is None):
        raise Problem("field_invalid", "name the leaf by either index or leaf_hash (hexadecimal)")
    if leaf_hash is not None:
        found = tx.find(LogEntry, leaf_hash=leaf_hash.lower(), limit=1)
        index = found[0].index if found else None
    return public_proof(tx, log_folder, index).text()


def public_proof(tx: Transaction, log_folder: Path, index: int | None) -> LogProof:
    """Give the proof of the leaf at `index` under the newest checkpoint that covers it and that witnesses cosigned,
    else the newest one; raises like `proof_for`."""
    note = None if index is None else best_checkpoint(tx, log_folder, index)
    if note is None or index is None or not 0 <= index < (size := unverified_head(note).size):
        raise Problem("not_found", "the public log holds no such leaf (yet); the checkpoint says how many it holds")
    try:
        return LogProof(index, tuple(Tree(log_folder, size, kept=True).inclusion(index)), note)
    except TileMissing as error:
        raise Problem("integrity_stop", "tiles of the log are missing; the operator must rebuild them") from error
