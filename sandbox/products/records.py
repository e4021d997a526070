"""What products stores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar


@dataclass(frozen=True)
class Product:
    """A packaged product. `status`: draft, submitted, approved, paused, retired. `spec_digest` is what was reviewed:
    the approved version is the one that runs (U8)."""

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
