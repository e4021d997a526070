"""What transparency stores. Entries wait without an index until the scribe seals them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True)
class LogEntry:
    """A leaf of the log: its exact bytes and RFC 6962 leaf hash. `index` is None until it is sealed.

    `job`, `party`, `resource`, `product` serve the regulator's search and are not part of the leaf."""

    TABLE: ClassVar[str] = "log_entries"
    id: str
    kind: str
    leaf: bytes
    leaf_hash: str
    index: int | None
    job: str | None
    party: str | None
    resource: str | None
    product: str | None
    at: datetime


@dataclass(frozen=True)
class Opening:
    """The salt and value that open one commitment of a leaf, sealed; `audience` says who may get it: recipient (web's
    release key opens it) or evidence (the vault's key). Deleting it erases the value from the log."""

    TABLE: ClassVar[str] = "openings"
    id: str
    entry: str
    name: str
    audience: str
    sealed: bytes


@dataclass(frozen=True)
class Checkpoint:
    """A signed tree head; `size` is how many entries it covers."""

    TABLE: ClassVar[str] = "checkpoints"
    size: int
    root: str
    note: str
    at: datetime


@dataclass(frozen=True)
class Lease:
    """Who may act as the one holder of a duty, until when; `fence` grows with each new holder."""

    TABLE: ClassVar[str] = "leases"
    name: str
    holder: str
    fence: int
    until: datetime


@dataclass(frozen=True)
class RegisteredWitness:
    """A witness whose cosignatures are kept, by its verifier key; `party` registered it."""

    TABLE: ClassVar[str] = "witnesses"
    id: str
    name: str
    key: str
    party: str
    at: datetime


@dataclass(frozen=True)
class KeptCosignature:
    """The line by which a witness cosigned the checkpoint of `size`; `id` names both."""

    TABLE: ClassVar[str] = "cosignatures"
    id: str
    size: int
    witness: str
    line: str
    at: datetime


@dataclass(frozen=True)
class Contradiction:
    """A checkpoint that the log's key signed and that this log did not grow through: the database was set back, or the
    key signed two histories. Nothing is sealed until it is settled."""

    TABLE: ClassVar[str] = "contradictions"
    id: str
    note: str
    at: datetime
    settled_at: datetime | None


@dataclass(frozen=True)
class Timestamp:
    """An RFC 3161 answer over the note text of the checkpoint of `size`."""

    TABLE: ClassVar[str] = "timestamps"
    size: int
    answer: bytes
    at: datetime


@dataclass(frozen=True)
class KeyEpoch:
    """An epoch of a key: `key` is master or log, `status` active, retired or compromised. `statement` is the note by
    which the log key before it handed over, else None."""

    TABLE: ClassVar[str] = "key_epochs"
    id: str
    key: str
    number: int
    status: str
    statement: str | None
    at: datetime
    compromised_at: datetime | None
