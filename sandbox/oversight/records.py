"""What oversight stores: emergency stops, traces, declared publications."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar


@dataclass(frozen=True)
class Emergency:
    """A stop in force until `lifted_at`. `scope`: product, party, resource, everything; `target` its id or `*`."""

    TABLE: ClassVar[str] = "emergencies"
    id: str
    scope: str
    target: str
    reason: str
    raised_by: str
    raised_at: datetime
    lift_requested_by: str | None
    lifted_by: str | None
    lifted_at: datetime | None


@dataclass(frozen=True)
class Trace:
    """A regulator's trace of a leaked file. `status`: queued, running, done, failed. `result` and `bundle` are sealed
    with the release key; the leaked file itself is kept as a sealed spool until the trace ends."""

    TABLE: ClassVar[str] = "traces"
    id: str
    regulator: str
    file_digest: str
    hint: dict[str, Any]
    spool: str
    status: str
    result: bytes | None
    bundle: bytes | None
    entry: str | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class Publication:
    """A recipient says that it published its copy of a base: `place` tells where, `day` when. It stands beside
    findings, because whoever mixes a copy with a published one gives both recipients high scores."""

    TABLE: ClassVar[str] = "publications"
    id: str
    job: str
    base: str
    party: str
    place: str
    day: date
    entry: str
    created_at: datetime


@dataclass(frozen=True)
class Sketch:
    """A few values of a base, sealed with the vault's key: by them a trace knows which bases to look at."""

    TABLE: ClassVar[str] = "sketches"
    base: str
    content: bytes
