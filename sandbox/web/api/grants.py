"""Grants: who may operate what."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.grants import change
from sandbox.grants.give import give
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import cut
from sandbox.wire.common import Items, Nothing, Page, State
from sandbox.wire.grants import GrantIn, RenewIn

blueprint = APIBlueprint("grants", __name__)


@endpoint(
    blueprint,
    "POST",
    "/grants",
    action="grant.give",
    body=GrantIn,
    answer=State,
    status=201,
    problems=("not_found", "separation_of_duties"),
)
def give_grant(call: Call, body: GrantIn) -> Reply:
    """Authorise an operator (授权运营)."""
    grant = give(call.tx, call.house.journal, call.principal, body.model_dump())
    return Reply(change.view(grant), location=f"/api/v1/grants/{grant.id}")


@endpoint(blueprint, "GET", "/grants", query=Page, answer=Items)
def list_grants(call: Call, query: Page) -> Reply:
    """List the grants one may see: overseers all, an operator its own."""
    fetch = lambda limit, after: change.listed(call.tx, call.principal, limit=limit, after=after)  # noqa: E731
    return Reply(cut(fetch, query, change.view))


@endpoint(blueprint, "GET", "/grants/<grant_id>", answer=State)
def read_grant(call: Call, grant_id: str) -> Reply:
    """Read a grant."""
    return Reply(change.view(change.found(call.tx, call.principal, grant_id)))


@endpoint(blueprint, "POST", "/grants/<grant_id>/suspend", action="grant.suspend", body=Nothing, answer=State)
def suspend_grant(call: Call, grant_id: str, body: Nothing) -> Reply:
    """Stop everything under a grant until it is resumed."""
    return Reply(change.view(change.suspend(call.tx, call.house.journal, call.principal, grant_id)))


@endpoint(blueprint, "POST", "/grants/<grant_id>/resume", action="grant.resume", body=Nothing, answer=State)
def resume_grant(call: Call, grant_id: str, body: Nothing) -> Reply:
    """Let a suspended grant work again."""
    return Reply(change.view(change.resume(call.tx, call.house.journal, call.principal, grant_id)))


@endpoint(blueprint, "POST", "/grants/<grant_id>/renew", action="grant.renew", body=RenewIn, answer=State)
def renew_grant(call: Call, grant_id: str, body: RenewIn) -> Reply:
    """Move the last day of a grant further into the future."""
    return Reply(change.view(change.renew(call.tx, call.house.journal, call.principal, grant_id, body.ends)))


@endpoint(blueprint, "POST", "/grants/<grant_id>/exit", action="grant.exit", body=Nothing, answer=State)
def exit_grant(call: Call, grant_id: str, body: Nothing) -> Reply:
    """End a grant for good (退出); obligations stay on record."""
    return Reply(change.view(change.exit_(call.tx, call.house.journal, call.principal, grant_id)))
