"""What holders do with their resources besides registering: grades, quality, conditions, consents, the view of use."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from sandbox.catalogue import consents, holders, quality, registry, regrading
from sandbox.catalogue.linkage import links_of
from sandbox.catalogue.records import Resource
from sandbox.catalogue.use import use_of
from sandbox.core.view import shown
from sandbox.grants.documents import attached
from sandbox.products import manage
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.wire.resources import (
    ConditionsIn,
    ConditionsOut,
    ConsentIn,
    ConsentOut,
    GradeIn,
    GradesOut,
    LinksOut,
    QualityIn,
    QualityOut,
    ResourceOut,
    UseOut,
)

blueprint = APIBlueprint("holding", __name__)


@endpoint(
    blueprint,
    "POST",
    "/resources/<resource_id>/grade",
    action="resource.register",
    body=GradeIn,
    answer=ResourceOut,
    problems=("grade_refused", "unit_missing"),
)
def regrade_resource(call: Call, resource_id: str, body: GradeIn) -> Reply:
    """Give one's own resource another grade, or columns other roles; the reason and the history stay on record."""
    done = regrading.regrade(
        call.tx, call.house.journal, call.principal, resource_id, body.grade, body.reason, body.columns
    )
    return Reply(registry.view(done, call.principal))


@endpoint(blueprint, "GET", "/resources/<resource_id>/grades", common=True, answer=GradesOut)
def list_grades(call: Call, resource_id: str) -> Reply:
    """The history of a resource's grade and roles of columns; reasons for its holder and overseers."""
    resource = _seen(call, resource_id)
    return Reply({"items": regrading.history(call.tx, resource, call.principal)})


@endpoint(
    blueprint,
    "POST",
    "/resources/<resource_id>/quality",
    action="resource.register",
    body=QualityIn,
    answer=QualityOut,
    problems=("state_conflict",),
)
def state_quality(call: Call, resource_id: str, body: QualityIn) -> Reply:
    """Say in public of what quality one's present data are, in coarse grades of one's own."""
    quality.state(call.tx, call.house.journal, call.principal, resource_id, body.model_dump(exclude_none=True))
    return Reply(quality.view(call.tx, _seen(call, resource_id), call.principal))


@endpoint(blueprint, "GET", "/resources/<resource_id>/quality", answer=QualityOut)
def read_quality(call: Call, resource_id: str) -> Reply:
    """Whether the data are up to date and what their holder says of them; the exact reports (数据质量报告) of all
    versions for holder, registrar and administration only."""
    return Reply(quality.view(call.tx, _seen(call, resource_id), call.principal))


@endpoint(
    blueprint,
    "POST",
    "/resources/<resource_id>/conditions",
    action="resource.condition",
    body=ConditionsIn,
    answer=ConditionsOut,
)
def set_conditions(call: Call, resource_id: str, body: ConditionsIn) -> Reply:
    """Say what grants over one's resource need: purposes among these, one's consent."""
    made = holders.set_conditions(
        call.tx, call.house.journal, call.principal, resource_id, body.purposes, body.consent, body.text
    )
    return Reply(shown(made))


@endpoint(blueprint, "GET", "/resources/<resource_id>/conditions", common=True, answer=ConditionsOut)
def read_conditions(call: Call, resource_id: str) -> Reply:
    """The holder's conditions in force."""
    resource = _seen(call, resource_id)
    held = holders.conditions_of(call.tx, resource.id)
    none: dict[str, Any] = {"resource": resource.id, "number": 0, "purposes": [], "consent": False, "text": ""}
    return Reply(shown(held) if held else none)


@endpoint(
    blueprint,
    "POST",
    "/resources/<resource_id>/consents",
    action="resource.condition",
    body=ConsentIn,
    answer=ConsentOut,
    problems=("state_conflict",),
)
def decide_grant(call: Call, resource_id: str, body: ConsentIn) -> Reply:
    """Consent to a grant over one's resource, or refuse it: it holds at once, and can be changed."""
    said = body.grant, body.agreed, body.reason
    return Reply(shown(consents.decide(call.tx, call.house.journal, call.principal, resource_id, *said)))


@endpoint(blueprint, "GET", "/resources/<resource_id>/use", answer=UseOut)
def read_use(call: Call, resource_id: str) -> Reply:
    """What a holder sees of the use of its resource: grants, products, jobs by month – never who asked what."""
    resource = call.tx.get(Resource, resource_id)
    mine = call.principal.party.id
    if resource is not None and not (call.principal.oversees or mine in (resource.registrar, resource.answers)):
        resource = None
    return Reply(use_of(call.tx, call.existing(resource, "resource")))


@endpoint(blueprint, "GET", "/products/<product_id>/links", answer=LinksOut)
def read_links(call: Call, product_id: str) -> Reply:
    """Which resources the product's operator could put together by it (汇聚关联风险), and whether that was assessed."""
    product = manage.found(call.tx, call.principal, product_id)
    mine = call.principal.party.id
    known = product if call.principal.oversees or product.operator == mine else None
    links = links_of(call.tx, call.existing(known, "product"))
    assessed = attached(call.tx, product.id, "linkage_assessment")
    return Reply({"product": product.id, "links": [vars(link) for link in links], "assessed": assessed})


def _seen(call: Call, resource_id: str) -> Resource:
    found = call.tx.get(Resource, resource_id)
    return call.existing(found if found and registry.visible(found, call.principal) else None, "resource")
