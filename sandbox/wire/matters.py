"""Feedback, objections and demands."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from sandbox.wire.common import Id, Input, Page, State, Text

Long = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"\S")]


class MatterIn(Input):
    """What it is about, in a line, and the whole of it."""

    subject: Text
    text: Long


class DemandIn(MatterIn):
    """Data or services that are missed: of a resource, in a domain, or neither."""

    resource: Id | None = None
    domain: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class MatterAnswerIn(Input):
    """Whether one agrees, and what one does about it or why not."""

    accepted: StrictBool
    answer: Long


class MatterQuery(Page):
    """Matters of a kind or in a state; without them all."""

    kind: Literal["feedback", "objection", "demand"] | None = None
    status: Literal["open", "accepted", "rejected", "withdrawn"] | None = None


class MatterOut(State):
    """A matter: open until it is answered, `due` on a day."""

    kind: str
    party: str
    subject: str
    text: str
    due: str
    overdue: bool
