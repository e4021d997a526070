"""Workspaces: synthetic samples, what users bring in, reviews at the door."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from sandbox.wire.common import Id, Input, Output, Text

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]


class SampleQuery(Input):
    """How many synthetic rows of each table."""

    rows: Annotated[int, Field(ge=1, le=1000)] = 100


class SampleOut(Output):
    """Synthetic rows: of the right columns and types, made from declarations and the public profile, of nobody: the
    `tables`, and the `blocks` that code gets as `rows` – `unit` in place of identifiers –, one of each resource; none
    where the product runs no code."""

    product: str
    synthetic: bool
    note: dict[str, str]
    tables: list[dict[str, Any]]
    blocks: list[dict[str, Any]]


class OwnColumnIn(Input):
    """What is declared of a column of an own table: its type, else that which its cells have; the bounds of a number or
    date, beyond which cells become the bound; or all values it has, so that groups by it all show."""

    name: Name
    type: Annotated[str, Field(max_length=40)] | None = None
    bounds: Annotated[list[Any], Field(min_length=2, max_length=2)] | None = None
    domain: Annotated[list[Any], Field(min_length=1, max_length=1000)] | None = None


class OwnTableIn(Input):
    """An own table: CSV text with a line of column names, and on which legal basis it is brought; the column that holds
    the `identifier` of the unit – each one once –, without it the one of the unit's name, if there is one; and what is
    declared of other `columns`."""

    name: Name
    csv: Annotated[str, Field(min_length=3, max_length=2_000_000)]
    basis: Text
    identifier: Name | None = None
    columns: Annotated[list[OwnColumnIn], Field(max_length=100)] | None = None


class AdmissionIn(Input):
    """Code that defines `program(rows, parameters)`, the numbers it gives (as of a program's `outputs`), own tables:
    the code finds them as `parameters["tables"][name][column]` – of one with an identifier the rows of the units of its
    block, by `unit` –, a question in SQL as `own.name`. Without code there are questions only."""

    subscription: Id
    code: Annotated[str, Field(min_length=1, max_length=50_000)] | None = None
    outputs: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=50)] | None = None
    tables: Annotated[list[OwnTableIn], Field(max_length=5, default_factory=list)]


class DecisionIn(Input):
    """What the entry review decided, and why."""

    verdict: Literal["admitted", "rejected"]
    reason: Annotated[str, Field(max_length=2000)] = ""


class ExitIn(Input):
    """What the exit review decided, and why."""

    verdict: Literal["passed", "held"]
    reason: Annotated[str, Field(max_length=2000)] = ""
