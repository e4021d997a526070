"""A registration as its holder declares it: what the tables are, who is protected, which bounds hold.

Everything here is a declaration made without looking at the data; ingest enforces each of them on every data version,
so that plans may rely on them. Nothing measured is ever added.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError, ValidationInfo, field_validator

from policies.grades import DETECTION
from sandbox.catalogue.declared import column_type, constant
from sandbox.catalogue.grading import check_grade, check_negative
from sandbox.catalogue.paths import UnitPath, read_path
from sandbox.catalogue.rules import QualityRule
from sandbox.core.sentences import plainly
from sandbox.errors import Problem
from sandbox.plan.scalar import Type
from sandbox.privacy.periods import parse

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
Text = Annotated[str, Field(min_length=1, max_length=500)]
KeySet = Annotated[tuple[Name, ...], Field(min_length=1, max_length=8)]
Reference = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}\.[A-Za-z_][A-Za-z0-9_]{0,62}$")]
Duration = Annotated[
    str,
    Field(pattern=r"^P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?$", min_length=3, max_length=40),
]
Epsilon = Annotated[Decimal, Field(gt=0, le=Decimal("1e9"))]
Delta = Annotated[Decimal, Field(ge=0, lt=1)]
Basis = Literal[
    "consent",
    "contract",
    "statutory_duty",
    "public_emergency",
    "public_interest_reporting",
    "lawfully_published",
    "other_law",
]
Role = Literal["identifier", "quasi_identifier", "personal", "sensitive", "trade_secret", "public"]


class Declared(BaseModel):
    """What all declarations share: no unknown field, no change once validated."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Title(Declared):
    zh: Text
    en: Text


class LegalBasis(Declared):
    """Why the holder may have the data (R1): a basis from the list, the instrument, the purpose of collection.

    The bases are those of Article 13 of the Personal Information Protection Law, in its order."""

    type: Basis
    instrument: Text
    purpose: Text


class Unit(Declared):
    """Who is protected: `column` is where the unit is named first; `population` whose budget is spent, when it is
    shared with other resources."""

    name: Name
    column: Reference
    population: Text | None = None


class PerUser(Declared):
    epsilon: Epsilon
    delta: Delta = Decimal(0)


class Profile(Declared):
    """The share of the budget that buys the public profile: noisy sizes and quantiles that bounds are chosen from."""

    epsilon: Epsilon


class Privacy(Declared):
    """The promise for the population, for ever; each user's share of it, renewed after `renew`. A `pure` promise is
    one of ε alone, without δ."""

    epsilon: Epsilon
    delta: Delta = Decimal(0)
    per_user: PerUser
    renew: Duration | None = None
    pure: StrictBool = False
    profile: Profile | None = None

    @field_validator("renew")
    @classmethod
    def _period(cls, text: str | None) -> str | None:
        if text is not None:
            parse(text)
        return text


class ColumnEntry(Declared):
    """A column. `domain` lists all its values, `bounds` its least and largest; both are enforced, never discovered.
    Of a `key` no two rows of the table have the same value; NULL is none. `cleared` says why a column is not what its
    values are taken for."""

    name: Name
    type: str
    role: Role
    domain: tuple[Any, ...] | None = Field(None, min_length=1, max_length=10_000)
    bounds: tuple[Any, Any] | None = None
    references: Reference | None = None
    required: StrictBool = False
    key: StrictBool = False
    description: Text | None = None
    cleared: dict[str, Text] | None = None

    @field_validator("cleared")
    @classmethod
    def _known_kinds(cls, cleared: dict[str, str] | None) -> dict[str, str] | None:
        if unknown := sorted(set(cleared or ()) - DETECTION.kinds.keys()):
            raise ValueError(f"{unknown[0]} is nothing that is looked for; write {', '.join(DETECTION.kinds)}")
        return cleared

    @field_validator("type")
    @classmethod
    def _known_type(cls, text: str) -> str:
        column_type(text)
        return text

    @field_validator("domain", "bounds")
    @classmethod
    def _typed(cls, values: tuple[Any, ...] | None, info: ValidationInfo) -> tuple[Any, ...] | None:
        if values is None or "type" not in info.data:
            return values
        typed: tuple[Any, ...] = tuple(constant(info.data["type"], raw) for raw in values)
        if info.field_name == "domain" and len(set(typed)) != len(typed):
            raise ValueError("name each value once")
        if info.field_name == "bounds":
            if column_type(info.data["type"]).kind in ("string", "boolean"):
                raise ValueError("bounds are for numbers and dates; write a domain instead")
            if info.data.get("domain") is not None:
                raise ValueError("write a domain or bounds, not both")
            if typed[0] > typed[1]:
                raise ValueError("write the lower bound first")
        return typed

    @property
    def plan_type(self) -> Type:
        """The column's type in a plan."""
        return column_type(self.type)

    @property
    def lower(self) -> Decimal | None:
        """The enforced lower bound of a number: declared, or the least of its domain."""
        return self._limit(0)

    @property
    def upper(self) -> Decimal | None:
        """The enforced upper bound of a number: declared, or the largest of its domain."""
        return self._limit(-1)

    def _limit(self, which: int) -> Decimal | None:
        values = self.bounds or self.domain
        return Decimal(sorted(values)[which]) if values and self.plan_type.numeric else None


