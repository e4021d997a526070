"""What free use rests on (A7): a document, or the user's declaration in its place (告知承诺), which can be looked into
afterwards (事中事后核查)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from policies.purposes import FREE
from policies.recipient import LEVELS
from sandbox.grants.records import Subscription

DEMANDED, PROVED, UNTRUE = "demanded", "proved", "untrue"
DOCUMENT, DECLARATION, NEITHER = "document", "declaration", "neither"


def free_by(subscription: Subscription) -> str | None:
    """Give what free use rests on: `document`, `declaration`, or `neither` where it was let in before there was one to
    make; None where use is charged."""
    if subscription.purpose not in FREE:
        return None
    if subscription.proof is not None:
        return DOCUMENT
    return DECLARATION if subscription.commitment.get("declared") is True else NEITHER


def inspected(subscription: Subscription, today: date) -> str:
    """Give what came of looking into free use, for the policies: `none`, `open` (documents are demanded), `overdue`
    (the last day is over), `untrue`."""
    look = subscription.inspection
    if look is None or look["state"] == PROVED:
        return "none"
    if look["state"] == UNTRUE:
        return UNTRUE
    return "overdue" if today > date.fromisoformat(look["due"]) else "open"


def level_of(subscription: Subscription) -> str:
    """Give how the recipient's security was assessed: `sufficient`, `insufficient`, `none`."""
    return str(subscription.security["level"]) if subscription.security else "none"


def counts(subscriptions: Iterable[Subscription], today: date) -> dict[str, Any]:
    """Give, of subscriptions of others than the operator, on what free use in force rests and what came of looking into
    it, and how recipients in force were assessed: numbers, no names."""
    every = list(subscriptions)
    active = [one for one in every if one.status == "active"]
    rests = Counter(free_by(one) for one in active)
    looks = Counter(inspected(one, today) for one in every)
    levels = Counter(level_of(one) for one in active)
    looked = {DEMANDED: looks["open"], "overdue": looks["overdue"], UNTRUE: looks[UNTRUE]}
    return {
        "free_use": {name: rests[name] for name in (DOCUMENT, DECLARATION, NEITHER)} | looked,
        "recipients": {name: levels[name] for name in LEVELS} | {"not_assessed": levels["none"]},
    }
