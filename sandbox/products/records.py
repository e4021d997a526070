"""What products stores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar


@dataclass(frozen=True)
class Product:
    """A packaged product. `status`: draft, submitted, approved, paused, retired. `spec_digest` is what was reviewed:
    the approved version is the one that runs (U8). `maker` is the party that wrote it, where that is not its
    operator."""

    TABLE: ClassVar[str] = "products"
    id: str
    grant: str
    operator: str
    kind: str
    name: str
    resources: list[str]
    spec: dict[str, Any]
    spec_digest: str
    status: str
    approved_by: str | None
    created_at: datetime
    maker: str | None = None


@dataclass(frozen=True)
class Review:
    """What somebody else than the author found of a specification (算法审查), by its digest. `verdict`: approved or
    returned; `checklist` says yes or no to each question; `warnings` what was approved all the same."""

    TABLE: ClassVar[str] = "reviews"
    id: str
    product: str
    spec_digest: str
    verdict: str
    checklist: dict[str, Any]
    warnings: list[str]
    documents: list[str]
    note: str
    reviewer: str
    policy: str
    entry: str
    created_at: datetime
