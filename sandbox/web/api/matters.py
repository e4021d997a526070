"""Feedback on quality, objections and demands (R4)."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.catalogue import matters
from sandbox.catalogue.records import Matter
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import page
from sandbox.wire.common import Items, Nothing
from sandbox.wire.matters import DemandIn, MatterAnswerIn, MatterIn, MatterOut, MatterQuery

blueprint = APIBlueprint("matters", __name__)


@endpoint(
    blueprint,
    "POST",
    "/resources/<resource_id>/objections",
    body=MatterIn,
    answer=MatterOut,
    status=201,
    problems=("state_conflict",),
)
def object_to_resource(call: Call, resource_id: str, body: MatterIn) -> Reply:
    """Object to data or their description (数据异议); the holder answers by a deadline."""
    return _filed(call, "objection", body, resource_id)


@endpoint(
    blueprint,
    "POST",
    "/resources/<resource_id>/feedback",
    body=MatterIn,
    answer=MatterOut,
    status=201,
    problems=("state_conflict",),
)
def give_feedback(call: Call, resource_id: str, body: MatterIn) -> Reply:
    """Say something about the quality of data; the holder answers by a deadline."""
    return _filed(call, "feedback", body, resource_id)


@endpoint(
    blueprint, "POST", "/demands", body=DemandIn, answer=MatterOut, status=201, problems=("not_found", "state_conflict")
)
def demand(call: Call, body: DemandIn) -> Reply:
    """Ask for data or services that are missed (需求受理); a data administration or the resource's holder answers."""
    return _filed(call, "demand", body, body.resource, body.domain)


@endpoint(blueprint, "GET", "/matters", query=MatterQuery, answer=Items)
def list_matters(call: Call, query: MatterQuery) -> Reply:
    """List feedback, objections and demands: one's own, those addressed to one, overseers all."""
    equal = {name: value for name in ("kind", "status") if (value := getattr(query, name)) is not None}
    seen = lambda one: matters.seen(one, call.principal)  # noqa: E731
    return Reply(page(call.tx, Matter, query, matters.view, seen, **equal))


@endpoint(blueprint, "GET", "/matters/<matter_id>", answer=MatterOut)
def read_matter(call: Call, matter_id: str) -> Reply:
    """Read one of them."""
    found = call.tx.get(Matter, matter_id)
    mine = found if found is not None and matters.seen(found, call.principal) else None
    return Reply(matters.view(call.existing(mine, "matter")))


@endpoint(
    blueprint,
    "POST",
    "/matters/<matter_id>/answer",
    action="matter.answer",
    body=MatterAnswerIn,
    answer=MatterOut,
    problems=("not_found", "state_conflict"),
)
def answer_matter(call: Call, matter_id: str, body: MatterAnswerIn) -> Reply:
    """Answer what is addressed to one; who filed it and the public count see it."""
    done = matters.answer(call.tx, call.house.journal, call.principal, matter_id, body.accepted, body.answer)
    return Reply(matters.view(done))


@endpoint(
    blueprint, "POST", "/matters/<matter_id>/withdraw", body=Nothing, answer=MatterOut, problems=("state_conflict",)
)
def withdraw_matter(call: Call, matter_id: str, body: Nothing) -> Reply:
    """Withdraw one's own open matter."""
    return Reply(matters.view(matters.withdraw(call.tx, call.house.journal, call.principal, matter_id)))


def _filed(call: Call, kind: str, body: MatterIn, resource: str | None, domain: str | None = None) -> Reply:
    made = matters.file(call.tx, call.house.journal, call.principal, kind, body.subject, body.text, resource, domain)
    return Reply(matters.view(made), location=f"/api/v1/matters/{made.id}")