class TableEntry(Declared):
    """A table: protected by the unit that `unit` leads to – a column, or a path over foreign keys – or `public`:
    byte-identical without any one unit.

    For each of `key_sets` the contribution index is built; `measures` are the numeric columns whose norms it holds
    (None: all that have bounds). `quality` are rules that every data version is measured by."""

    name: Name
    public: StrictBool = False
    unit: Text | None = None
    max_rows_per_unit: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] | None = None
    columns: Annotated[tuple[ColumnEntry, ...], Field(min_length=1, max_length=1000)]
    key_sets: Annotated[tuple[KeySet, ...], Field(max_length=16)] = ()
    measures: Annotated[tuple[Name, ...], Field(max_length=16)] | None = None
    quality: Annotated[tuple[QualityRule, ...], Field(max_length=100)] = ()

    def column(self, name: str) -> ColumnEntry | None:
        """Give the column called `name`, in any case of letters, or None."""
        return next((column for column in self.columns if column.name.lower() == name.lower()), None)

    @property
    def path(self) -> UnitPath | None:
        """The way to the unit, when that is a path over foreign keys."""
        return read_path(self.unit) if self.unit is not None and "->" in self.unit else None

    @property
    def unit_column(self) -> str | None:
        """The column that names the unit in this table itself, if there is one."""
        return None if self.path else self.unit

    @property
    def measured(self) -> tuple[str, ...]:
        """The columns whose norms the contribution index holds."""
        if self.measures is not None:
            return self.measures
        return tuple(column.name for column in self.columns if column.bounds is not None and column.plan_type.numeric)


class Entry(Declared):
    """A whole registration; `parse_entry` makes one from JSON. `holder` is the one body that answers for the data
    (一数一源), `holder_party` the party that it is here. `protection` says how it is served: with noise, or exactly."""

    name: Name
    title: Title
    holder: Text
    holder_party: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    domain: Annotated[str, Field(min_length=1, max_length=64)]
    grade: str
    personal_information: StrictBool
    legal_basis: LegalBasis
    update_frequency: Duration
    unit: Unit | None = None
    tables: Annotated[tuple[TableEntry, ...], Field(min_length=1, max_length=64)]
    privacy: Privacy | None = None
    protection: Literal["private", "exact"] = "private"

    def table(self, name: str) -> TableEntry | None:
        """Give the table called `name`, in any case of letters, or None."""
        return next((table for table in self.tables if table.name.lower() == name.lower()), None)

    def parent(self, table: TableEntry) -> tuple[TableEntry, ColumnEntry] | None:
        """Give the table to which the path of `table` goes first, and the column that its own first column names:
        what that refers to, or the column of the same name. None without path, or when there is no such column."""
        if table.path is None:
            return None
        mine, parent = table.column(table.path.column), self.table(table.path.parent)
        refers = mine.references if mine is not None else None
        name = refers.split(".")[1] if refers and refers.split(".")[0] == table.path.parent else table.path.column
        found = parent.column(name) if parent is not None else None
        return None if parent is None or found is None else (parent, found)

    def needs(self, table: TableEntry) -> set[str]:
        """Give the names of the other tables that must be read before `table`."""
        refers = {column.references.split(".")[0] for column in table.columns if column.references}
        return refers | ({table.path.parent} if table.path else set())

    @property
    def population(self) -> str:
        """The unit population whose budget is spent; empty when all tables are public."""
        if self.unit is None:
            return ""
        return self.unit.population or f"{self.holder}/{self.name}/{self.unit.name}"

    def as_json(self) -> dict[str, Any]:
        """Give the JSON that `parse_entry` reads back as this entry."""
        return self.model_dump(mode="json", exclude_defaults=True)


def parse_entry(raw: object) -> Entry:
    """Read a registration from JSON. Raises `Problem`: grade_refused, unit_missing, or field_invalid, which names the
    field's path and says what to write."""
    from sandbox.catalogue.structure import check_structure

    if not isinstance(raw, Mapping):
        raise Problem("field_invalid", "The metadata of a registration is a JSON object; write one.")
    check_grade(raw.get("grade"))
    try:
        entry = Entry.model_validate(raw)
    except ValidationError as error:
        raise _problem(error) from None
    check_structure(entry)
    check_negative(entry)
    return entry


def _problem(error: ValidationError) -> Problem:
    """Say of the first wrong field where it is and what to write there."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    last = str(first["loc"][-1]) if first["loc"] else ""
    match first["type"]:
        case "missing":
            choices = ", ".join(get_args(Role)) if last == "role" else ""
            say = f"is missing; write {f'one of {choices}' if choices else 'it'}"
        case "extra_forbidden":
            say = "is not a field of a registration; remove it"
        case "string_pattern_mismatch" if last in ("update_frequency", "renew"):
            say = "is not an ISO 8601 duration; write one, for example P1M"
        case "string_pattern_mismatch" if last in ("column", "references"):
            say = "does not name a column; write table.column"
        case "model_type" if last == "legal_basis":
            say = 'is no free text; write {"type": …, "instrument": …, "purpose": …}'
        case "string_pattern_mismatch":
            say = "is not a name; use letters, digits and _, at most 63, with no digit first"
        case _:
            say = "is not valid: " + plainly(first["msg"])
    return Problem("field_invalid", f"Field {where} {say}.", field=where)
