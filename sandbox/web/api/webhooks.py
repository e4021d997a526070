"""Webhooks: where a party wants to be told what happens."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import page
from sandbox.webhooks import subscribe
from sandbox.webhooks.records import Message, Webhook
from sandbox.wire.common import Items, Nothing, Page, State
from sandbox.wire.watching import WebhookIn, WebhookOut

blueprint = APIBlueprint("webhooks", __name__)


@endpoint(blueprint, "POST", "/webhooks", action="webhook.make", body=WebhookIn, answer=WebhookOut, status=201)
def make_webhook(call: Call, body: WebhookIn) -> Reply:
    """Name an address and the events one wants there; the secret that signs messages is shown this once."""
    house = call.house
    made, secret = subscribe.make(
        call.tx, house.journal, house.release_sealer, call.principal, body.url, body.events, house.settings.inside
    )
    shown = subscribe.view(made) | {"secret": secret}
    return Reply(shown, location=f"/api/v1/webhooks/{made.id}", secrets=("secret",))


@endpoint(blueprint, "GET", "/webhooks", action="webhook.make", query=Page, answer=Items, common=True)
def list_webhooks(call: Call, query: Page) -> Reply:
    """List one's own webhooks."""
    kept = ["active", "failing"]
    return Reply(page(call.tx, Webhook, query, subscribe.view, party=call.principal.party.id, status=kept))


@endpoint(blueprint, "GET", "/webhooks/<webhook_id>", action="webhook.make", answer=State, common=True)
def read_webhook(call: Call, webhook_id: str) -> Reply:
    """Read one's own webhook."""
    return Reply(subscribe.view(subscribe.found(call.tx, call.principal, webhook_id)))


@endpoint(
    blueprint, "GET", "/webhooks/<webhook_id>/messages", action="webhook.make", query=Page, answer=Items, common=True
)
def list_messages(call: Call, webhook_id: str, query: Page) -> Reply:
    """List the messages to one's own webhook: which arrived, and what the receiver answered."""
    hook = subscribe.found(call.tx, call.principal, webhook_id)
    return Reply(page(call.tx, Message, query, subscribe.view, webhook=hook.id))


@endpoint(
    blueprint,
    "POST",
    "/webhooks/<webhook_id>/test",
    action="webhook.make",
    body=Nothing,
    answer=State,
    status=202,
    problems=("rate_limited",),
)
def try_webhook(call: Call, webhook_id: str, body: Nothing) -> Reply:
    """Send a test message."""
    return Reply(subscribe.view(subscribe.attempt_now(call.tx, call.principal, webhook_id)))


@endpoint(blueprint, "DELETE", "/webhooks/<webhook_id>", action="webhook.make", answer=State)
def remove_webhook(call: Call, webhook_id: str) -> Reply:
    """Remove one's own webhook: nothing more is sent there."""
    return Reply(subscribe.view(subscribe.remove(call.tx, call.house.journal, call.principal, webhook_id)))
