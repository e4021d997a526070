"""What the specification of a program says, and the rows that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sandbox.catalogue.entry import Entry
from sandbox.catalogue.facts import TableFacts
from sandbox.core.canonical import canonical_bytes
from sandbox.core.sentences import plainly
from sandbox.errors import Problem
from sandbox.plan.scalar import INTEGER, Type
from sandbox.plan.worked import OWN, Given, Worked
from sandbox.products.program import code
from sandbox.products.specification import OURS
from sandbox.sql.compile import compile_units

LONGEST_RUN = 600  # seconds that all blocks may take together
MOST_DIGITS = 18
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
Number = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=MOST_DIGITS)]
Whole = Annotated[int, Field(strict=True, ge=-(10**15), le=10**15)]
Share = Annotated[Decimal, Field(gt=0, lt=1, max_digits=4)]


class OutputSpec(BaseModel):
    """A number that the program gives of each block, kept between `lower` and `upper` and rounded to `scale` decimals;
    `default` where a block gives none (the middle of the bounds without it). `combine`: the mean over the blocks, their
    median, or the value that a share of the blocks, like "0.9", is not above. `weight`: its share of the privacy."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Name
    lower: Number
    upper: Number
    scale: Annotated[int, Field(ge=0, le=9, strict=True)] = 0
    combine: Literal["mean", "median"] | Share = "mean"
    default: Number | None = None
    weight: Annotated[int, Field(ge=1, le=100, strict=True)] = 1

    @model_validator(mode="after")
    def _fits(self) -> OutputSpec:
        if not self.lower < self.upper:
            raise ValueError("write lower below upper")
        if not self.lower <= self.otherwise <= self.upper:
            raise ValueError("write a default between lower and upper")
        if any(_decimals(one) > self.scale for one in (self.lower, self.upper, self.otherwise)):
            raise ValueError("write bounds and default with at most scale decimals")
        if max(abs(self.lower), abs(self.upper)).scaleb(self.scale) >= 10**MOST_DIGITS:
            raise ValueError(f"write bounds of at most {MOST_DIGITS} digits, decimals included")
        return self

    @property
    def otherwise(self) -> Decimal:
        if self.default is not None:
            return self.default
        return ((self.lower + self.upper) / 2).quantize(Decimal(1).scaleb(-self.scale))

    @property
    def rank(self) -> tuple[int, int] | None:
        """The rank a/b of a quantile; None of a mean."""
        if self.combine == "mean":
            return None
        return (1, 2) if self.combine == "median" else Decimal(self.combine).as_integer_ratio()

    @property
    def given(self) -> Given:
        kind = Type("decimal", self.scale) if self.scale else INTEGER
        return Given(self.name, kind, self.lower, self.upper, self.otherwise)


class ParameterSpec(BaseModel):
    """What a user may choose: one of `options`, or a whole number from `lower` to `upper`; else it is `default`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    options: Annotated[tuple[str | Whole, ...], Field(min_length=1, max_length=1000)] | None = None
    lower: Whole | None = None
    upper: Whole | None = None
    default: str | Whole

    @model_validator(mode="after")
    def _fits(self) -> ParameterSpec:
        if (self.options is None) == (self.lower is None or self.upper is None):
            raise ValueError("write options, or lower and upper")
        if not self.takes(self.default):
            raise ValueError("write a default that may be chosen")
        return self

    def takes(self, value: object) -> bool:
        """Say whether the value may be chosen."""
        if self.options is not None:
            return any(type(one) is type(value) and one == value for one in self.options)
        assert self.lower is not None and self.upper is not None
        return type(value) is int and self.lower <= value <= self.upper


class ProgramSpec(BaseModel):
    """`sql` gives the rows, `code` defines `program(rows, parameters)`, which returns the `outputs` of one block. The
    units are spread over `blocks`, each of which has `seconds`, all of them together at most ten minutes, and
    `memory_mb`. `max_epsilon`: the most that one run may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sql: Annotated[str, Field(min_length=1, max_length=20_000)]
    code: Annotated[str, Field(min_length=1)]
    outputs: Annotated[tuple[OutputSpec, ...], Field(min_length=1, max_length=50)]
    parameters: Annotated[dict[Name, ParameterSpec], Field(max_length=20)] = {}
    blocks: Annotated[int, Field(ge=2, le=1024, strict=True)] = 64
    seconds: Annotated[Decimal, Field(ge=Decimal("0.1"), le=60, max_digits=5, decimal_places=3)] = Decimal(1)
    memory_mb: Annotated[int, Field(ge=16, le=4096, strict=True)] = 512
    max_epsilon: Annotated[Decimal, Field(gt=0, max_digits=20)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> ProgramSpec:
        names = [one.name for one in self.outputs]
        if len(set(names)) != len(names):
            raise ValueError("give each of outputs a name of its own")
        if self.blocks * self.seconds > LONGEST_RUN:
            raise ValueError(f"write blocks and seconds that make at most {LONGEST_RUN} seconds together")
        return self


def read(spec: Mapping[str, Any]) -> ProgramSpec:
    """Read what is the program's own in a specification. Raises field_invalid."""
    try:
        found = ProgramSpec.model_validate({name: value for name, value in spec.items() if name not in OURS})
    except ValidationError as error:
        first = error.errors()[0]
        place = [str(part) for part in first["loc"] if not str(part).startswith(("literal", "constrained", "decimal"))]
        where = ".".join(("spec", *place))
        said = plainly(first["msg"])
        if place[-1:] == ["combine"]:
            said = 'write "mean", "median", or a share of the blocks such as "0.9"'
        raise Problem("field_invalid", f"Field {where}: {said}.", field=where) from None
    code.check(found.code)
    return found


def worked(
    spec: ProgramSpec, entry: Entry, facts: Mapping[str, TableFacts] | None, chosen: Mapping[str, Any]
) -> Worked:
    """Give the rows that the program makes of the tables of `entry`, with what a user has chosen. Raises `Problem`:
    what its SQL raises, unit_missing, field_invalid."""
    if entry.unit is None or entry.privacy is None:
        raise Problem("unit_missing", f"{entry.name} declares no privacy unit; ask the holder to declare it.")
    rows = compile_units(spec.sql, entry, facts)
    if OWN in rows.columns:
        say = f"{OWN} is the number of a row's unit in its block; give the column another name"
        raise Problem("field_invalid", f"Field spec.sql: {say}.", field="spec.sql")
    return Worked(
        rows.relation,
        tuple(rows.columns),
        spec.code,
        canonical_bytes(parameters(spec, chosen)).decode(),
        spec.blocks,
        tuple(one.given for one in spec.outputs),
        int(spec.seconds * 1000),
        spec.memory_mb,
    )


def parameters(spec: ProgramSpec, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Give the value of every parameter. Raises field_invalid."""
    for name, value in chosen.items():
        known = spec.parameters.get(name)
        if known is None:
            say = f"write one of {', '.join(spec.parameters)}" if spec.parameters else "this program takes none"
            raise Problem("field_invalid", f"Field parameters.{name[:60]}: {say}.", field="parameters")
        if not known.takes(value):
            listed = ", ".join(map(str, (known.options or ())[:20]))
            say = f"write one of {listed}" if listed else f"write a whole number from {known.lower} to {known.upper}"
            raise Problem("field_invalid", f"Field parameters.{name}: {say}.", field=f"parameters.{name}")
    return {name: chosen.get(name, known.default) for name, known in spec.parameters.items()}


def _decimals(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
