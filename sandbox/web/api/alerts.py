"""Alerts (预警) and drills of the emergency stop (应急演练)."""

from __future__ import annotations

from apiflask import APIBlueprint

from sandbox.oversight import alerts, drill
from sandbox.oversight.records import Alert, Drill
from sandbox.web.call import Call, Reply
from sandbox.web.endpoint import endpoint
from sandbox.web.paging import page
from sandbox.wire.common import Items, Page, State
from sandbox.wire.watching import AcknowledgeIn, AlertsQuery, DrillIn, DrillOut

blueprint = APIBlueprint("alerts", __name__)


@endpoint(blueprint, "GET", "/alerts", action="alert.read", query=AlertsQuery, answer=Items)
def list_alerts(call: Call, query: AlertsQuery) -> Reply:
    """List alerts, of one `status` or `kind` where named."""
    named = {name: value for name in ("status", "kind") if (value := getattr(query, name)) is not None}
    return Reply(page(call.tx, Alert, query, alerts.view, **named))


@endpoint(blueprint, "GET", "/alerts/<alert_id>", action="alert.read", answer=State)
def read_alert(call: Call, alert_id: str) -> Reply:
    """Read an alert."""
    return Reply(alerts.view(call.existing(call.tx.get(Alert, alert_id), "alert")))


@endpoint(
    blueprint,
    "POST",
    "/alerts/<alert_id>/acknowledge",
    action="alert.acknowledge",
    body=AcknowledgeIn,
    answer=State,
    problems=("separation_of_duties",),
)
def acknowledge_alert(call: Call, alert_id: str, body: AcknowledgeIn) -> Reply:
    """Say that one looked, and what came of it; not of an alert about oneself."""
    return Reply(alerts.view(alerts.acknowledge(call.tx, call.house.journal, call.principal, alert_id, body.note)))


@endpoint(blueprint, "POST", "/drills", action="emergency.drill", body=DrillIn, answer=DrillOut, status=201)
def order_drill(call: Call, body: DrillIn) -> Reply:
    """Begin a drill: nothing stops, and every process says when it would have."""
    made = drill.order(call.tx, call.house.journal, call.principal, body.reason)
    return Reply(drill.report(call.tx, made.id), location=f"/api/v1/drills/{made.id}")


@endpoint(blueprint, "GET", "/drills", action="emergency.drill", query=Page, answer=Items)
def list_drills(call: Call, query: Page) -> Reply:
    """List drills with what they measured."""
    return Reply(page(call.tx, Drill, query, lambda one: drill.report(call.tx, one.id)))


@endpoint(blueprint, "GET", "/drills/<drill_id>", action="emergency.drill", answer=DrillOut)
def read_drill(call: Call, drill_id: str) -> Reply:
    """Read a drill: the seconds each process took, and who is missing."""
    return Reply(drill.report(call.tx, drill_id))
