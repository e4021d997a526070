"""The operator as a user of its own product: what an index is computed and a model trained under.

Its subscription is made when the first run needs it. The same policies decide about it as about anybody's, and its
share of the privacy budget pays; money is not asked, since nobody owes it to itself."""

from __future__ import annotations

from policies.purposes import COMMITMENT_DIGEST
from policies.roles import RULES
from sandbox.core.clock import now, rfc3339
from sandbox.core.ids import new_id
from sandbox.core.store import Transaction
from sandbox.grants.records import Grant, Subscription
from sandbox.grants.subscriptions import log_step
from sandbox.identity.keys import Principal
from sandbox.identity.records import ApiKey, Party
from sandbox.products.records import Product
from sandbox.transparency.journal import Journal


def own_subscription(tx: Transaction, journal: Journal, product: Product) -> Subscription:
    """Give the operator's active subscription to its own product, made now if there is none, for the first purpose that
    the grant names. Its commitment is the one that the operator took on with the grant."""
    tx.get(Product, product.id, lock=True)  # two runs at once make one
    found = tx.find(Subscription, product=product.id, party=product.operator, status="active", limit=1)
    if found:
        return found[0]
    grant, moment = tx.get(Grant, product.grant), now()
    assert grant is not None, "a product belongs to a grant"
    made = Subscription(
        id=new_id("subscription"),
        product=product.id,
        party=product.operator,
        purpose=grant.purposes[0],
        scenario=grant.scenario,
        commitment={"accepted": True, "text": COMMITMENT_DIGEST, "at": rfc3339(moment)},
        quota=None,
        status="active",
        approved_by=product.operator,
        created_at=moment,
        agreement=product.spec.get("agreement"),
        decided_at=moment,
    )
    tx.add(made)
    log_step(tx, journal, "subscription.created", made, operator_of(tx, product))
    return made


def operator_of(tx: Transaction, product: Product) -> Principal:
    """Give the operator as who asks, for what the service runs in its name: no key of its was used."""
    party = tx.get(Party, product.operator)
    assert party is not None, "parties are never deleted"
    return Principal(party, ApiKey("service", party.id, "", list(RULES.whole), None, None, now()))
