"""What webhooks store: where a party wants to be told, and what it is being told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True)
class Webhook:
    """An address of a party and the kinds of events it wants there. `secret` is sealed with the release key. `status`:
    active, failing (a message was given up), removed."""

    TABLE: ClassVar[str] = "webhooks"
    id: str
    party: str
    url: str
    events: list[str]
    secret: bytes
    status: str
    created_at: datetime


@dataclass(frozen=True)
class Message:
    """An event on its way to a webhook. `body` are the very bytes that are signed, as text. `status`: waiting,
    delivered, given_up. `due_at` is the next attempt; whoever carries it out moves it on first."""

    TABLE: ClassVar[str] = "webhook_messages"
    id: str
    webhook: str
    event: str
    body: str
    status: str
    attempts: int
    answered: int | None
    due_at: datetime
    created_at: datetime
    delivered_at: datetime | None
