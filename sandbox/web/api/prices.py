"""Prices of products: public to whoever may see the product, set by its operator."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.billing import prices, published
from sandbox.billing.pricing import set_price
from sandbox.core.clock import now
from sandbox.products import manage
from sandbox.web.call import Call, Public, Reply
from sandbox.web.conditions import if_match
from sandbox.web.endpoint import endpoint
from sandbox.wire.common import Items, Record
from sandbox.wire.products import PriceIn

blueprint = APIBlueprint("prices", __name__)


@endpoint(
    blueprint,
    "POST",
    "/products/<product_id>/price",
    action="price.set",
    body=PriceIn,
    answer=Record,
    status=201,
    conditional=True,
    problems=("price_above_ceiling",),
)
def set_product_price(call: Call, product_id: str, body: PriceIn) -> Reply:
    """Set the price from now on; earlier calls keep theirs. `If-Match`: only if the price read is the newest."""
    manage.found(call.tx, call.principal, product_id)
    if_match(prices.etag(prices.price_at(call.tx, product_id, now())))
    price = set_price(call.tx, call.house.journal, call.principal, product_id, body.model_dump(mode="json"))
    location = f"/api/v1/products/{product_id}/price"
    return Reply(prices.view(price), location=location, headers={"ETag": prices.etag(price)})


@endpoint(blueprint, "GET", "/prices", public=True, answer=Items)
def list_prices(call: Public) -> Reply:
    """The public price list by scenario: what each product on offer costs for each purpose, its ceiling, what is
    announced."""
    return Reply({"items": published.price_list(call.tx), "next": None})


@endpoint(blueprint, "GET", "/products/<product_id>/price", common=True, answer=Record)
def read_price(call: Call, product_id: str) -> Reply:
    """Read the price in force."""
    manage.found(call.tx, call.principal, product_id)
    price = call.existing(prices.price_at(call.tx, product_id, now()), "price")
    return Reply(prices.view(price), headers={"ETag": prices.etag(price)})
