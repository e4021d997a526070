"""Usage, statements, traces, the log, emergency stops."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from sandbox.wire.common import Id, Input, Output, Page, Record, State, Text


class StatementQuery(Page):
    """The month of a statement (账单), `YYYY-MM`; without it every month with use. Overseers name the `party`."""

    month: Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")] | None = None
    party: Id | None = None


class BudgetProducts(Output):
    """What products took from a population's budget, the most first."""

    account: str
    population: str
    items: list[dict[str, Any]]


class RaiseIn(Input):
    """A higher lifetime cap of a population, with the reason that the disclosure shows; `delta` as it is when left
    out."""

    epsilon: Annotated[Decimal, Field(gt=0, le=Decimal("1e9"), max_digits=60)]
    delta: Annotated[Decimal, Field(gt=0, lt=1, max_digits=60)] | None = None
    reason: Text


class RaiseOut(Output):
    """The population's account with its new promise, and every change of it."""

    account: str
    total: dict[str, str]
    raised: list[dict[str, Any]]


class Hint(Input):
    """Where a leak may come from."""

    resource: Id | None = None
    product: Id | None = None


class TraceOut(State):
    """A trace; finished ones name findings, `below_bar` says how many recipients stayed below the bar, `left_out` how
    many bases that may resemble the file were not looked at, `set_aside` how many were not because of their keys, or
    keys and numbers (`set_aside_by`), `too_few` of how many the file shows too few cells for a mark."""

    findings: list[dict[str, Any]]
    below_bar: int
    left_out: int
    set_aside: int
    too_few: int


class PublicationIn(Input):
    """Where one's copy of an answer was published (an address, a title), and on which day."""

    place: Text
    day: date


class PublicationOut(Record):
    """A declared publication."""

    job: str
    place: str
    day: str


class EmergencyIn(Input):
    """A stop of one product, party or resource, or of everything (then `target` is `*`)."""

    scope: Literal["product", "party", "resource", "everything"]
    target: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.\-*]+$")] = "*"
    reason: Text


class ProofQuery(Input):
    """A leaf by its index, or by its leaf hash in hexadecimal."""

    index: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    leaf_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class GrowthQuery(Input):
    """The size that the log had when one looked last; 0 gives the checkpoint without a proof."""

    old: Annotated[int, Field(ge=0, lt=2**63)] = 0


class CheckpointIn(Input):
    """A signed checkpoint of this log, cosignatures of witnesses below it."""

    checkpoint: Annotated[str, Field(min_length=1, max_length=20_000)]


class CheckpointOut(Output):
    """How many entries it covers, whose cosignatures were kept, and whether the log grew through it."""

    size: int
    kept: list[str]
    consistent: bool


class LogKeys(Output):
    """The log's verifier keys, newest first, and the signed statements of their rotations, oldest first."""

    keys: list[str]
    statements: list[str]


class WitnessIn(Input):
    """A witness's verifier key, as `sandbox witness key` prints it."""

    key: Annotated[str, Field(min_length=1, max_length=500)]


class WitnessOut(Record):
    """A registered witness."""

    name: str
    key: str
    party: str


class SearchQuery(Page):
    """What the entries are about; at least one is named."""

    party: Id | None = None
    resource: Id | None = None
    product: Id | None = None


class Disclosure(Output):
    """The public disclosure (信息披露)."""
