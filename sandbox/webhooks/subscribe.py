"""Webhooks of a party: make, list, try, remove."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Sequence
from typing import Any

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.sealing import Sealer
from sandbox.core.store import Transaction
from sandbox.core.view import shown
from sandbox.errors import Problem
from sandbox.identity.keys import Principal
from sandbox.transparency.journal import Journal
from sandbox.webhooks.address import check
from sandbox.webhooks.records import Message, Webhook
from sandbox.webhooks.tell import TEST, message

EVENTS = (
    "job.ended", "alert.raised", "emergency.raised", "incident.notified", "settlement.made", "usage.metered",
    "letter.written", "admission.submitted", "admission.admitted", "admission.rejected", "admission.ended",
    "exit.waiting", "exit.reviewed", "proof.demanded",
)  # fmt: skip
MOST = 10
SECRET_BYTES = 32


def make(
    tx: Transaction,
    journal: Journal,
    sealer: Sealer,
    principal: Principal,
    url: str,
    events: Sequence[str],
    inside: Collection[str] = (),
) -> tuple[Webhook, str]:
    """Make a webhook of the principal's party; gives it and its secret (`whsec_…`), which is shown this once.

    Raises role_not_allowed, field_invalid, state_conflict (too many)."""
    principal.may("webhook.make")
    check(url, inside)
    if isinstance(events, str) or not events or len(set(events)) != len(events) or set(events) - set(EVENTS):
        raise Problem("field_invalid", f"events: list one or more, each once, of {', '.join(EVENTS)}")
    if len(mine(tx, principal.party.id)) >= MOST:
        raise Problem("state_conflict", f"you have {MOST} webhooks already; remove one first")
    raw = secrets.token_bytes(SECRET_BYTES)
    made_id = new_id("webhook")
    secret = "whsec_" + base64.b64encode(raw).decode()
    sealed = sealer.seal(secret.encode(), context(made_id))
    made = Webhook(made_id, principal.party.id, url, list(events), sealed, "active", now())
    tx.add(made)
    _log(tx, journal, "webhook.made", made)
    return made, secret


def found(tx: Transaction, principal: Principal, webhook_id: str, *, lock: bool = False) -> Webhook:
    """Give an own webhook that was not removed. Raises not_found."""
    one = tx.get(Webhook, webhook_id, lock=lock)
    if one is None or one.party != principal.party.id or one.status == "removed":
        raise Problem("not_found", "there is no such webhook of yours")
    return one


def remove(tx: Transaction, journal: Journal, principal: Principal, webhook_id: str) -> Webhook:
    """Remove an own webhook: nothing more is sent there, also what waits. Raises role_not_allowed, not_found."""
    principal.may("webhook.make")
    gone = tx.change(found(tx, principal, webhook_id, lock=True), status="removed", secret=b"")
    _log(tx, journal, "webhook.removed", gone)
    return gone


def attempt_now(tx: Transaction, principal: Principal, webhook_id: str) -> Message:
    """Send a test message. Raises role_not_allowed, not_found, rate_limited (one waits already)."""
    principal.may("webhook.make")
    one = found(tx, principal, webhook_id, lock=True)
    if tx.find(Message, webhook=one.id, event=TEST, status="waiting", limit=1):
        raise Problem("rate_limited", "a test message is on its way already; look at the webhook's messages")
    made = message(one, TEST, {"webhook": one.id})
    tx.add(made)
    return made


def mine(tx: Transaction, party: str) -> list[Webhook]:
    """Give the webhooks of a party that were not removed."""
    return tx.find(Webhook, party=party, status=["active", "failing"])


def view(record: Webhook | Message) -> dict[str, Any]:
    """Give a webhook or a message as its party sees it; never the secret."""
    return shown(record, "secret", "body")


def context(webhook_id: str) -> str:
    """What a webhook's secret is sealed to."""
    return f"webhook:{webhook_id}"


def _log(tx: Transaction, journal: Journal, kind: str, one: Webhook) -> None:
    """The address is the party's own business: the log only commits to it."""
    public = {"webhook": one.id, "party": one.party}
    journal.write(tx, kind, public=public, committed={"url": one.url}, party=one.party)
