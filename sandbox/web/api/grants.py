"""Grants: who may operate what."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.grants import change
from sandbox.grants.give import give
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import cut
from sandbox.wire.common import Items, Page, State
from sandbox.wire.grants import AmendIn, ExitIn, GrantIn, RenewIn, SucceedIn, WhyIn

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
    return Reply(change.view(call.tx, grant), location=f"/api/v1/grants/{grant.id}")


@endpoint(blueprint, "GET", "/grants", query=Page, answer=Items)
def list_grants(call: Call, query: Page) -> Reply:
    """List the grants one may see: overseers all, an operator its own."""
    fetch = lambda limit, after: change.listed(call.tx, call.principal, limit=limit, after=after)  # noqa: E731
    return Reply(cut(fetch, query, lambda grant: change.view(call.tx, grant)))


@endpoint(blueprint, "GET", "/grants/<grant_id>", answer=State)
def read_grant(call: Call, grant_id: str) -> Reply:
    """Read a grant."""
    return Reply(change.view(call.tx, change.found(call.tx, call.principal, grant_id)))


@endpoint(blueprint, "GET", "/grants/<grant_id>/history", answer=Items)
def read_grant_history(call: Call, grant_id: str) -> Reply:
    """Read the steps of a grant: what changed, why, who did it."""
    return Reply({"items": change.history(call.tx, call.principal, grant_id), "next": None})


@endpoint(
    blueprint,
    "POST",
    "/grants/<grant_id>/amend",
    action="grant.amend",
    body=AmendIn,
    answer=State,
    problems=("separation_of_duties",),
)
def amend_grant(call: Call, grant_id: str, body: AmendIn) -> Reply:
    """Change terms of a grant (变更); operator, mode and first day stay."""
    terms = body.model_dump(exclude_unset=True, exclude={"reason"})
    done = change.amend(call.tx, call.house.journal, call.principal, grant_id, terms, body.reason)
    return Reply(change.view(call.tx, done))


@endpoint(blueprint, "POST", "/grants/<grant_id>/suspend", action="grant.suspend", body=WhyIn, answer=State)
def suspend_grant(call: Call, grant_id: str, body: WhyIn) -> Reply:
    """Stop everything under a grant until it is resumed."""
    done = change.suspend(call.tx, call.house.journal, call.principal, grant_id, body.reason)
    return Reply(change.view(call.tx, done))


@endpoint(blueprint, "POST", "/grants/<grant_id>/resume", action="grant.resume", body=WhyIn, answer=State)
def resume_grant(call: Call, grant_id: str, body: WhyIn) -> Reply:
    """Let a suspended grant work again."""
    done = change.resume(call.tx, call.house.journal, call.principal, grant_id, body.reason)
    return Reply(change.view(call.tx, done))


@endpoint(blueprint, "POST", "/grants/<grant_id>/renew", action="grant.renew", body=RenewIn, answer=State)
def renew_grant(call: Call, grant_id: str, body: RenewIn) -> Reply:
    """Move the last day of a grant further into the future."""
    done = change.renew(call.tx, call.house.journal, call.principal, grant_id, body.ends)
    return Reply(change.view(call.tx, done))


@endpoint(blueprint, "POST", "/grants/<grant_id>/exit", action="grant.exit", body=ExitIn, answer=State)
def exit_grant(call: Call, grant_id: str, body: ExitIn) -> Reply:
    """End a grant for good (退出); obligations stay on record."""
    done = change.exit_(call.tx, call.house.journal, call.principal, grant_id, body.cause, body.reason)
    return Reply(change.view(call.tx, done))


@endpoint(
    blueprint,
    "POST",
    "/grants/<grant_id>/succeed",
    action="grant.succeed",
    body=SucceedIn,
    answer=State,
    status=201,
    problems=("separation_of_duties",),
)
def succeed_to_grant(call: Call, grant_id: str, body: SucceedIn) -> Reply:
    """Let another operator succeed to a grant, with its products and their subscriptions."""
    made = change.succeed(call.tx, call.house.journal, call.principal, grant_id, body.operator, body.reason)
    return Reply(change.view(call.tx, made), location=f"/api/v1/grants/{made.id}")
