"""What the specification of a workspace says, and what a user brings into one."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sandbox.core.sentences import plainly
from sandbox.errors import Problem
from sandbox.products.program.specification import OutputSpec, ProgramSpec
from sandbox.products.program.specification import read as read_program
from sandbox.products.specification import OURS

TRIED = "def program(rows, parameters):\n    return {'n': 0}\n"
"""Code that a specification is tried with."""


class WorkspaceSpec(BaseModel):
    """`sql` gives the rows that users' code works on, `tables` are the protected ones that their questions in SQL may
    read; one of the two at least. `blocks`, `seconds`, `memory_mb` and `max_epsilon` are as of a program. An admission
    lasts `days`; `exit` says whether answers wait for the exit review."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sql: Annotated[str, Field(min_length=1, max_length=20_000)] | None = None
    tables: Annotated[tuple[str, ...], Field(max_length=64)] = ()
    blocks: Annotated[int, Field(ge=2, le=1024, strict=True)] = 64
    seconds: Annotated[Decimal, Field(ge=Decimal("0.1"), le=60, max_digits=5, decimal_places=3)] = Decimal(1)
    memory_mb: Annotated[int, Field(ge=16, le=4096, strict=True)] = 512
    max_epsilon: Annotated[Decimal, Field(gt=0, max_digits=20)] | None = None
    days: Annotated[int, Field(ge=1, le=366, strict=True)] = 30
    exit: Literal["reviewed", "automatic"] = "reviewed"

    @model_validator(mode="after")
    def _fits(self) -> WorkspaceSpec:
        if self.sql is None and not self.tables:
            raise ValueError("write sql for code, or tables for questions")
        return self

    def program(self, code: str, outputs: Any) -> ProgramSpec:
        """Give the program that a user's code makes of it. Raises field_invalid, also where no code is offered."""
        if self.sql is None:
            raise Problem("field_invalid", "Field code: this workspace takes questions in SQL only; leave code out.")
        shared = self.model_dump(exclude={"days", "exit", "tables"}, exclude_none=True)
        return read_program({**shared, "code": code, "outputs": outputs})


def read(spec: Mapping[str, Any]) -> WorkspaceSpec:
    """Read what is the workspace's own in a specification. Raises field_invalid."""
    try:
        return WorkspaceSpec.model_validate({name: value for name, value in spec.items() if name not in OURS})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(("spec", *map(str, first["loc"])))
        raise Problem("field_invalid", f"Field {where}: {plainly(first['msg'])}.", field=where) from None


__all__ = ["TRIED", "OutputSpec", "WorkspaceSpec", "read"]
