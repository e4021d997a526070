"""What the specification of a synthetic table says, and the plan that it asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.catalogue.entry import Entry
from sandbox.catalogue.facts import TableFacts
from sandbox.core.sentences import plainly
from sandbox.errors import Problem
from sandbox.plan.drawn import MOST_CELLS, MOST_ROWS, MOST_STEPS, Coded, Drawn
from sandbox.plan.families import families, size_of
from sandbox.plan.relation import Relation
from sandbox.plan.scalar import Column, Value
from sandbox.products.specification import OURS
from sandbox.sql.compile import compile_units
from sandbox.sql.unit_rows import UnitRows, of_one_row

MOST_COLUMNS, MOST_MARGINALS, MOST_CODES, USUAL_BINS = 40, 120, 1_000, 10
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
Number = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=30)]
Names = Annotated[tuple[Name, ...], Field(min_length=1, max_length=6)]


class ColumnSpec(BaseModel):
    """A column by the name that `rows` give it. A number is cut into `bins` equally wide ones, or where `cuts` say,
    each the first number of a bin; `bounds` clamp it more closely than the catalogue does. `nulls`: NULL is a value of
    its own; else it counts as the first value, or the lowest bin."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Name
    bounds: tuple[Number, Number] | None = None
    bins: Annotated[int, Field(ge=2, le=MOST_CODES)] | None = None
    cuts: Annotated[tuple[Number, ...], Field(min_length=1, max_length=MOST_CODES - 1)] | None = None
    nulls: bool = False


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
        where = ".".join(str(part) for part in first["loc"] if not str(part).startswith(("function-", "constrained-")))
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
        raise _invalid("columns", f"{twice} is there twice; name each column once")
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
                raise _invalid(field, f"{said} have {cells} cells together, and at most {MOST_CELLS} are counted")
    sizes = [one.size for one in coded]
    if (cells := sum(size_of(sizes, family) for family in families(sizes, fitted))) > MOST_CELLS:
        raise _invalid(
            "marginals",
            f"a model of them has {cells} cells, and at most {MOST_CELLS} are fitted; take fewer or smaller marginals, "
            "such as those of a tree, or fewer bins",
        )
    return Drawn(coded, (*fitted, *held), len(fitted), spec.size)


def _marginals(spec: SyntheticSpec, names: Sequence[str]) -> list[tuple[int, ...]]:
    """Which marginals the model is fitted to: each column, what is chosen, the target with every other column."""
    if len(names) > 1 and not spec.marginals and spec.target is None:
        raise _invalid(
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
        raise _invalid("marginals", f"they are {len(found)} with those of single columns; take fewer")
    return found


def _held(spec: SyntheticSpec, names: Sequence[str], fitted: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    found = list(dict.fromkeys(_places("check", marginal, names) for marginal in spec.check))
    for marginal in found:
        if marginal in fitted:
            said = ", ".join(names[place] for place in marginal)
            raise _invalid("check", f"the model is fitted to {said}; check columns that it is not told of together")
    return found


def _places(field: str, marginal: Sequence[str], names: Sequence[str]) -> tuple[int, ...]:
    if unknown := next((name for name in marginal if name not in names), None):
        raise _invalid(field, f"{unknown} is none of the columns; they are {', '.join(names)}")
    if len(set(marginal)) < len(marginal):
        raise _invalid(field, f"{', '.join(marginal)} names a column twice")
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
        raise _invalid("columns", f"rows give no column {name}; they give {', '.join(rows.columns)}")
    options: tuple[Value, ...] | None = rows.domains.get(name)
    if column.type.kind == "boolean":
        options = (False, True)
    if options is None and column.type.numeric:
        return Coded(name, column.type, (), _edges(asked, column), asked.nulls)
    if any(one is not None for one in (asked.bounds, asked.bins, asked.cuts)):
        raise _invalid("columns", f"{name} has a list of values; bounds, bins and cuts are for other numbers")
    options = tuple(one for one in options or () if one is not None)
    if not options:
        raise _invalid(
            "columns",
            f"{name} has no declared list of values; a column is a number, a condition or one of a list. Of a date "
            "take parts, such as EXTRACT(YEAR FROM …)",
        )
    if not 2 <= len(options) + asked.nulls <= MOST_CODES:
        raise _invalid("columns", f"{name} has {len(options)} values; between 2 and {MOST_CODES} are counted")
    return Coded(name, column.type, tuple(sorted(options, key=str)), (), asked.nulls)


def _edges(asked: ColumnSpec, column: Column) -> tuple[int, ...]:
    """Where the bins of a number begin, and one step behind the last one, in steps of its last decimal."""
    name, scale = asked.name, column.type.scale
    low, high = asked.bounds or (column.lower, column.upper)
    if low is None or high is None:
        raise Problem(
            "bound_missing",
            f'Field spec.columns: nothing bounds {name}; write {{"name": "{name}", "bounds": [least, largest]}}.',
            field="spec.columns",
        )
    first, last = _steps(name, low, scale), _steps(name, high, scale)
    if first >= last:
        raise _invalid("columns", f"{name} lies between {low} and {high}; write the lower bound first")
    if last + 1 - first >= MOST_STEPS:
        raise _invalid("columns", f"{name} has too many different values; ROUND it in rows, or write closer bounds")
    if asked.cuts is not None:
        if asked.bins is not None:
            raise _invalid("columns", f"{name} has bins and cuts; write one of them")
        cuts = [_steps(name, cut, scale) for cut in asked.cuts]
        if cuts != sorted(set(cuts)) or not first < cuts[0] <= cuts[-1] <= last:
            raise _invalid("columns", f"the cuts of {name} ascend, above {low} and up to {high}")
        return (first, *cuts, last + 1)
    wide = last + 1 - first
    bins = min(asked.bins or USUAL_BINS, wide)
    return tuple(first + wide * place // bins for place in range(bins + 1))


def _steps(name: str, number: Decimal, scale: int) -> int:
    steps = number.scaleb(scale)
    if steps != steps.to_integral_value():
        raise _invalid("columns", f"{name} has {scale} decimals, and {number} has more")
    return int(steps)


def _invalid(field: str, say: str) -> Problem:
    return Problem("field_invalid", f"Field spec.{field}: {say}.", field=f"spec.{field}")
