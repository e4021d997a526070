"""Emergency stops (应急处置) and the public disclosure (信息披露)."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import current_app

from sandbox.oversight import emergency
from sandbox.oversight.records import Emergency
from sandbox.web.call import Call, Public, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.kept import disclosed
from sandbox.web.paging import page
from sandbox.wire.common import Items, Nothing, Page, State
from sandbox.wire.oversight import Disclosure, EmergencyIn

blueprint = APIBlueprint("oversight", __name__)


@endpoint(
    blueprint,
    "POST",
    "/emergency",
    action="emergency.raise",
    body=EmergencyIn,
    answer=State,
    status=201,
    problems=("not_found",),
)
def raise_emergency(call: Call, body: EmergencyIn) -> Reply:
    """Stop a product, party, resource or everything at once."""
    stop = emergency.raise_stop(call.tx, call.house.journal, call.principal, body.scope, body.target, body.reason)
    return Reply(emergency.view(stop), location=f"/api/v1/emergency/{stop.id}")


@endpoint(blueprint, "GET", "/emergency", action="emergency.raise", query=Page, answer=Items)
def list_emergencies(call: Call, query: Page) -> Reply:
    """List the stops, lifted ones too."""
    return Reply(page(call.tx, Emergency, query, emergency.view))


@endpoint(blueprint, "GET", "/emergency/<stop_id>", action="emergency.raise", answer=State)
def read_emergency(call: Call, stop_id: str) -> Reply:
    """Read a stop."""
    return Reply(emergency.view(call.existing(call.tx.get(Emergency, stop_id), "emergency stop")))


@endpoint(
    blueprint,
    "POST",
    "/emergency/<stop_id>/lift",
    action="emergency.lift",
    body=Nothing,
    answer=State,
    problems=("two_person_required",),
)
def lift_emergency(call: Call, stop_id: str, body: Nothing) -> Reply:
    """Ask for the end of a stop, or as the second person decide it."""
    return Reply(emergency.view(emergency.lift_stop(call.tx, call.house.journal, call.principal, stop_id)))


@endpoint(blueprint, "GET", "/disclosure", public=True, answer=Disclosure)
def disclose(call: Public) -> Reply:
    """Grants, products, prices, use and privacy loss, for everybody."""
    said = disclosed(call.tx, call.house.test_instance)
    return Reply(said, headers={"Cache-Control": f"public, max-age={current_app.config['DISCLOSURE'].seconds:.0f}"})
