"""Idempotency keys: the same request twice has one effect and one answer.

The row is written by the very transaction that does the work, so there is never a key without its work or work without
its key; of two equal requests at once the database lets one commit and shows its answer to the other.
A refusal changes nothing and is not kept: the corrected request may use the key again. An answer is remembered for
`idempotency_days`; what a job, an upload or a claim was made by, as long as that.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import request

from sandbox.core.clock import now
from sandbox.core.sealing import Sealer
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.jobs.house import House
from sandbox.web.records import IdempotentReply

LONGEST = 255
BATCH = 500
ANSWERED = range(200, 300)  # the statuses of rows that hold an answer


@dataclass(frozen=True)
class Earlier:
    """What is known of the first request: its status and answer, or (status None) the subject its work goes on for."""

    status: int | None
    value: Any
    headers: dict[str, str]


@dataclass(frozen=True)
class Ticket:
    """One request's claim on its key: `id` is principal, method, path and key; `digest` its canonical content."""

    id: str
    principal: str
    digest: str
    sealer: Sealer
    kept: timedelta

    @classmethod
    def read(cls, house: House, principal: str, content: object) -> Ticket | None:
        """Give the ticket of the present request; None without a key. Raises malformed_request."""
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return None
        if not 1 <= len(key) <= LONGEST or not key.isprintable():
            raise Problem("malformed_request", f"write an Idempotency-Key of 1 to {LONGEST} printable characters")
        scope = json.dumps([principal, request.method, request.path, key])
        return cls(
            _sha256(scope), principal, _sha256(json.dumps(content, sort_keys=True)), house.release_sealer, kept(house)
        )

    def earlier(self, tx: Transaction) -> Earlier | None:
        """Give what the first request with this key left; raises idempotency_conflict when its content differed."""
        row = tx.get(IdempotentReply, self.id)
        if row is None or row.reply is None or self._lapsed(row):
            return None
        if row.digest != self.digest:
            raise Problem("idempotency_conflict", "this Idempotency-Key was used for other content; send a new one")
        kept = json.loads(self.sealer.open(row.reply, self._context))
        return Earlier(row.status, kept["value"], kept["headers"])

    def keep(self, tx: Transaction, status: int, value: Any, headers: dict[str, str]) -> None:
        """Keep the answer, without secrets; raises `Duplicate` when the same request was faster."""
        self._add(tx, status, {"value": value, "headers": headers})

    def keep_subject(self, tx: Transaction, subject: str) -> None:
        """Keep what the work is about; its answer follows from the subject's own state, as long as that is kept."""
        self._add(tx, None, {"value": subject, "headers": {}})

    def _add(self, tx: Transaction, status: int | None, kept: dict[str, Any]) -> None:
        row = tx.get(IdempotentReply, self.id)
        if row is not None and self._lapsed(row):
            tx.remove(row)
        reply = self.sealer.seal(json.dumps(kept).encode(), self._context)
        tx.add(IdempotentReply(self.id, self.principal, self.digest, status, reply, now()))

    def _lapsed(self, row: IdempotentReply) -> bool:
        return row.status is not None and row.created_at < now() - self.kept

    @property
    def _context(self) -> str:
        return f"reply:{self.id}"


def kept(house: House) -> timedelta:
    """Give how long an answer is remembered."""
    return timedelta(days=house.settings.idempotency_days)


def forget(house: House) -> int:
    """Delete the rows whose time is over, a few in each transaction; give how many. Their keys may be used again."""
    total, before = 0, now() - kept(house)
    while True:
        with house.store.read() as tx:  # status by status: so the index passes over what stays for the sake of jobs
            due = [key for status in ANSWERED for key in _oldest(tx, status, before)][:BATCH]
        if due:
            with house.store.write() as tx:  # one that was written anew meanwhile stays
                rows = [row for row in tx.find(IdempotentReply, id=due) if row.created_at < before]
                for row in rows:
                    tx.remove(row)
            total += len(rows)
        if len(due) < BATCH:
            return total


def _oldest(tx: Transaction, status: int, before: datetime) -> list[str]:
    oldest = tx.find(IdempotentReply, status=status, order=("created_at",), limit=BATCH)
    return [row.id for row in oldest if row.created_at < before]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
