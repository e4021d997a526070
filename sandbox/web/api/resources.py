"""Resources: registered with their data, found in the catalogue. Entries are shown, data never."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import request

from sandbox.catalogue import quality, registry, search
from sandbox.catalogue.dcat import dcat
from sandbox.catalogue.records import DataVersion, Resource
from sandbox.jobs import profile
from sandbox.jobs.house import House
from sandbox.jobs.records import Task
from sandbox.web.call import Call, Errand, Public, Reply
from sandbox.web.conditions import if_match
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import page
from sandbox.web.uploads import Upload
from sandbox.wire.common import Items
from sandbox.wire.resources import Catalogue, Found, ProfileIn, ProfileOut, RegisteredOut, ResourceOut

blueprint = APIBlueprint("resources", __name__)

REFUSALS = (
    "field_invalid",
    "table_malformed",
    "grade_refused",
    "unit_missing",
    "epsilon_invalid",
    "idempotency_in_progress",
    "source_unavailable",
)
FILE = {
    "type": "string",
    "format": "binary",
    "description": "CSV, Parquet or XLSX, named like its table; or as JSON the connected database that it is read from",
}
DATA: dict[str, Any] = {"type": "object", "additionalProperties": FILE, "minProperties": 1}
REGISTRATION: dict[str, Any] = {
    **DATA,
    "required": ["metadata"],
    "properties": {"metadata": {"type": "object", "description": "the registration; see the guide"}},
}


@endpoint(
    blueprint,
    "POST",
    "/resources",
    action="resource.register",
    parts=REGISTRATION,
    answer=RegisteredOut,
    status=201,
    problems=(*REFUSALS, "not_found"),
    errand=True,
)
def register_resource(errand: Errand) -> Reply:
    """Register a resource with its tables; declarations are enforced, and the quality report says how."""
    with Upload(errand.house) as upload:
        upload.read(registry.read_new)
        entry = registry.read_new(upload.metadata)
        return _registered(errand, upload.submit(errand, entry.as_json()))


@endpoint(
    blueprint,
    "PUT",
    "/resources/<resource_id>/data",
    action="resource.register",
    parts=DATA,
    answer=RegisteredOut,
    problems=REFUSALS,
    errand=True,
    conditional=True,
)
def replace_data(errand: Errand, resource_id: str) -> Reply:
    """Upload a new data version of one's own resource. With `If-Match` only if the version read is still current."""
    with errand.house.store.read() as tx:
        resource = registry.own(tx, errand.principal, resource_id)
    if_match(_etag(resource))
    with Upload(errand.house) as upload:
        upload.read(None)
        return _registered(errand, upload.submit(errand, resource.entry, resource.id))


@endpoint(
    blueprint,
    "POST",
    "/resources/<resource_id>/profile",
    action="resource.register",
    body=ProfileIn,
    answer=ProfileOut,
    status=202,
    problems=("not_found", "state_conflict", "privacy_budget_exhausted"),
)
def buy_profile(call: Call, resource_id: str, body: ProfileIn) -> Reply:
    """Buy the public profile of one's own resource anew, from the population's budget, of its current version."""
    bought = profile.ask_for(call.tx, call.principal, resource_id, body.reason)
    shown = {name: getattr(bought, name) for name in ("id", "resource", "status", "version")}
    return Reply(shown | {"rho": str(bought.rho), "delta": str(bought.delta)})


@endpoint(blueprint, "GET", "/resources", common=True, query=Found, answer=Items)
def list_resources(call: Call, query: Found) -> Reply:
    """List the resources one may see, by grade, or those in which the words of `q` stand."""

    def seen(resource: Resource) -> bool:
        return registry.visible(resource, call.principal) and search.matches(resource, query.q)

    return Reply(page(call.tx, Resource, query, lambda resource: registry.view(resource, call.principal), seen))


@endpoint(blueprint, "GET", "/resources/<resource_id>", common=True, answer=ResourceOut)
def read_resource(call: Call, resource_id: str) -> Reply:
    """Read a resource's entry, with its public profile if it has one."""
    found = call.tx.get(Resource, resource_id)
    resource = call.existing(found if found and registry.visible(found, call.principal) else None, "resource")
    said = registry.view(resource, call.principal) | {"profile": profile.view(call.tx, resource)}
    said |= {"quality": quality.public_view(call.tx, resource)}
    return Reply(said, headers={"ETag": _etag(resource)})


@endpoint(blueprint, "GET", "/catalogue.jsonld", public=True, answer=Catalogue, media=("application/ld+json",))
def read_catalogue(call: Public) -> Reply:
    """The public catalogue, in DCAT and ODRL: resources, products and grants."""
    root = call.house.settings.public_url or request.host_url.rstrip("/")
    text = Catalogue.model_validate(dcat(call.tx, root)).model_dump_json()
    return Reply(text, media="application/ld+json", headers={"Cache-Control": "public, max-age=60"})


def _registered(errand: Errand, task: Task) -> Reply:
    assert task.outcome is not None
    resource, version = _records(errand.house, task.outcome)
    said = registry.view(resource, errand.principal) | {"version": version.id, "report": version.report}
    return Reply(said, location=f"/api/v1/resources/{resource.id}", headers={"ETag": _etag(resource)})


def _records(house: House, outcome: dict[str, Any]) -> tuple[Resource, DataVersion]:
    with house.store.read() as tx:
        resource, version = tx.get(Resource, outcome["resource"]), tx.get(DataVersion, outcome["version"])
    assert resource is not None and version is not None, "an ingest that succeeded made both"
    return resource, version


def _etag(resource: Resource) -> str:
    return f'"{resource.version}"'
