"""Spending limits that a user sets for itself, and usage added up."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.billing.records import SpendingLimit
from sandbox.metering import cloudevents, events, limits
from sandbox.metering.summary import summary
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import cut, page
from sandbox.wire.common import Items, Page, Record
from sandbox.wire.money import EventsQuery, LimitIn, LimitOut, SummaryQuery

blueprint = APIBlueprint("limits", __name__)


@endpoint(
    blueprint,
    "POST",
    "/spending-limits",
    action="spending_limit.set",
    body=LimitIn,
    answer=LimitOut,
    status=201,
    problems=("not_found",),
)
def set_limit(call: Call, body: LimitIn) -> Reply:
    """Set the most that one's party spends in a calendar month, in all or under one subscription; a limit that stands
    there is replaced."""
    made = limits.set_limit(call.tx, call.house.journal, call.principal, body.yuan, body.subscription)
    return Reply(limits.view(call.tx, made), location="/api/v1/spending-limits")


@endpoint(blueprint, "GET", "/spending-limits", action="spending_limit.set", query=Page, answer=Items)
def list_limits(call: Call, query: Page) -> Reply:
    """List one's own limits, with what counts against them this month."""
    mine = call.principal.party.id
    return Reply(page(call.tx, SpendingLimit, query, lambda one: limits.view(call.tx, one), party=mine))


@endpoint(blueprint, "DELETE", "/spending-limits/<limit_id>", action="spending_limit.set", answer=Record)
def remove_limit(call: Call, limit_id: str) -> Reply:
    """Take a limit away."""
    gone = limits.remove(call.tx, call.house.journal, call.principal, limit_id)
    return Reply({"id": gone.id})


@endpoint(blueprint, "GET", "/usage/events", action="usage.read", query=EventsQuery, answer=Items)
def list_cloudevents(call: Call, query: EventsQuery) -> Reply:
    """List usage events as CloudEvents 1.0, in the order of their making."""
    month = {} if query.month is None else {"month": query.month}
    fetch = lambda limit, after: events.usage(call.tx, call.principal, limit=limit, after=after, **month)  # noqa: E731
    return Reply(cut(fetch, query, cloudevents.view))


@endpoint(blueprint, "GET", "/usage/summary", action="usage.read", query=SummaryQuery, answer=Items)
def usage_summary(call: Call, query: SummaryQuery) -> Reply:
    """Add up a month's usage: overseers all, an operator that of its products, a user its own."""
    found = summary(call.tx, call.principal, query.month, query.by.split(","))
    return Reply({"items": found, "next": None})
