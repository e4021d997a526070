"""Subscriptions (订购)."""

from __future__ import annotations

from apiflask import APIBlueprint

from policies import purposes
from policies.recipient import QUESTIONS
from sandbox.grants import inspection, subscriptions
from sandbox.web.call import Call, Public, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import cut
from sandbox.wire.common import Items, Nothing, Output, Page, State
from sandbox.wire.grants import (
    ApprovalIn,
    DeclineIn,
    DemandProofIn,
    ProofIn,
    SecurityIn,
    SubscriptionIn,
    UntrueIn,
)

blueprint = APIBlueprint("subscriptions", __name__)

USE = ("grant_inactive", "party_suspended", "cross_border_refused")


@endpoint(blueprint, "GET", "/commitment", public=True, answer=Output)
def read_commitment(call: Public) -> Reply:
    """Read what a subscriber accepts (承诺书), what it declares of free use (告知承诺), and what it is asked about its
    security (接收方安全评估)."""
    asked = {name: question.model_dump() for name, question in QUESTIONS.items()}
    texts = {"commitment": purposes.COMMITMENT, "declaration": purposes.DECLARATION}
    digests = {"charged": purposes.COMMITMENT_DIGEST, "free": purposes.DECLARATION_DIGEST}
    return Reply(texts | {"digests": digests, "recipient": asked})


@endpoint(
    blueprint,
    "POST",
    "/subscriptions",
    action="subscription.create",
    body=SubscriptionIn,
    answer=State,
    status=201,
    problems=("not_found", "purpose_not_allowed", "commitment_missing", *USE),
)
def subscribe(call: Call, body: SubscriptionIn) -> Reply:
    """Subscribe to a product for one purpose, with the signed commitment (承诺书)."""
    made = subscriptions.subscribe(call.tx, call.house.journal, call.principal, body.model_dump())
    return Reply(subscriptions.view(made), location=f"/api/v1/subscriptions/{made.id}")


@endpoint(blueprint, "GET", "/subscriptions", query=Page, answer=Items)
def list_subscriptions(call: Call, query: Page) -> Reply:
    """List one's own subscriptions and those to one's own products; overseers see all."""
    fetch = lambda limit, after: subscriptions.listed(call.tx, call.principal, limit=limit, after=after)  # noqa: E731
    return Reply(cut(fetch, query, subscriptions.view))


@endpoint(blueprint, "GET", "/subscriptions/<subscription_id>", answer=State)
def read_subscription(call: Call, subscription_id: str) -> Reply:
    """Read a subscription."""
    return Reply(subscriptions.view(subscriptions.found(call.tx, call.principal, subscription_id)))


@endpoint(
    blueprint,
    "POST",
    "/subscriptions/<subscription_id>/approve",
    action="subscription.approve",
    body=ApprovalIn,
    answer=State,
    problems=("purpose_not_allowed", "assessment_missing", "subscription_inactive", *USE),
)
def approve_subscription(call: Call, subscription_id: str, body: ApprovalIn) -> Reply:
    """Approve a subscription to one's own product, having assessed its recipient's security."""
    security = body.security.model_dump() if body.security else None
    done = subscriptions.approve(call.tx, call.house.journal, call.principal, subscription_id, security)
    return Reply(subscriptions.view(done))


@endpoint(
    blueprint,
    "POST",
    "/subscriptions/<subscription_id>/assess",
    action="subscription.assess",
    body=SecurityIn,
    answer=State,
)
def assess_recipient(call: Call, subscription_id: str, body: SecurityIn) -> Reply:
    """Assess the security of a recipient of one's own product, or assess it again (接收方安全评估)."""
    said = body.level, body.note
    done = subscriptions.assess(call.tx, call.house.journal, call.principal, subscription_id, *said)
    return Reply(subscriptions.view(done))


@endpoint(
    blueprint,
    "POST",
    "/subscriptions/<subscription_id>/prove",
    action="subscription.prove",
    body=ProofIn,
    answer=State,
)
def prove_free_use(call: Call, subscription_id: str, body: ProofIn) -> Reply:
    """Attach the document that shows why one's own use is free, by its SHA-256."""
    said = body.title, body.digest
    done = inspection.prove(call.tx, call.house.journal, call.principal, subscription_id, *said)
    return Reply(subscriptions.view(done))


@endpoint(
    blueprint,
    "POST",
    "/subscriptions/<subscription_id>/demand-proof",
    action="subscription.inspect",
    body=DemandProofIn,
    answer=State,
)
def demand_proof(call: Call, subscription_id: str, body: DemandProofIn) -> Reply:
    """Demand the documents of free use within a term (事中事后核查); after it nothing runs or leaves without them."""
    said = body.reason, body.days
    done = inspection.demand_proof(call.tx, call.house.journal, call.principal, subscription_id, *said)
    return Reply(subscriptions.view(done))


@endpoint(
    blueprint,
    "POST",
    "/subscriptions/<subscription_id>/find-untrue",
    action="subscription.inspect",
    body=UntrueIn,
    answer=State,
)
def find_untrue(call: Call, subscription_id: str, body: UntrueIn) -> Reply:
    """Find that what free use rests on is untrue: it ends; the authorising body enters a breach of credit with it."""
    done = inspection.find_untrue(call.tx, call.house.journal, call.principal, subscription_id, body.reason)
    return Reply(subscriptions.view(done))


@endpoint(
    blueprint,
    "POST",
    "/subscriptions/<subscription_id>/decline",
    action="subscription.approve",
    body=DeclineIn,
    answer=State,
)
def decline_subscription(call: Call, subscription_id: str, body: DeclineIn) -> Reply:
    """Refuse a subscription to one's own product, with the reason."""
    done = subscriptions.decline(call.tx, call.house.journal, call.principal, subscription_id, body.reason)
    return Reply(subscriptions.view(done))


@endpoint(
    blueprint,
    "POST",
    "/subscriptions/<subscription_id>/cancel",
    action="subscription.cancel",
    body=Nothing,
    answer=State,
)
def cancel_subscription(call: Call, subscription_id: str, body: Nothing) -> Reply:
    """End a subscription for good."""
    done = subscriptions.cancel(call.tx, call.house.journal, call.principal, subscription_id)
    return Reply(subscriptions.view(done))
