"""What workspaces store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar


@dataclass(frozen=True)
class Admission:
    """A user's code and own tables at the door of a workspace (入域审查). `status`: submitted, admitted, rejected,
    ended.

    `outputs` are the numbers that the code gives; `tables` says of each own table its name, columns, rows, digest and
    legal basis, never what is in it. `until`: when it ends by itself and its tables are deleted."""

    TABLE: ClassVar[str] = "admissions"
    id: str
    product: str
    subscription: str
    party: str
    code: str
    outputs: list[dict[str, Any]]
    tables: list[dict[str, Any]]
    spec: str
    status: str
    reason: str
    decided_by: str | None
    until: datetime
    created_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True)
class OwnTable:
    """A user's own table, sealed: its columns as JSON. Deleted when its admission ends."""

    TABLE: ClassVar[str] = "own_tables"
    id: str
    admission: str
    name: str
    content: bytes


@dataclass(frozen=True)
class ExitReview:
    """What the exit review (出域审核) said of one job's answer. `verdict`: passed or held."""

    TABLE: ClassVar[str] = "exit_reviews"
    id: str
    job: str
    verdict: str
    reason: str
    by: str
    created_at: datetime


@dataclass(frozen=True)
class ExitWait:
    """A finished job whose answer has no exit review yet, for as long as that is so: `id` is the job's. What waits is
    found by these rows, so that looking for it costs nothing for all that was reviewed before."""

    TABLE: ClassVar[str] = "exit_waits"
    id: str
    product: str
    operator: str
    finished_at: datetime
