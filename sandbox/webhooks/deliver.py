"""Send what waits, signed after the Standard Webhooks specification, and try again when it is not taken."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

import httpx
from standardwebhooks.webhooks import Webhook as Signer

from sandbox.core.clock import now
from sandbox.core.sealing import Sealer
from sandbox.core.store import Stale, Store, Transaction
from sandbox.webhooks.address import resolve
from sandbox.webhooks.records import Message, Webhook
from sandbox.webhooks.subscribe import context

PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400, 86_400)
)
"""From one attempt to the next, as the specification proposes: some four days. One that fails after the last is given
up."""
PATIENCE = 10.0
AT_ONCE = 8
GONE = 410
MEDIA = {"usage.metered": "application/cloudevents+json"}
"""The receiver says that it wants no more."""


def deliver_due(store: Store, sealer: Sealer, inside: Collection[str] = ()) -> int:
    """Make every attempt that is due; give how many. Several processes may do so at once."""
    with store.write() as tx:
        claimed = _claim(tx, now())
    if claimed:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            outcomes = list(pool.map(lambda pair: _send(pair[0], pair[1], sealer, inside), claimed))
        for (one, _), status in zip(claimed, outcomes, strict=True):
            with store.write() as tx:
                _settle(tx, one, status)
    return len(claimed)


def anything_due(tx: Transaction, moment: datetime) -> bool:
    """Say whether an attempt is due, by one look at an index."""
    first = tx.find(Message, status="waiting", order=("due_at",), limit=1)
    return bool(first) and first[0].due_at <= moment


def _claim(tx: Transaction, moment: datetime) -> list[tuple[Message, Webhook]]:
    """Take what is due, by moving it to its next attempt: whoever dies now has only lost this one."""
    claimed = []
    for one in tx.find(Message, status="waiting", order=("due_at", "id"), limit=AT_ONCE):
        hook = tx.get(Webhook, one.webhook)
        with suppress(Stale):  # another process was faster
            if hook is None or hook.status == "removed":
                tx.change(one, status="given_up")
            elif one.due_at <= moment:
                moved = tx.change(one, due_at=moment + PAUSES[min(one.attempts, len(PAUSES) - 1)])
                claimed.append((tx.change(moved, attempts=one.attempts + 1), hook))
    return claimed


def _send(one: Message, hook: Webhook, sealer: Sealer, inside: Collection[str]) -> int | None:
    """Give the status that the receiver answered with, or None when nobody answered."""
    target = resolve(hook.url, inside)
    if target is None:
        return None
    moment = now()
    secret = sealer.open(hook.secret, context(hook.id)).decode()
    headers = {
        "Host": target.named,
        "Content-Type": MEDIA.get(one.event, "application/json"),
        "User-Agent": "data-product-sandbox",
        "webhook-id": one.id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Signer(secret).sign(one.id, moment, one.body),
    }
    try:
        with (
            httpx.Client(timeout=PATIENCE, follow_redirects=False, trust_env=False) as client,
            client.stream(
                "POST",
                target.url,
                content=one.body.encode(),
                headers=headers,
                extensions={"sni_hostname": target.host},
            ) as answer,
        ):
            return answer.status_code  # what else it says is not read
    except (httpx.HTTPError, OSError, ValueError):
        return None


def _settle(tx: Transaction, sent: Message, status: int | None) -> None:
    one, hook = tx.get(Message, sent.id, lock=True), tx.get(Webhook, sent.webhook, lock=True)
    if one is None or hook is None or one.status != "waiting":
        return
    if status is not None and 200 <= status < 300:
        tx.change(one, status="delivered", answered=status, delivered_at=now())
        _turn(tx, hook, "active")
    elif status == GONE or one.attempts >= len(PAUSES):
        tx.change(one, status="given_up", answered=status)
        _turn(tx, hook, "removed" if status == GONE else "failing")
    else:
        tx.change(one, answered=status)


def _turn(tx: Transaction, hook: Webhook, status: str) -> None:
    if hook.status not in (status, "removed"):
        tx.change(hook, status=status)
