"""Claims about one subject, and their answers."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool

from sandbox.wire.common import Decimals, Id, Input, Output, State

Number = Annotated[str, Field(min_length=4, max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=40)]
Value = Annotated[str, Field(min_length=1, max_length=200)] | StrictBool | int | Decimal
Basis = Literal[
    "consent",
    "contract",
    "statutory_duty",
    "public_emergency",
    "public_interest_reporting",
    "lawfully_published",
    "other_law",
]


class VerificationIn(Input):
    """One approved claim about one subject, by its number, which is not stored; the `value` where the claim takes one.
    On a `consent` (its id; without one it is looked for) or another `basis` that the product accepts."""

    subscription: Id
    subject: Number
    claim: Name
    value: Value | None = None
    consent: Id | None = None
    basis: Basis | None = None


class VerificationOut(State):
    """A claim; once it is done, its `answer`, and the `salt` with which one shows later what one asked."""

    claim: str
    fee: Decimals
    answer: str | None = None
    salt: str | None = None
    receipt: str | None = None


class BatchIn(Input):
    """One claim about many subjects, on consents or another basis; each is answered like one asked alone. `epsilon` is
    what counting all their answers, with noise, may cost; without it they are not counted."""

    subscription: Id
    subjects: Annotated[list[Number], Field(min_length=1, max_length=100)]
    claim: Name
    value: Value | None = None
    basis: Basis | None = None
    epsilon: Annotated[Decimal, Field(max_digits=60)] | None = None


class BatchOut(Output):
    """A row for each subject, in their order: a claim with its answer, or the code and sentence that refused it.
    `counts` names the job that counts."""

    rows: list[dict[str, Any]]
    counts: dict[str, str] | None = None
