"""Put a message on its way, inside the transaction in which it happened."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.core.clock import now, rfc3339
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.webhooks.records import Message, Webhook

TEST = "webhook.test"


def tell(
    tx: Transaction,
    parties: Iterable[str],
    event: str,
    data: Mapping[str, Any],
    body: Callable[[], str] | None = None,
) -> int:
    """Tell these parties, where they asked to be told of `event`; give how many messages that makes.

    `data`: ids and states only. `body` gives the very text to send, where it has a form of its own."""
    named = sorted(set(parties))
    hooks = tx.find(Webhook, party=named, status=["active", "failing"]) if named else []
    hooks = [hook for hook in hooks if event in hook.events]
    said = body() if body is not None and hooks else None
    messages = [message(hook, event, data, said) for hook in hooks]
    if messages:
        tx.add_all(messages)
    return len(messages)


def message(webhook: Webhook, event: str, data: Mapping[str, Any], body: str | None = None) -> Message:
    """Give a message for one webhook. `body`: the very text to send, where it has a form of its own (CloudEvents)."""
    moment = now()
    said = {"type": event, "timestamp": rfc3339(moment), "data": dict(data)}
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":")) if body is None else body
    return Message(new_id("msg"), webhook.id, event, text, "waiting", 0, None, moment, moment, None)
