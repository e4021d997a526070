"""Products: packaged by operators, reviewed by somebody else, offered to users."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.products import manage
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import cut
from sandbox.wire.common import Items, Nothing, Page, State
from sandbox.wire.products import ProductIn

blueprint = APIBlueprint("products", __name__)

REVIEW = ("grant_inactive", "unit_missing", "bound_missing", "unknown_column", "sql_syntax", "sql_not_allowed")


@endpoint(
    blueprint,
    "POST",
    "/products",
    action="product.create",
    body=ProductIn,
    answer=State,
    status=201,
    problems=("not_found", "grade_refused", *REVIEW),
)
def create_product(call: Call, body: ProductIn) -> Reply:
    """Package a draft under one's own grant."""
    house = call.house
    made = manage.create(call.tx, house.journal, call.principal, house.products, body.model_dump())
    return Reply(manage.view(call.tx, made), location=f"/api/v1/products/{made.id}")


@endpoint(blueprint, "GET", "/products", common=True, query=Page, answer=Items)
def list_products(call: Call, query: Page) -> Reply:
    """List what is on offer, an operator's own in any state, and to overseers all."""
    fetch = lambda limit, after: manage.listed(call.tx, call.principal, limit=limit, after=after)  # noqa: E731
    return Reply(cut(fetch, query, lambda product: manage.view(call.tx, product)))


@endpoint(blueprint, "GET", "/products/<product_id>", common=True, answer=State)
def read_product(call: Call, product_id: str) -> Reply:
    """Read a product with its price."""
    return Reply(manage.view(call.tx, manage.found(call.tx, call.principal, product_id)))


@endpoint(
    blueprint,
    "POST",
    "/products/<product_id>/submit",
    action="product.submit",
    body=Nothing,
    answer=State,
    problems=("grade_refused", *REVIEW),
)
def submit_product(call: Call, product_id: str, body: Nothing) -> Reply:
    """Hand a draft in for review."""
    house = call.house
    done = manage.submit(call.tx, house.journal, call.principal, house.products, product_id)
    return Reply(manage.view(call.tx, done))


@endpoint(blueprint, "POST", "/products/<product_id>/pause", action="product.pause", body=Nothing, answer=State)
def pause_product(call: Call, product_id: str, body: Nothing) -> Reply:
    """Take a product off offer for a while."""
    return Reply(manage.view(call.tx, manage.pause(call.tx, call.house.journal, call.principal, product_id)))


@endpoint(blueprint, "POST", "/products/<product_id>/resume", action="product.resume", body=Nothing, answer=State)
def resume_product(call: Call, product_id: str, body: Nothing) -> Reply:
    """Put a paused product on offer again."""
    return Reply(manage.view(call.tx, manage.resume(call.tx, call.house.journal, call.principal, product_id)))


@endpoint(blueprint, "POST", "/products/<product_id>/retire", action="product.retire", body=Nothing, answer=State)
def retire_product(call: Call, product_id: str, body: Nothing) -> Reply:
    """Take a product off offer for good."""
    return Reply(manage.view(call.tx, manage.retire(call.tx, call.house.journal, call.principal, product_id)))
