"""What the catalogue stores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar


@dataclass(frozen=True)
class Resource:
    """A registered resource. `entry` is its validated registration (declarations only, nothing measured);
    `population` names the unit population whose budget it spends; `version` is the current data version."""

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
class Ingested:
    """What ingest says of the data version it wrote; see `DataVersion`."""

    report: dict[str, Any]
    facts: dict[str, Any]
