"""Accuracy rules that a holder declares of its tables (R3). They change nothing: each data version is measured by them,
and the report says what broke them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

LONGEST_PATTERN = 200
Column = Annotated[str, Field(min_length=1, max_length=63)]
Share = Annotated[Decimal, Field(ge=0, le=1, max_digits=8, decimal_places=6)]


class _Rule(BaseModel):
    """`target` is the share that the holder means to reach."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    target: Share = Decimal(1)


class Filled(_Rule):
    """The column is never empty."""

    rule: Literal["filled"]
    column: Column


class Range(_Rule):
    """Values of the column lie between `least` and `most`, both included."""

    rule: Literal["range"]
    column: Column
    least: Any = None
    most: Any = None


class Pattern(_Rule):
    """Texts of the column match the whole `pattern`, a regular expression without backreferences (RE2)."""

    rule: Literal["pattern"]
    column: Column
    pattern: Annotated[str, Field(min_length=1, max_length=LONGEST_PATTERN)]

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, text: str) -> str:
        try:
            re.compile(text)
        except re.error as error:
            raise ValueError(f"write a regular expression; {error}") from None
        return text


class Refers(_Rule):
    """Values of the column stand in the column `to` of another table, written table.column."""

    rule: Literal["reference"]
    column: Column
    to: Annotated[str, Field(pattern=r"^[A-Za-z_]\w{0,62}\.[A-Za-z_]\w{0,62}$")]


class Unique(_Rule):
    """No two rows have the same values in `columns`; rows with an empty one aside."""

    rule: Literal["unique"]
    columns: Annotated[tuple[Column, ...], Field(min_length=1, max_length=8)]


QualityRule = Annotated[Filled | Range | Pattern | Refers | Unique, Field(discriminator="rule")]


def columns_of(rule: Filled | Range | Pattern | Refers | Unique) -> tuple[str, ...]:
    """Give the columns of its table that a rule looks at."""
    return rule.columns if isinstance(rule, Unique) else (rule.column,)
