"""What verification stores. Of a subject a keyed pseudonym; its number is gone once it was looked up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

BELL = "verifier"
"""By which the vault is rung when claims wait."""


@dataclass(frozen=True)
class Verification:
    """One claim about one subject on its walk. `status`: queued (reserved), sealing, done, failed, void.

    `permitted`: whether consent or legal basis let it be answered; else it is answered like an unknown subject. `asked`
    is sealed – with the number until the claim is answered, without it from then on –, and so is `answer`, padded to
    the longest of its claim. `desk` is the bell of the process that
    waits. `units` and `free` mean what they mean of a job, whose place it takes in the usage event."""

    TABLE: ClassVar[str] = "verifications"
    id: str
    party: str
    subscription: str
    product: str
    grant: str
    operator: str
    resource: str
    version: str
    purpose: str
    subject: str
    claim: str
    asked: bytes
    basis: str
    permitted: bool
    status: str
    answer: bytes | None
    fee: Decimal
    free: bool
    price: str | None
    units: int
    decision: dict[str, Any]
    desk: str
    entry: str | None
    created_at: datetime


@dataclass(frozen=True)
class Allowance:
    """How much was taken of a limit: `key` names whose it is and its day or month, `number` how many claims; forgotten
    after `until`."""

    TABLE: ClassVar[str] = "allowances"
    key: str
    number: int
    until: datetime
