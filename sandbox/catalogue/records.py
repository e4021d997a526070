"""What the catalogue stores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar


@dataclass(frozen=True)
class Resource:
    """A registered resource. `entry` is its validated registration (declarations only, nothing measured);
    `population` names the unit population whose budget it spends; `version` is the current data version; `profile` the
    purchase whose public profile questions are planned by."""

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
class Ingested:
    """What ingest says of the data version it wrote; see `DataVersion`."""

    report: dict[str, Any]
    facts: dict[str, Any]
