"""What all wire types share: strict input, open output, and the few kinds of text that cross the wire."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.\-]+$")]
Text = Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]
Decimals = Annotated[str, Field(description="a decimal number as text")]
Moment = Annotated[str, Field(description="RFC 3339, UTC")]


class Input(BaseModel):
    """A request body or query: a misspelt field is refused, never ignored."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """An answer; clients ignore members they do not know, so answers may grow."""

    model_config = ConfigDict(extra="allow")


class Nothing(Input):
    """An empty object; an absent body counts as one."""


class Page(Input):
    """A page of a list: at most `limit` items behind `cursor`, the `next` of the page before."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z0-9_.\-]+$")] | None = None


class ProblemBody(Output):
    """RFC 9457: what went wrong and what to do. `code` is stable; its page is at `type`."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class Record(Output):
    """Something with an id."""

    id: str


class State(Record):
    """Something with an id that is in a state."""

    status: str


class Items(Output):
    """A page of a list; `next` is the cursor of the next page, or null."""

    items: list[dict[str, Any]]
    next: str | None
