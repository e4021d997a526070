"""What jobs store. The job row is the job's state; the task row is only its delivery to the vault."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar


@dataclass(frozen=True)
class Job:
    """A job on its walk. `status`: queued (reserved, step 5 not begun), running, sealing, done, failed, void.

    `plan` is the finished plan as JSON; `request` the user's text, sealed; `base_key` the canonical plan key; `units`
    how many units of a price with allowance or tiers it may take at most, 0 where none are counted.
    """

    TABLE: ClassVar[str] = "jobs"
    id: str
    party: str
    subscription: str
    product: str
    grant: str
    operator: str
    resource: str
    population: str
    version: str
    kind: str
    purpose: str
    request: bytes
    plan: dict[str, Any]
    base_key: str
    status: str
    rho: Decimal
    delta: Decimal
    free: bool
    fee: Decimal
    price: str | None
    decision: dict[str, Any]
    fence: int
    base: str | None
    entry: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    units: int = 0


@dataclass(frozen=True)
class Task:
    """Work for the vault: kind job, program, ingest, profile or trace, and what it is about. Claimed by lease; `fence`
    grows with every claim, so that a worker that lost its lease cannot finish what another took over."""

    TABLE: ClassVar[str] = "tasks"
    id: str
    kind: str
    subject: str
    payload: dict[str, Any]
    status: str
    fence: int
    worker: str | None
    lease_until: datetime | None
    outcome: dict[str, Any] | None
    created_at: datetime


@dataclass(frozen=True)
class Base:
    """The noisy, thresholded primitives X of one canonical plan, sealed with the vault's key. Drawn once, shared by
    everybody whose question has the same key; `key` is unique, so two workers cannot both draw."""

    TABLE: ClassVar[str] = "bases"
    id: str
    key: str
    resource: str
    version: str
    epoch: str
    content: bytes
    closed_at: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class Holding:
    """A party holds the answers of a base: asking again costs it no privacy. (`key` = base key, party) is unique."""

    TABLE: ClassVar[str] = "holdings"
    id: str
    key: str
    party: str
    job: str
    created_at: datetime


@dataclass(frozen=True)
class Release:
    """A recipient's marked copy: the canonical result, sealed with the release key that web may open. `base` is empty
    for an exact answer, which was made of none."""

    TABLE: ClassVar[str] = "releases"
    id: str
    job: str
    base: str
    party: str
    recipient: str
    result: bytes
    result_digest: str
    created_at: datetime


@dataclass(frozen=True)
class Delivery:
    """One download: format and the digest of its very bytes, logged as a leaf of its own."""

    TABLE: ClassVar[str] = "deliveries"
    id: str
    job: str
    format: str
    digest: str
    entry: str
    acknowledgement: dict[str, Any] | None
    created_at: datetime


@dataclass(frozen=True)
class Run:
    """A run of a product by its operator, of which its users get copies: `period` names what it is of, `number` counts
    the runs of the same period – 1, then its revisions. `spec` is the digest of the specification that ran, `reason`:
    schedule, revision (the data version was replaced) or operator. (product, period, number) and `job` are unique."""

    TABLE: ClassVar[str] = "runs"
    id: str
    product: str
    period: str
    number: int
    spec: str
    version: str
    job: str
    reason: str
    created_at: datetime
