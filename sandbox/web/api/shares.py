"""Shares of revenue (P7): agreements, and what each is due of a month."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.billing import shares
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.wire.common import Items, Record
from sandbox.wire.money import MonthQuery, SharesIn

blueprint = APIBlueprint("shares", __name__)


@endpoint(
    blueprint,
    "POST",
    "/products/<product_id>/shares",
    action="shares.set",
    body=SharesIn,
    answer=Record,
    status=201,
)
def agree_on_shares(call: Call, product_id: str, body: SharesIn) -> Reply:
    """Record how the revenue of a product is shared, after the cost of obtaining its data, from a month on."""
    parts = [part.model_dump(mode="json") for part in body.parts]
    made = shares.agree(
        call.tx, call.house.journal, call.principal, product_id, parts, body.data_cost, body.basis, body.since
    )
    return Reply(shares.view(made), location=f"/api/v1/products/{product_id}/shares")


@endpoint(blueprint, "GET", "/products/<product_id>/shares", action="shares.read", answer=Items)
def list_agreements(call: Call, product_id: str) -> Reply:
    """List the agreements on a product's revenue, oldest first."""
    found = shares.listed(call.tx, call.principal, product_id)
    return Reply({"items": [shares.view(one) for one in found], "next": None})


@endpoint(blueprint, "GET", "/revenue-shares", action="shares.read", query=MonthQuery, answer=Items)
def list_shares(call: Call, query: MonthQuery) -> Reply:
    """Divide what was settled for a month: an operator its own products', a holder its own parts, overseers all."""
    return Reply({"items": shares.due(call.tx, call.principal, query.month), "next": None})
