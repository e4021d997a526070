"""Subscriptions (订购)."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.grants import subscriptions
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import cut
from sandbox.wire.common import Items, Nothing, Page, State
from sandbox.wire.grants import DeclineIn, SubscriptionIn

blueprint = APIBlueprint("subscriptions", __name__)

USE = ("grant_inactive", "party_suspended", "cross_border_refused")


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
    body=Nothing,
    answer=State,
    problems=("purpose_not_allowed", *USE),
)
def approve_subscription(call: Call, subscription_id: str, body: Nothing) -> Reply:
    """Approve a subscription to one's own product."""
    done = subscriptions.approve(call.tx, call.house.journal, call.principal, subscription_id)
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
