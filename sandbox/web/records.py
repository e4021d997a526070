"""The idempotency row of a request that changes something."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True)
class IdempotentReply:
    """`id` = SHA-256 of principal, method, path and key. `status` is None while the first request still runs; `reply`
    is the sealed answer, without any secret it may have shown."""

    TABLE: ClassVar[str] = "idempotent_replies"
    id: str
    principal: str
    digest: str
    status: int | None
    reply: bytes | None
    created_at: datetime
