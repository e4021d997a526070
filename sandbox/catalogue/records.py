"""What the catalogue stores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar


@dataclass(frozen=True)
class Resource:
    """A registered resource. `entry` is its validated registration (declarations only, nothing measured);
    `population` names the unit population whose budget it spends; `version` is the current data version; `profile` the
    purchase whose public profile questions are planned by; `holder_party` the party that answers for it (数源单位),
    where that is not its registrar."""

    TABLE: ClassVar[str] = "resources"
    id: str
    name: str
    holder: str
    registrar: str
    domain: str
    grade: str
    population: str
    entry: dict[str, Any]
    version: str | None
    status: str
    created_at: datetime
    profile: str | None = None
    holder_party: str | None = None

    @property
    def answers(self) -> str:
        """The party that answers for the data: the holder, or the registrar where no party stands for it."""
        return self.holder_party or self.registrar


@dataclass(frozen=True)
class DataVersion:
    """One immutable encrypted file. `wrapped_key` opens under the vault's key-encryption key only; `report` is the
    quality and enforcement report, for the holder and the registrar only; `facts` says of each public table what
    everybody may know (`catalogue.facts` reads it)."""

    TABLE: ClassVar[str] = "data_versions"
    id: str
    resource: str
    number: int
    file: str
    wrapped_key: bytes
    report: dict[str, Any]
    facts: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True)
class BoughtProfile:
    """One purchase of a resource's public profile: the `number`-th, of data version `version`, asked for by the party
    `by`. `status`: queued (its cost is held), running (spent), done, failed, void. `content` is what was released, see
    `catalogue.profile`; `plan` what was measured for it."""

    TABLE: ClassVar[str] = "profiles"
    id: str
    resource: str
    number: int
    population: str
    version: str
    by: str
    reason: str
    plan: dict[str, Any]
    rho: Decimal
    delta: Decimal
    status: str
    fence: int
    content: dict[str, Any] | None
    entry: str | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class Regrading:
    """One step in the history of a resource's grade and roles of columns (R6): `before` and `after` are
    {grade, columns: {table.column: role}}, of columns only those that changed."""

    TABLE: ClassVar[str] = "regradings"
    id: str
    resource: str
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    by: str
    entry: str
    created_at: datetime


@dataclass(frozen=True)
class QualityStatement:
    """What the holder says in public of the quality of a data version, in coarse grades by dimension (R3)."""

    TABLE: ClassVar[str] = "quality_statements"
    id: str
    resource: str
    version: str
    grades: dict[str, Any]
    by: str
    created_at: datetime


@dataclass(frozen=True)
class Conditions:
    """What a holder demands of grants over its resource, the `number`-th time; the newest is in force. `purposes`:
    those it agrees to, empty for all; `consent`: each grant waits for it."""

    TABLE: ClassVar[str] = "resource_conditions"
    id: str
    resource: str
    number: int
    purposes: list[str]
    consent: bool
    text: str
    by: str
    created_at: datetime


@dataclass(frozen=True)
class HolderConsent:
    """What a holder says to one grant over its resource. `status`: pending, given, refused."""

    TABLE: ClassVar[str] = "holder_consents"
    id: str
    grant: str
    resource: str
    holder: str
    status: str
    reason: str | None
    by: str | None
    created_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True)
class Matter:
    """Feedback on quality, an objection (数据异议) or a demand (需求受理) of `party` (R4). `holder` answers it by
    `due`; None: any data administration does. `status`: open, accepted, rejected, withdrawn."""

    TABLE: ClassVar[str] = "matters"
    id: str
    kind: str
    party: str
    holder: str | None
    resource: str | None
    domain: str | None
    subject: str
    text: str
    status: str
    answer: str | None
    answered_by: str | None
    due: date
    created_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True)
class Ingested:
    """What ingest says of the data version it wrote; see `DataVersion`."""

    report: dict[str, Any]
    facts: dict[str, Any]
