"""Jobs, their results and acknowledgements."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from sandbox.wire.common import Decimals, Id, Input, Output, State

Few = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]


class Bounds(Input):
    """In how many groups one unit counts, and with how many rows in each: at most as the product allows."""

    groups: Few | None = None
    rows_per_group: Few | None = None


class JobIn(Input):
    """A question under a subscription, its text in a `dialect` of SQL; products of other kinds take `parameters`,
    or nothing. `epsilon` is what it may cost; or `confidence` states the error wanted. `bounds` let one unit count for
    less, and so have less noise; `keys` says whether keys that the public profile lists are shown as it lists them or
    found anew; `mode` how what one unit counts for is bounded; `consistent` makes totals of grouping sets the sums of
    their parts. `fresh` draws noise anew, on a test instance only. `resource`, by id or name, says which resource of a
    product with several the question is about."""

    subscription: Id
    resource: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    sql: Annotated[str, Field(min_length=1)] | None = None
    parameters: Annotated[dict[str, Any], Field(max_length=100)] | None = None
    dialect: Literal["duckdb", "postgresql", "ansi"] | None = None
    epsilon: Annotated[Decimal, Field(max_digits=60)] | None = None
    confidence: Annotated[Decimal, Field(gt=0, lt=1, max_digits=60)] | None = None
    bounds: Bounds | None = None
    keys: Literal["private", "published"] | None = None
    mode: Literal["rows", "weights", "totals"] | None = None
    consistent: bool | None = None
    fresh: bool | None = None


class JobOut(State):
    """A job: queued, running, sealing, done, refused, failed or void."""


class EstimateOut(Output):
    """What the question would cost; asking costs nothing. `explain`: what it does, in sentences, by language.
    `expected`: of each measured column the half-width of its 95 % interval, and from the public profile the share that
    bounds leave out, the usual size in a group, and the half-width against that."""

    rho: Decimals
    epsilon: Decimals
    fee: Decimals
    explain: dict[str, list[str]]
    expected: list[dict[str, str | None]]


class Column(Output):
    """A column of a result; measures state mechanism, noise scale and the half-width of the 95 % interval."""

    name: str
    type: str
    role: str | None = None


class ResultOut(Output):
    """A private answer with its errors, its cost and where its receipt is."""

    job: str
    columns: list[Column]
    rows: list[list[Any]]
    errors: list[list[str | None]]
    privacy: dict[str, Any]
    notes: list[str]
    fee: Decimals
    receipt: str


class ResultQuery(Input):
    """`dialect=raw` gives CSV without the guard against spreadsheet formulas."""

    format: Annotated[str, Field(max_length=20)] = "json"
    dialect: Literal["guarded", "raw"] = "guarded"


class AcknowledgementIn(Input):
    """The recipient acknowledges a delivery: its id (without it, the latest) and a signature of its leaf hash."""

    delivery: Id | None = None
    signature: Annotated[str, Field(max_length=2000, pattern=r"^[A-Za-z0-9+/=_\-]*$")] | None = None
    public_key: Annotated[str, Field(max_length=2000, pattern=r"^[A-Za-z0-9+/=_\-]*$")] | None = None


class AcknowledgementOut(Output):
    """The acknowledged delivery and the leaf it concerns."""

    delivery: str
    job: str
    leaf_hash: str
