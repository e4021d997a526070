"""Incident cases (事件处置), from opening to closing."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.oversight import incidents
from sandbox.oversight.records import Incident
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import page
from sandbox.wire.common import Items, Page
from sandbox.wire.watching import CloseIn, HoldIn, IncidentIn, IncidentOut, NotifyIn, SanctionIn, StepIn

blueprint = APIBlueprint("incidents", __name__)
APART = ("separation_of_duties",)


def _shown(call: Call, case: Incident, *, new: bool = False) -> Reply:
    location = f"/api/v1/incidents/{case.id}" if new else None
    return Reply(incidents.view(call.tx, call.principal, case.id), location=location)


@endpoint(
    blueprint,
    "POST",
    "/incidents",
    action="incident.open",
    body=IncidentIn,
    answer=IncidentOut,
    status=201,
    problems=("not_found",),
)
def open_incident(call: Call, body: IncidentIn) -> Reply:
    """Open a case from a trace, an alert, a complaint or something else."""
    made = incidents.open_case(
        call.tx, call.house.journal, call.principal, body.source, body.cause, body.party, body.summary
    )
    return _shown(call, made, new=True)


@endpoint(blueprint, "GET", "/incidents", query=Page, answer=Items)
def list_incidents(call: Call, query: Page) -> Reply:
    """List cases: overseers all, others those that they were notified of."""
    mine = None if call.principal.oversees else incidents.told(call.tx, call.principal.party.id)
    seen = lambda case: mine is None or case.id in mine  # noqa: E731
    return Reply(page(call.tx, Incident, query, lambda case: incidents.view(call.tx, call.principal, case.id), seen))


@endpoint(blueprint, "GET", "/incidents/<incident_id>", answer=IncidentOut)
def read_incident(call: Call, incident_id: str) -> Reply:
    """Read a case with its steps; who was notified reads what it was told."""
    return Reply(incidents.view(call.tx, call.principal, incident_id))


@endpoint(blueprint, "POST", "/incidents/<incident_id>/notes", action="incident.step", body=StepIn, answer=IncidentOut)
def note_incident(call: Call, incident_id: str, body: StepIn) -> Reply:
    """Add what was found."""
    return _shown(call, incidents.note(call.tx, call.house.journal, call.principal, incident_id, body.text))


@endpoint(blueprint, "POST", "/incidents/<incident_id>/hold", action="incident.step", body=HoldIn, answer=IncidentOut)
def hold_incident(call: Call, incident_id: str, body: HoldIn) -> Reply:
    """Stop a product, party or resource while the case is open."""
    done = incidents.hold(call.tx, call.house.journal, call.principal, incident_id, body.text, body.scope, body.target)
    return _shown(call, done)


@endpoint(
    blueprint, "POST", "/incidents/<incident_id>/notify", action="incident.step", body=NotifyIn, answer=IncidentOut
)
def notify_incident(call: Call, incident_id: str, body: NotifyIn) -> Reply:
    """Tell parties; they read it and may reply."""
    return _shown(
        call, incidents.notify(call.tx, call.house.journal, call.principal, incident_id, body.text, body.parties)
    )


@endpoint(blueprint, "POST", "/incidents/<incident_id>/reply", action="incident.reply", body=StepIn, answer=IncidentOut)
def reply_incident(call: Call, incident_id: str, body: StepIn) -> Reply:
    """Answer as a party that was notified."""
    return _shown(call, incidents.reply(call.tx, call.house.journal, call.principal, incident_id, body.text))


@endpoint(
    blueprint,
    "POST",
    "/incidents/<incident_id>/sanction",
    action="incident.sanction",
    body=SanctionIn,
    answer=IncidentOut,
    problems=APART,
)
def sanction_incident(call: Call, incident_id: str, body: SanctionIn) -> Reply:
    """Warn or suspend the party that the case is about; not by whoever opened the case."""
    done = incidents.sanction(call.tx, call.house.journal, call.principal, incident_id, body.text, body.sanction)
    return _shown(call, done)


@endpoint(blueprint, "POST", "/incidents/<incident_id>/remedy", action="incident.step", body=StepIn, answer=IncidentOut)
def remedy_incident(call: Call, incident_id: str, body: StepIn) -> Reply:
    """Say what was put right."""
    return _shown(call, incidents.remedy(call.tx, call.house.journal, call.principal, incident_id, body.text))


@endpoint(
    blueprint,
    "POST",
    "/incidents/<incident_id>/close",
    action="incident.close",
    body=CloseIn,
    answer=IncidentOut,
    problems=APART,
)
def close_incident(call: Call, incident_id: str, body: CloseIn) -> Reply:
    """End a case; not by whoever opened it, and not while a stop of it is in force."""
    return _shown(
        call, incidents.close(call.tx, call.house.journal, call.principal, incident_id, body.text, body.outcome)
    )
