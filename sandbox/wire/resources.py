"""Resources and their registration."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool

from sandbox.wire.common import Decimals, Id, Input, Output, Page, Record, State, Text

Level = Literal["high", "medium", "low"]


class Found(Page):
    """Resources in whose declarations each word of `q` stands."""

    q: Annotated[str | None, Field(max_length=200)] = None


class ResourceOut(Record):
    """A resource's public entry: declarations only, nothing measured."""


class RegisteredOut(ResourceOut):
    """A new resource or data version, with the quality report for its registrar."""

    version: str
    report: dict[str, Any]


class GradeIn(Input):
    """Another grade, and other roles of columns by table.column, with the reason that goes on record."""

    grade: Annotated[str, Field(min_length=1, max_length=40)]
    columns: Annotated[dict[str, Annotated[str, Field(max_length=40)]], Field(default_factory=dict, max_length=1000)]
    reason: Text


class GradesOut(Output):
    """The history of grades and roles, oldest first."""

    items: list[dict[str, Any]]


class QualityIn(Input):
    """What the holder says of the quality of its present data: high, medium or low, of what it wants to speak of."""

    completeness: Level | None = None
    accuracy: Level | None = None
    timeliness: Level | None = None
    uniqueness: Level | None = None
    readability: Level | None = None


class QualityOut(Output):
    """Whether the data are up to date, what the holder says of them; `reports` for it and the administration only."""

    timeliness: dict[str, Any] | None
    stated: dict[str, Any] | None
    reports: list[dict[str, Any]] | None


class ConditionsIn(Input):
    """What grants over the resource need: purposes among these (all, when there are none), the holder's consent."""

    purposes: Annotated[list[Annotated[str, Field(max_length=40)]], Field(default_factory=list, max_length=20)]
    consent: StrictBool = False
    text: Annotated[str, Field(max_length=2000)] = ""


class ConditionsOut(Output):
    """The conditions in force; number 0 means that there are none."""

    resource: str
    number: int
    purposes: list[str]
    consent: bool
    text: str


class ConsentIn(Input):
    """What the holder says to a grant, and why."""

    grant: Id
    agreed: StrictBool
    reason: Text


class ConsentOut(State):
    """A holder's word on a grant: given or refused."""

    grant: str
    resource: str


class UseOut(Output):
    """Use of a resource: grants, products, jobs by month."""

    resource: str
    grants: list[dict[str, Any]]
    products: list[dict[str, Any]]
    months: list[dict[str, Any]]


class LinksOut(Output):
    """Resources that a product links to others, and whether an assessment of that is attached."""

    product: str
    links: list[dict[str, Any]]
    assessed: bool


class ProfileIn(Input):
    """Why the public profile is bought again; the reason goes on record."""

    reason: Text


class ProfileOut(Output):
    """A purchase of the public profile: queued, running, done, failed or void, with its cost."""

    id: str
    resource: str
    status: str
    version: str
    rho: Decimals
    delta: Decimals


class Catalogue(Output):
    """The public catalogue in DCAT and ODRL, as JSON-LD."""
