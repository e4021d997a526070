"""Requests that a policy refused: a leaf that names the policy, and a row with the facts (A2)."""

from __future__ import annotations

from sandbox.core.clock import now
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.grants.authorise import Refused
from sandbox.grants.records import Refusal, Subscription
from sandbox.transparency.journal import Journal


def record_refusal(tx: Transaction, journal: Journal, party: str, subscription_id: str, refused: Refused) -> Refusal:
    """Record what was refused to `party`, in a transaction of its own: the request's is rolled back."""
    subscription = tx.get(Subscription, subscription_id)
    product = subscription.product if subscription else None
    decision = refused.decision
    entry = journal.write(
        tx,
        "job.refused",
        public={"code": decision.code, "policy": decision.policy_id, "policies": decision.policies},
        committed={"party": party, "subscription": subscription_id},
        party=party,
        product=product,
    )
    made = Refusal(
        new_id("refusal"), refused.action, party, product or "", subscription_id, decision.policy_id,
        decision.policies, refused.facts, entry.id, now(),
    )  # fmt: skip
    tx.add(made)
    return made
