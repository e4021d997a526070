"""What the specification of a synthetic table says, and the plan that it asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.catalogue.entry import Entry
from sandbox.catalogue.facts import TableFacts
from sandbox.core.sentences import plainly
from sandbox.errors import Problem
from sandbox.plan.drawn import MOST_CELLS, MOST_ROWS, Coded, Drawn
from sandbox.plan.families import families, size_of
from sandbox.plan.relation import Relation
from sandbox.plan.scalar import DATE, Column, Value
from sandbox.products.specification import OURS
from sandbox.products.synthetic.binning import MOST_CODES, ColumnSpec, Name, edges_of, invalid
from sandbox.sql.compile import compile_units
from sandbox.sql.unit_rows import UnitRows, of_one_row

MOST_COLUMNS, MOST_MARGINALS = 40, 120
Names = Annotated[tuple[Name, ...], Field(min_length=1, max_length=6)]


class Title(BaseModel):
    """A sentence in both languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    zh: Annotated[str, Field(min_length=1, max_length=500)]
    en: Annotated[str, Field(min_length=1, max_length=500)]


class SyntheticSpec(BaseModel):
    """`rows`: SQL that gives one row of each unit. Each column is counted by itself; `marginals` are counted together,
    and `target` with every other column. `check`: what is counted only to tell how good the table is, for `evaluation`
    of the privacy loss. `size`: how many rows each recipient gets. `epsilon`: what the table costs. `use`: what it is
    for."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rows: Annotated[str, Field(min_length=1, max_length=20_000)]
    columns: Annotated[tuple[ColumnSpec | Name, ...], Field(min_length=1, max_length=MOST_COLUMNS)]
    marginals: Annotated[tuple[Names, ...], Field(max_length=MOST_MARGINALS)] = ()
    target: Name | None = None
    check: Annotated[tuple[Names, ...], Field(max_length=MOST_MARGINALS)] = ()
    evaluation: Annotated[Decimal, Field(gt=0, le=Decimal("0.5"), max_digits=4)] = Decimal("0.1")
    size: Annotated[int, Field(ge=1, le=MOST_ROWS)]
    epsilon: Annotated[Decimal, Field(gt=0, max_digits=30)]
    use: Title


def read(spec: Mapping[str, Any]) -> SyntheticSpec:
    """Read what is the kind's own in a product's specification. Raises field_invalid."""
    try:
        return SyntheticSpec.model_validate({name: value for name, value in spec.items() if name not in OURS})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if not re.match("function-|constrained-|[A-Z]", str(part)))
        raise Problem("field_invalid", f"Field spec.{where}: {plainly(first['msg'])}", field=f"spec.{where}") from None


def drawn_of(
    spec: SyntheticSpec, entry: Entry, facts: Mapping[str, TableFacts] | None = None
) -> tuple[Relation, tuple[Column, ...], Drawn]:
    """Give the rows of units, the column of each that is drawn, and how rows are drawn. Everything follows from
    declarations. Raises field_invalid, bound_missing, unit_missing and what its SQL raises."""
    if entry.unit is None or entry.privacy is None:
        raise Problem("unit_missing", f"{entry.name} declares no privacy unit; ask the holder to declare it.")
    rows = of_one_row(compile_units(spec.rows, entry, facts), entry.unit.name)
    asked = [ColumnSpec(name=one) if isinstance(one, str) else one for one in spec.columns]
    names = [one.name for one in asked]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise invalid("columns", f"{twice} is there twice; name each column once")
    coded = tuple(_coded(one, rows) for one in asked)
    chosen = _marginals(spec, names)
    drawn = _drawn(spec, coded, chosen, _held(spec, names, chosen))
    return rows.relation, tuple(rows.columns[name] for name in names), drawn


def _drawn(
    spec: SyntheticSpec, coded: tuple[Coded, ...], fitted: list[tuple[int, ...]], held: list[tuple[int, ...]]
) -> Drawn:
    for field, marginals in (("marginals", fitted), ("check", held)):
        for marginal in marginals:
            if (cells := _cells(coded, marginal)) > MOST_CELLS:
                said = ", ".join(coded[place].name for place in marginal)
                raise invalid(field, f"{said} have {cells} cells together, and at most {MOST_CELLS} are counted")
    sizes = [one.size for one in coded]
    if (cells := sum(size_of(sizes, family) for family in families(sizes, fitted))) > MOST_CELLS:
        raise invalid(
            "marginals",
            f"a model of them has {cells} cells, and at most {MOST_CELLS} are fitted; take fewer or smaller marginals, "
            "such as those of a tree, or fewer bins",
        )
    return Drawn(coded, (*fitted, *held), len(fitted), spec.size)


def _marginals(spec: SyntheticSpec, names: Sequence[str]) -> list[tuple[int, ...]]:
    """Which marginals the model is fitted to: each column, what is chosen, the target with every other column."""
    if len(names) > 1 and not spec.marginals and spec.target is None:
        raise invalid(
            "marginals",
            "say which columns are counted together, or write `target`, a column that is counted with every other; "
            "without it the rows would tell nothing of how columns go together",
        )
    found: list[tuple[int, ...]] = [(place,) for place in range(len(names))]
    found += [_places("marginals", marginal, names) for marginal in spec.marginals]
    if spec.target is not None:
        [target] = _places("target", (spec.target,), names)
        found += [(min(target, other), max(target, other)) for other in range(len(names)) if other != target]
    found = list(dict.fromkeys(found))
    if len(found) + len(spec.check) > MOST_MARGINALS:
        raise invalid("marginals", f"they are {len(found)} with those of single columns; take fewer")
    return found


def _held(spec: SyntheticSpec, names: Sequence[str], fitted: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    found = list(dict.fromkeys(_places("check", marginal, names) for marginal in spec.check))
    for marginal in found:
        if marginal in fitted:
            said = ", ".join(names[place] for place in marginal)
            raise invalid("check", f"the model is fitted to {said}; check columns that it is not told of together")
    return found


def _places(field: str, marginal: Sequence[str], names: Sequence[str]) -> tuple[int, ...]:
    if unknown := next((name for name in marginal if name not in names), None):
        raise invalid(field, f"{unknown} is none of the columns; they are {', '.join(names)}")
    if len(set(marginal)) < len(marginal):
        raise invalid(field, f"{', '.join(marginal)} names a column twice")
    return tuple(sorted(names.index(name) for name in marginal))


def _cells(coded: Sequence[Coded], marginal: Sequence[int]) -> int:
    cells = 1
    for place in marginal:
        cells *= coded[place].size
    return cells


def _coded(asked: ColumnSpec, rows: UnitRows) -> Coded:
    """A column as it is coded."""
    name, column = asked.name, rows.columns.get(asked.name)
    if column is None:
        raise invalid("columns", f"rows give no column {name}; they give {', '.join(rows.columns)}")
    options: tuple[Value, ...] | None = rows.domains.get(name)
    if column.type.kind == "boolean":
        options = (False, True)
    ordered = column.type.numeric or column.type == DATE
    binned = any(one is not None for one in (asked.bounds, asked.bins, asked.cuts))
    if ordered and (binned or options is None or len(options) > MOST_CODES):
        return Coded(name, column.type, (), edges_of(asked, column, rows.days.get(name)), asked.nulls)
    if binned:
        raise invalid("columns", f"{name} has a list of values; bounds, bins and cuts are for numbers and dates")
    options = tuple(one for one in options or () if one is not None)
    if not options:
        raise invalid(
            "columns",
            f"{name} has no declared list of values; a column is a number, a date, a condition or one of a list",
        )
    if not 2 <= len(options) + asked.nulls <= MOST_CODES:
        raise invalid("columns", f"{name} has {len(options)} values; between 2 and {MOST_CODES} are counted")
    return Coded(name, column.type, tuple(sorted(options, key=str)), (), asked.nulls)
