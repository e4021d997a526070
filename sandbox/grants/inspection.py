"""Looking into free use afterwards (事中事后核查, A7): documents are demanded, brought, found untrue.

Once the term of a demand is over without them, the policies let no job run and no answer out until they are there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from policies.purposes import FREE
from sandbox.core.clock import now, rfc3339
from sandbox.core.store import Transaction
from sandbox.errors import Problem
from sandbox.grants import credit
from sandbox.grants.documents import check_digest
from sandbox.grants.free import DEMANDED, PROVED, UNTRUE
from sandbox.grants.records import Subscription
from sandbox.grants.subscriptions import either, turn
from sandbox.identity.keys import Principal
from sandbox.products.records import Product
from sandbox.transparency.journal import Journal
from sandbox.webhooks.tell import tell

LONGEST = 90
"""Days that whoever demands documents may leave for them, at most."""


def prove(
    tx: Transaction, journal: Journal, principal: Principal, subscription_id: str, title: str, digest: str
) -> Subscription:
    """Attach the document that shows why one's own use is free, in place of the declaration or of an earlier one; it
    answers what was demanded, also when the subscription has ended since.

    Raises role_not_allowed, not_found, state_conflict, field_invalid."""
    principal.may("subscription.prove")
    check_digest(digest, "digest")
    found = either(tx, principal, subscription_id)
    if found.party != principal.party.id:
        raise Problem("not_found", "there is no such subscription of yours")
    _free(found)
    look = found.inspection or {}
    if look.get("state") == UNTRUE:
        raise Problem("state_conflict", "this use was found untrue; ask the authorising body to demand documents again")
    if found.status == "ended" and look.get("state") != DEMANDED:
        raise Problem("state_conflict", "this subscription has ended, and no document is demanded")
    proved = {"inspection": look | {"state": PROVED}} if look else {}
    proof = {"title": title, "digest": digest}
    return turn(tx, journal, principal, found, "subscription.proved", proof=proof, **proved)


def demand_proof(
    tx: Transaction, journal: Journal, principal: Principal, subscription_id: str, reason: str, days: int
) -> Subscription:
    """Demand documents of who uses a product free of charge, within `days` (UTC, the last one included): by its
    operator or the authorising body, which alone looks again into what was found untrue.

    Raises role_not_allowed, not_found, state_conflict, field_invalid."""
    principal.may("subscription.inspect")
    if not 1 <= days <= LONGEST:
        raise Problem("field_invalid", f"days: leave from 1 to {LONGEST} days")
    found = _inspectable(tx, principal, subscription_id)
    if found.inspection and found.inspection["state"] == UNTRUE and not principal.has("authoriser"):
        raise Problem("state_conflict", "this use was found untrue; only the authorising body looks into it again")
    due = now().date() + timedelta(days=days)
    look = _look(principal, DEMANDED, reason) | {"due": due.isoformat()}
    tell(tx, [found.party], "proof.demanded", {"subscription": found.id, "due": look["due"]})
    return turn(tx, journal, principal, found, "subscription.proof_demanded", inspection=look)


def find_untrue(
    tx: Transaction, journal: Journal, principal: Principal, subscription_id: str, reason: str
) -> Subscription:
    """Find that what free use rests on is untrue: the subscription ends, and no answer is handed out any more. Where
    the authorising body finds so, a breach is entered in the user's credit record; against that it may appeal.

    Raises role_not_allowed, not_found, state_conflict."""
    principal.may("subscription.inspect")
    found = _inspectable(tx, principal, subscription_id)
    if found.inspection and found.inspection["state"] == UNTRUE:
        raise Problem("state_conflict", "this use was found untrue already")
    if principal.has("authoriser"):
        credit.enter(tx, journal, principal, found.party, "breach", reason, about=found.id)
    ended: dict[str, Any] = {"status": "ended", "reason": reason, "inspection": _look(principal, UNTRUE, reason)}
    return turn(tx, journal, principal, found, "subscription.found_untrue", **ended)


def _look(principal: Principal, state: str, reason: str) -> dict[str, Any]:
    return {"state": state, "reason": reason, "by": principal.party.id, "at": rfc3339(now())}


def _inspectable(tx: Transaction, principal: Principal, subscription_id: str) -> Subscription:
    """A subscription for a free purpose, to an own product or, for the authorising body, to any."""
    found = tx.get(Subscription, subscription_id, lock=True)
    product = tx.get(Product, found.product) if found else None
    if found is None or product is None or not (principal.has("authoriser") or product.operator == principal.party.id):
        raise Problem("not_found", "there is no such subscription to a product of yours")
    if found.status == "ended" and found.approved_by is None:
        raise Problem("state_conflict", "this subscription was never approved; there is no use to look into")
    return _free(found)


def _free(found: Subscription) -> Subscription:
    if found.purpose not in FREE:
        raise Problem("state_conflict", "this use is charged; there is nothing to show why it is free")
    return found
