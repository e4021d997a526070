"""Receipts: a leaf, its proof and what opens its commitments, in one JSON text that anybody checks offline.

`verify_receipt` needs no database and no network, only the log's public key from a source the reader trusts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sandbox.core.canonical import canonical_bytes
from sandbox.core.commitments import Opened, commitment, opens
from sandbox.errors import Problem
from sandbox.transparency.merkle import leaf_hash, verify_inclusion
from sandbox.transparency.notes import decode, encode, open_checkpoint
from sandbox.transparency.proof_text import parse_proof
from sandbox.transparency.serve import proof_for

if TYPE_CHECKING:
    from sandbox.core.store import Transaction
    from sandbox.transparency.journal import Journal
    from sandbox.transparency.records import LogEntry


@dataclass(frozen=True)
class VerifiedReceipt:
    """What a receipt proves: the log `origin` holds `leaf` at `index` of a tree of `size`, and committed to `opened`.

    `leaf` is the leaf's content (kind, at, public, commitments), `opened` the values by name.
    """

    origin: str
    size: int
    index: int
    leaf: dict[str, Any]
    opened: dict[str, bytes]


def receipt(tx: Transaction, entry: LogEntry, journal: Journal, log_folder: Path) -> str:
    """Give the recipient's receipt for a sealed entry, as JSON text.

    Raises `Problem`: `job_not_finished` while no checkpoint covers the entry, otherwise what `proof_for` raises.
    """
    if entry.index is None:
        raise Problem("job_not_finished", "no checkpoint covers this entry yet; ask again in a moment")
    openings = journal.openings(tx, entry, "recipient")
    return compose(proof_for(tx, log_folder, index=entry.index), entry.leaf, openings)


def compose(proof: str, leaf: bytes, openings: Mapping[str, Opened]) -> str:
    """Put a tlog-proof, the leaf's bytes and its openings into one JSON text."""
    spelled = {
        name: {"tag": opened.tag, "value": encode(opened.value), "salt": encode(opened.salt)}
        for name, opened in openings.items()
    }
    return json.dumps({"proof": proof, "leaf": encode(leaf), "openings": spelled}, ensure_ascii=False)


def verify_receipt(receipt: str | bytes, log_public_key: str) -> VerifiedReceipt:
    """Check a receipt against the log's public key (the text of `log.pub`) and give what it proves.

    Raises `Problem(field_invalid)` that says which part does not fit.
    """
    try:
        return _verify(receipt, log_public_key)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Problem("field_invalid", f"the receipt is malformed or not this log's: {error}") from error


def verify_answer(
    receipt: str | bytes, log_public_key: str, subject: str, claim: str, value: str | bool | None, salt: str
) -> dict[str, Any]:
    """Check the receipt of a claim about a subject, and that it is about this question, which the `salt` opens; give
    what the leaf committed to: claim, answer, party, product, basis. Raises field_invalid."""
    opened = verify_receipt(receipt, log_public_key).opened
    if "verification" not in opened:
        raise Problem("field_invalid", "this is no receipt of a claim")
    said = cast(dict[str, Any], json.loads(opened["verification"]))
    if commitment("question", spelled(subject, claim, value), bytes.fromhex(salt)) != said["question"]:
        raise Problem("field_invalid", "the receipt is about another subject, claim or value")
    return {name: part for name, part in said.items() if name not in ("pad", "question")}


def spelled(subject: str, claim: str, value: str | bool | None) -> bytes:
    """Give a question in canonical bytes; of a number its letters and digits, in capitals. A leaf commits to it with a
    salt that the asker gets: with it, and only with it, one shows later whom and what one asked."""
    number = "".join(sign for sign in subject.upper() if sign.isalnum())
    return canonical_bytes({"subject": number, "claim": claim, "value": value})


def _verify(receipt: str | bytes, log_public_key: str) -> VerifiedReceipt:
    # 1. Take the envelope apart.
    envelope = json.loads(receipt)
    proof, leaf = parse_proof(envelope["proof"]), decode(envelope["leaf"])
    openings = {name: _opened(name, said) for name, said in envelope["openings"].items()}
    # 2. The log's key signed the checkpoint.
    head = open_checkpoint(proof.checkpoint, log_public_key)
    # 3. The checkpoint's tree holds exactly these leaf bytes at this index.
    if not verify_inclusion(proof.index, head.size, leaf_hash(leaf), proof.path, head.root):
        raise Problem("field_invalid", "the receipt's path does not lead from its leaf to the signed checkpoint")
    # 4. The leaf committed to every value that the receipt opens.
    content = cast(dict[str, Any], json.loads(leaf))
    for name, opened in openings.items():
        if not opens(content["commitments"][name], opened):
            raise Problem("field_invalid", f"the receipt's opening of {name} is not what the leaf committed to")
    return VerifiedReceipt(
        head.origin, head.size, proof.index, content, {name: opened.value for name, opened in openings.items()}
    )


def _opened(name: str, said: Mapping[str, str]) -> Opened:
    """A value opens the commitment of its own name only: the tag is part of what was committed to."""
    if said["tag"] != name:
        raise Problem("field_invalid", f"the receipt opens {name} under another name")
    return Opened(name, decode(said["value"]), decode(said["salt"]))
