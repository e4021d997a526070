"""What oversight stores: emergency stops and drills, alerts, incidents, traces, declared publications."""

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


@dataclass(frozen=True)
class Drill:
    """An exercise of the emergency stop: a stop of nothing, of which every process says when it saw it. `expected`: the
    processes that were there when it began."""

    TABLE: ClassVar[str] = "drills"
    id: str
    reason: str
    ordered_by: str
    started_at: datetime
    entry: str
    expected: list[str]


@dataclass(frozen=True)
class Echo:
    """A process saw a drill: `kind` is web, vault or scribe, `process` one of them."""

    TABLE: ClassVar[str] = "drill_echoes"
    id: str
    drill: str
    kind: str
    process: str
    at: datetime


@dataclass(frozen=True)
class Alert:
    """Something that somebody should look at. `about` is what it concerns, `key` keeps one alert per cause. `status`:
    open, acknowledged. `facts` say it in numbers; `number` is how often it was found since."""

    TABLE: ClassVar[str] = "alerts"
    id: str
    kind: str
    about: str
    key: str
    facts: dict[str, Any]
    number: int
    status: str
    first_at: datetime
    last_at: datetime
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    note: str | None


@dataclass(frozen=True)
class Incident:
    """A case, from opening to closing. `source`: trace, alert, complaint or other, `cause` its id; `party` the one that
    it is about. `status` follows its steps."""

    TABLE: ClassVar[str] = "incidents"
    id: str
    source: str
    cause: str | None
    party: str | None
    summary: str
    status: str
    opened_by: str
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True)
class Step:
    """What was done in an incident's case, with its entry in the log. `data` holds ids of what the step did."""

    TABLE: ClassVar[str] = "incident_steps"
    id: str
    incident: str
    kind: str
    by: str
    text: str
    data: dict[str, Any]
    entry: str
    at: datetime
