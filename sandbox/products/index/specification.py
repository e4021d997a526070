"""What the specification of an index says, and the question that each of its periods asks."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlglot.dialects import DuckDB
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from sandbox.core.sentences import plainly
from sandbox.errors import Problem
from sandbox.products.periods import Period

VALUE = "value"
PARTS = "parts"
Number = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=20)]
Column = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]


class Smoothing(BaseModel):
    """How a series is smoothed: `exponential` with a share `alpha` for the newest value, or `local_level`, where the
    known noise of each value decides how much it counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    method: Literal["exponential", "local_level"]
    alpha: Annotated[Decimal, Field(gt=0, le=1, max_digits=10)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Smoothing:
        if (self.method == "exponential") != (self.alpha is not None):
            raise ValueError('write {"method": "exponential", "alpha": "0.3"} or {"method": "local_level"}')
        return self


class IndexSpec(BaseModel):
    """`sql` gives the parts of the index for one period, in which :year, :month, :from (its first day) and :to (the day
    after its last) stand for the period. The value is `formula`, an expression over the parts, or the weighted mean of
    the parts in `weights`, each moved from its range in `ranges` to 0–100 where `normalisation` is minmax. In a series
    values are shown against the one of the period `base` as 100 (base), in standard deviations from the mean of those
    before (z), or as they are. `bounds` are what one unit may contribute, as in a question."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sql: Annotated[str, Field(min_length=1, max_length=20_000)]
    formula: Annotated[str, Field(min_length=1, max_length=2_000)] | None = None
    weights: Annotated[dict[Column, Number], Field(min_length=1, max_length=50)] | None = None
    ranges: dict[Column, tuple[Number, Number]] = {}
    bounds: dict[str, Any] | None = None
    normalisation: Literal["none", "base", "minmax", "z"] = "none"
    base: str | None = None
    smoothing: Smoothing | None = None

    @model_validator(mode="after")
    def _fits(self) -> IndexSpec:
        if (self.formula is None) == (self.weights is None):
            raise ValueError("write a formula over the columns of sql, or weights for them, one of the two")
        if (self.normalisation == "base") != (self.base is not None):
            raise ValueError('write base, the period that counts as 100, with normalisation "base" and with no other')
        if (self.normalisation == "minmax") != bool(self.ranges):
            raise ValueError('write ranges for each weighted column with normalisation "minmax" and with no other')
        weights = self.weights or {}
        if self.ranges and set(self.ranges) != set(weights):
            raise ValueError("write weights and ranges for the same columns")
        if any(low >= high for low, high in self.ranges.values()):
            raise ValueError("write the lower end of a range first")
        if self.weights is not None and (any(w < 0 for w in weights.values()) or not sum(weights.values())):
            raise ValueError("write weights of 0 and more, one of them above 0")
        return self


def read(spec: Mapping[str, Any]) -> IndexSpec:
    """Read what is the index's own in a specification. Raises field_invalid."""
    try:
        return IndexSpec.model_validate(dict(spec))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(("spec", *map(str, first["loc"])))
        raise Problem("field_invalid", f"Field {where}: {plainly(first['msg'])}.", field=where) from None


def question_of(spec: IndexSpec, period: Period) -> str:
    """Give the SQL of one period: its parts and, behind them, the value of the index."""
    return f"SELECT *, {_value(spec)} AS {VALUE} FROM ({filled(spec.sql, period)}\n) AS {PARTS}"  # noqa: S608


def filled(sql: str, period: Period) -> str:
    """Give `sql` with the period written where it is named. Raises sql_syntax for text that does not end, and
    field_invalid for another name behind a colon."""
    said = {
        "year": f"{period.first.year}",
        "month": f"{period.first.month}",
        "from": f"DATE '{period.first.isoformat()}'",
        "to": f"DATE '{period.end.isoformat()}'",
    }
    try:
        tokens: list[Token] = list(DuckDB().tokenize(sql))
    except SqlglotError:
        raise Problem("sql_syntax", "The text ends inside a quoted text, name or comment; close it.") from None
    text, after = [], 0
    for colon, name in pairwise(tokens):
        if colon.token_type is TokenType.COLON and name.start == colon.end + 1:
            if name.text.lower() not in said:
                say = f":{name.text[:60]} names nothing of a period; write {', '.join(f':{one}' for one in said)}"
                raise Problem("field_invalid", f"Field spec.sql: {say}.", field="spec.sql")
            text += [sql[after : colon.start], said[name.text.lower()]]
            after = name.end + 1
    return "".join(text) + sql[after:]


def _value(spec: IndexSpec) -> str:
    if spec.weights is None:
        return f"(({spec.formula}\n))"  # two brackets: an expression and nothing else fits in
    parts = []
    for name, weight in spec.weights.items():
        part = f'{PARTS}."{name}"'
        if name in spec.ranges:
            low, high = spec.ranges[name]
            part = f"100 * ({part} - ({low:f})) / {high - low:f}"
        parts.append(f"{weight:f} * {part}")
    return f"({' + '.join(parts)}) / {sum(spec.weights.values()):f}"
