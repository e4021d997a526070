"""What the specification of a verification product says, and what in it is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.catalogue.declared import constant
from sandbox.catalogue.entry import Basis, ColumnEntry, Entry, TableEntry
from sandbox.core.sentences import plainly
from sandbox.errors import Problem
from sandbox.persons.pseudonym import KINDS
from sandbox.plan.scalar import Value
from sandbox.products.verification.claims import NOT_AVAILABLE, Claim, How

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Band = Annotated[str, Field(pattern=r"^[\w .,<>≤≥–+-]{1,40}$")]
Raw = str | int | bool
Limit = Annotated[int, Field(ge=1, le=10_000_000, strict=True)]
BASES = get_args(Basis)
HELD = 64


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Subject(_Said):
    table: str
    column: str
    kind: str


class _Claim(_Said):
    name: Name
    kind: How
    column: str
    values: Annotated[list[Raw], Field(min_length=1, max_length=1000)] | None = None
    cuts: Annotated[list[Raw], Field(min_length=1, max_length=20)] | None = None
    bands: Annotated[list[Band], Field(min_length=2, max_length=21)] | None = None


class Limits(_Said):
    """How many claims are answered: about one subject in a calendar month, whoever asks and by whichever product of the
    resource; to one user a day; by the product a day."""

    subject_per_month: Limit = 30
    user_per_day: Limit = 1000
    product_per_day: Limit = 20_000


class _Spec(_Said):
    subject: _Subject
    claims: Annotated[list[_Claim], Field(min_length=1, max_length=20)]
    bases: Annotated[list[str], Field(min_length=1)]
    limits: Limits = Limits()


@dataclass(frozen=True)
class Specification:
    """A specification that was checked against its registration. `kind` says what the subject's number is; `bases` on
    which an answer may rest, `consent` and legal ones."""

    table: str
    column: str
    kind: str
    claims: Mapping[str, Claim]
    bases: tuple[str, ...]
    limits: Limits

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are looked up."""
        return tuple(sorted({claim.column for claim in self.claims.values()}))

    def claim(self, name: str) -> Claim:
        """Give a claim by its name. Raises field_invalid."""
        if (found := self.claims.get(name)) is None:
            raise Problem("field_invalid", f"Field claim: this product answers {', '.join(self.claims)}.")
        return found


def read(spec: Mapping[str, Any], entry: Entry) -> Specification:
    """Read the specification of a product over `entry`, what all kinds may say left out. Raises field_invalid that says
    what to write."""
    return _read(json.dumps(spec, sort_keys=True), entry)


@lru_cache(maxsize=HELD)
def _read(text: str, entry: Entry) -> Specification:
    try:
        said = _Spec.model_validate(json.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, ("spec", *first["loc"])))
        raise Problem("field_invalid", f"Field {where}: {plainly(first['msg'])}.", field=where) from None
    if said.subject.kind not in KINDS:
        raise _wrong("subject.kind", f"write one of {', '.join(KINDS)}")
    table = _table(entry, said.subject)
    if wrong := sorted(set(said.bases) - set(BASES)):
        raise _wrong("bases", f"there is no basis {wrong[0]}; write some of {', '.join(BASES)}")
    claims = {one.name: _claim(table, one, f"claims.{place}") for place, one in enumerate(said.claims)}
    if len(claims) < len(said.claims):
        raise _wrong("claims", "give each claim a name of its own")
    return Specification(table.name, said.subject.column, said.subject.kind, claims, tuple(said.bases), said.limits)


def _table(entry: Entry, subject: _Subject) -> TableEntry:
    """The table must have at most one row of a unit, which the subject's column names."""
    table = entry.table(subject.table)
    if table is None or table.public:
        protected = [one.name for one in entry.tables if not one.public]
        raise _wrong("subject.table", f"name a protected table: {', '.join(protected)}")
    if table.unit_column != subject.column:
        raise _wrong("subject.column", f"name the column of table {table.name} that names its unit: {table.unit}")
    if table.max_rows_per_unit != 1:
        raise _wrong("subject.table", "declare max_rows_per_unit: 1 for it: a claim is about one record")
    found = table.column(subject.column)
    if found is None or found.plan_type.kind != "string":
        raise _wrong("subject.column", "declare it as string: numbers of persons and firms have letters and zeros")
    return table


def _claim(table: TableEntry, said: _Claim, where: str) -> Claim:
    column = table.column(said.column)
    if column is None or column.name == table.unit_column:
        raise _wrong(f"{where}.column", f"name a column of table {table.name} other than the subject's")
    needed = {"equality": set(), "membership": {"values"}, "band": {"cuts", "bands"}}[said.kind]
    given = {name for name in ("values", "cuts", "bands") if getattr(said, name) is not None}
    if given - {"values"} - needed or (said.kind == "band" and "values" in given) or needed - given:
        listed = " and ".join(sorted(needed)) or "at most values"
        raise _wrong(where, f"a claim of kind {said.kind} says {listed}")
    if said.kind == "band" and column.plan_type.kind not in ("integer", "decimal", "date"):
        raise _wrong(f"{where}.column", "bands are of numbers or dates")
    values, cuts = (_constants(column, getattr(said, name), f"{where}.{name}") for name in ("values", "cuts"))
    if said.kind == "band":
        if list(cuts) != sorted(set(cuts)):  # type: ignore[type-var]  # of one declared type
            raise _wrong(f"{where}.cuts", "write cut points in order, each once")
        bands = said.bands or []
        if len(bands) != len(cuts) + 1 or len(set(bands)) < len(bands) or NOT_AVAILABLE in bands:
            raise _wrong(f"{where}.bands", f"name {len(cuts) + 1} bands, each once: one below each cut, one above all")
    sensitive = column.role == "sensitive"
    return Claim(said.name, said.kind, column.name, column.type, values, cuts, tuple(said.bands or ()), sensitive)


def _constants(column: ColumnEntry, raw: Sequence[Raw] | None, where: str) -> tuple[Value, ...]:
    try:
        return tuple(constant(column.type, one) for one in raw or ())
    except ValueError as error:
        raise _wrong(where, str(error)) from None


def _wrong(where: str, say: str) -> Problem:
    return Problem("field_invalid", f"Field spec.{where}: {say}.", field=f"spec.{where}")
