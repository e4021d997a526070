"""Alerts, drills, webhooks, incidents, people and second persons."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from sandbox.wire.common import Id, Input, Page, Record, State, Text

Event = Literal[
    "job.ended",
    "alert.raised",
    "emergency.raised",
    "incident.notified",
    "settlement.made",
    "usage.metered",
    "letter.written",
    "admission.submitted",
    "admission.admitted",
    "admission.rejected",
    "admission.ended",
    "exit.waiting",
    "exit.reviewed",
    "proof.demanded",
]


class AlertsQuery(Page):
    """A page of alerts, of one state or kind where named."""

    status: Literal["open", "acknowledged"] | None = None
    kind: Id | None = None


class AcknowledgeIn(Input):
    """What came of looking; kept with the alert."""

    note: Text | None = None


class DrillIn(Input):
    """What the drill is for; it is logged."""

    reason: Text


class DrillOut(State):
    """A drill: `seconds` by process, the `slowest` against the `goal`, and processes `missing`."""

    seconds: dict[str, str]
    missing: list[str]
    slowest: str | None
    goal: str


class WebhookIn(Input):
    """An address (https) and the kinds of events one wants there."""

    url: Annotated[str, Field(min_length=1, max_length=500)]
    events: Annotated[list[Event], Field(min_length=1, max_length=20)]


class WebhookOut(State):
    """A webhook; `secret` (`whsec_…`) is shown once."""

    url: str
    events: list[str]
    secret: str | None = None


class IncidentIn(Input):
    """A case: where it comes from (`source`, `cause`), whom it is about, and what happened."""

    source: Literal["trace", "alert", "complaint", "other"]
    cause: Id | None = None
    party: Id | None = None
    summary: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S")]


class StepIn(Input):
    """What was found or done; the log commits to it."""

    text: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S")]


class HoldIn(StepIn):
    """What to stop while the case is open."""

    scope: Literal["product", "party", "resource"]
    target: Id


class NotifyIn(StepIn):
    """Who is told: the text goes to them, they may reply."""

    parties: Annotated[list[Id], Field(min_length=1, max_length=50)]


class SanctionIn(StepIn):
    """What follows: `warning`, or `suspend_party` of the party that the case is about."""

    sanction: Literal["warning", "suspend_party"]


class CloseIn(StepIn):
    """How the case ends."""

    outcome: Literal["founded", "unfounded", "withdrawn"]


class IncidentOut(State):
    """A case with its steps."""

    source: str
    summary: str
    steps: list[dict[str, Any]]


class PersonIn(Input):
    """Somebody who shall act for the party after signing in; `scopes` as of a key."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
    scopes: (
        Annotated[list[Annotated[str, Field(pattern=r"^[a-z_:*]{1,40}$")]], Field(min_length=1, max_length=20)] | None
    ) = None


class PersonOut(State):
    """A person; `invitation` is shown once and works once, within seven days."""

    party: str
    invitation: str | None = None


class SessionOut(Record):
    """Who is signed in, for which party, and the token that changing requests send as `X-CSRF-Token`."""

    party: str
    csrf_token: str


class TwoPersonsIn(Input):
    """The actions that need two persons from now on; those left out need one."""

    actions: Annotated[list[Id], Field(max_length=50)]


class ReportQuery(Input):
    """Which year, and as what."""

    year: Annotated[int, Field(ge=2020, le=9999)] | None = None
    format: Literal["json", "zip"] = "json"
