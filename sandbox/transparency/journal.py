"""Write leaves: what happened, in public words, with commitments to what only some may read.

An entry is a row of the caller's transaction, so it exists exactly when what it reports happened. It waits with index
None until the scribe seals it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from sandbox.core.canonical import canonical_bytes
from sandbox.core.clock import now, rfc3339
from sandbox.core.commitments import SALT_BYTES, Opened, commit
from sandbox.core.ids import new_id
from sandbox.core.sealing import Sealer
from sandbox.core.store import Transaction
from sandbox.transparency.merkle import leaf_hash
from sandbox.transparency.records import LogEntry, Opening

LEAF_VERSION = 1
LEAF_LIMIT = 65_535
"""Most bytes of a leaf: entry bundles write its length in 16 bits (C2SP tlog-tiles)."""

RECIPIENT = "recipient"
EVIDENCE = "evidence"


class Journal:
    """Writes leaves and opens their commitments.

    `release` seals the openings that the recipient gets; `evidence` (the vault's, elsewhere None) those that only an
    evidence bundle may show.
    """

    def __init__(self, release: Sealer, evidence: Sealer | None = None) -> None:
        self._sealers = {RECIPIENT: release} | ({EVIDENCE: evidence} if evidence else {})

    def write(
        self,
        tx: Transaction,
        kind: str,
        *,
        public: Mapping[str, str | int | None],
        committed: Mapping[str, str | bytes] | None = None,
        evidence: Mapping[str, bytes] | None = None,
        job: str | None = None,
        party: str | None = None,
        resource: str | None = None,
        product: str | None = None,
    ) -> LogEntry:
        """Add a leaf of `kind` that shows `public` to everybody and only commits to the rest; give its waiting row.

        `committed` openings go to the recipient, `evidence` ones to evidence bundles; the tag of a commitment is its
        name. `job`, `party`, `resource`, `product` serve the search and are not part of the leaf. Raises ValueError
        for a name used twice, evidence without the vault's key, or a leaf beyond 65,535 bytes.
        """
        recipient, hidden = committed or {}, evidence or {}
        if twice := recipient.keys() & hidden.keys():
            raise ValueError(f"committed to twice: {', '.join(sorted(twice))}")
        entry_id, moment = new_id("entry"), now()
        openings = [(RECIPIENT, commit(name, value)) for name, value in recipient.items()]
        openings += [(EVIDENCE, commit(name, value)) for name, value in hidden.items()]
        leaf = _leaf(entry_id, kind, moment, public, [opened for _, opened in openings])
        entry = LogEntry(entry_id, kind, leaf, leaf_hash(leaf).hex(), None, job, party, resource, product, moment)
        tx.add(entry)
        if openings:
            tx.add_all([self._seal(entry_id, audience, opened) for audience, opened in openings])
        return entry

    def openings(self, tx: Transaction, entry: LogEntry, audience: str) -> dict[str, Opened]:
        """Give what opens the entry's commitments for `audience`, by name; an erased one is absent.

        Raises ValueError when this process does not hold the audience's key.
        """
        sealer = self._sealer(audience)
        rows = tx.find(Opening, entry=entry.id, audience=audience)
        return {row.name: _unpack(row.name, sealer.open(row.sealed, _context(entry.id, row.name))) for row in rows}

    def _seal(self, entry: str, audience: str, opened: Opened) -> Opening:
        sealed = self._sealer(audience).seal(opened.salt + opened.value, _context(entry, opened.tag))
        return Opening(f"{entry}:{opened.tag}", entry, opened.tag, audience, sealed)

    def _sealer(self, audience: str) -> Sealer:
        if (sealer := self._sealers.get(audience)) is None:
            raise ValueError(f"this process holds no key for the audience {audience!r}")
        return sealer


def _leaf(
    entry: str, kind: str, moment: datetime, public: Mapping[str, str | int | None], openings: list[Opened]
) -> bytes:
    content = {
        "v": LEAF_VERSION,
        "kind": kind,
        "at": rfc3339(moment),
        "entry": entry,
        "public": dict(public),
        "commitments": {opened.tag: opened.commitment for opened in openings},
    }
    leaf = canonical_bytes(content)
    if len(leaf) > LEAF_LIMIT:
        raise ValueError(f"a leaf has at most {LEAF_LIMIT} bytes; commit to long values instead of publishing them")
    return leaf


def content(leaf: bytes) -> dict[str, object]:
    """Give what a leaf says, from its bytes."""
    said = json.loads(leaf)
    assert isinstance(said, dict)
    return said


def _context(entry: str, name: str) -> str:
    return f"opening:{entry}:{name}"


def _unpack(name: str, data: bytes) -> Opened:
    """The salt stands in front of the value."""
    return Opened(name, data[SALT_BYTES:], data[:SALT_BYTES])
