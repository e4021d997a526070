"""What the specification of a model says, and the model that it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sandbox.catalogue.entry import Entry
from sandbox.catalogue.facts import TableFacts
from sandbox.core.sentences import plainly
from sandbox.errors import Problem
from sandbox.plan.fitted import DECIDES, Feature, Method, Model
from sandbox.plan.scalar import Value
from sandbox.products.schedule import PLANNED
from sandbox.products.specification import OURS
from sandbox.sql.compile import compile_units
from sandbox.sql.unit_rows import UnitRows, of_one_row

MOST_INPUTS = 60
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
Number = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=30)]
Share = Annotated[Decimal, Field(gt=0, lt=1, max_digits=6)]
USUAL: dict[str, tuple[int, int, int]] = {"forest": (16, 5, 1), "kmeans": (3, 1, 6), "logistic": (1, 1, 8)}
"""Size, depth and steps where the specification says nothing."""
MEANT: dict[str, tuple[str, ...]] = {
    "forest": ("size", "depth"), "kmeans": ("size", "steps"), "logistic": ("steps",), "pca": ("size",),
}  # fmt: skip
"""Which of them mean something for a method."""


class FeatureSpec(BaseModel):
    """A feature by the name that `rows` give it; `bounds` clamp a number more closely than the catalogue does."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Name
    bounds: tuple[Number, Number] | None = None


class Title(BaseModel):
    """A sentence in both languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    zh: Annotated[str, Field(min_length=1, max_length=500)]
    en: Annotated[str, Field(min_length=1, max_length=500)]


class ModelSpec(BaseModel):
    """`rows`: SQL that gives one row of each unit. `target`: its column that is predicted, with `positive` the value
    that a probability is of; none where groups (kmeans) or directions (pca) are looked for. `holdout`: the share of
    units, chosen by keyed names, that only the evaluation sees; `evaluation`: its share of the privacy loss. `size`,
    `depth`, `steps`: trees, clusters or components; of trees; of a gradient or of moving centres. `weights`: whether
    parameters may leave. `use`: what the model is for."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rows: Annotated[str, Field(min_length=1, max_length=20_000)]
    method: Method
    features: Annotated[tuple[FeatureSpec | Name, ...], Field(min_length=1, max_length=MOST_INPUTS)]
    target: Name | None = None
    positive: bool | int | str | None = None
    holdout: Annotated[Decimal, Field(ge=0, le=Decimal("0.5"), max_digits=4)] = Decimal("0.2")
    evaluation: Share = Decimal("0.2")
    size: Annotated[int, Field(ge=1, le=64, strict=True)] | None = None
    depth: Annotated[int, Field(ge=1, le=8, strict=True)] | None = None
    steps: Annotated[int, Field(ge=2, le=30, strict=True)] | None = None
    weights: bool = False
    use: Title

    @model_validator(mode="after")
    def _fits(self) -> ModelSpec:
        if (self.target is None) != (self.method in ("kmeans", "pca")):
            raise ValueError("write target, the column that is predicted; kmeans and pca have none")
        if (self.positive is None) == (self.method in DECIDES):
            raise ValueError(f"write positive, the target's value that a probability is of, with {', '.join(DECIDES)}")
        names = [one.name if isinstance(one, FeatureSpec) else one for one in self.features]
        if len(set(names)) != len(names) or self.target in names:
            raise ValueError("name each feature once, and the target not among them")
        return self


def read(spec: Mapping[str, Any]) -> ModelSpec:
    """Read what is the model's own in a specification. Raises field_invalid."""
    own = {name: value for name, value in spec.items() if name not in (*PLANNED, *OURS)}
    try:
        return ModelSpec.model_validate(own)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(("spec", *map(str, first["loc"])))
        said = plainly(first["msg"])
        if first["loc"] == ("method",):
            said = f"write one of {', '.join(get_args(Method))}"
        raise Problem("field_invalid", f"Field {where}: {said}.", field=where) from None


def check_meant(spec: ModelSpec) -> None:
    """Refuse (field_invalid) a size, depth or steps that the method has not: when a specification is reviewed, for what
    was approved with one goes on as it is."""
    meant = MEANT.get(spec.method, ())
    for name in ("size", "depth", "steps"):
        if name not in meant and getattr(spec, name) is not None:
            takes = f"it takes {' and '.join(meant)}" if meant else "it takes none of size, depth and steps"
            raise _invalid(name, f"{spec.method} has no {name}, {takes}; leave it out")


def model_of(spec: ModelSpec, entry: Entry, facts: Mapping[str, TableFacts] | None = None) -> Model:
    """Give the model over the tables of `entry`. Raises `Problem`: those of the SQL room, unit_missing, field_invalid,
    bound_missing."""
    if entry.unit is None or entry.privacy is None:
        raise Problem("unit_missing", f"{entry.name} declares no privacy unit; ask the holder to declare it.")
    rows = of_one_row(compile_units(spec.rows, entry, facts), entry.unit.name)
    features = tuple(_feature(one, rows) for one in spec.features)
    inputs = sum(feature.inputs for feature in features)
    if inputs > MOST_INPUTS:
        raise _invalid("features", f"they are {inputs} numbers, and at most {MOST_INPUTS} are fitted; take fewer")
    target = None if spec.target is None else _feature(spec.target, rows, "target")
    if target is not None and spec.method == "linear" and target.options:
        raise _invalid("target", "a linear model predicts a number; take logistic for one of two values")
    size, depth, steps = USUAL.get(spec.method, (2 if spec.method == "pca" else 1, 1, 1))
    if spec.method == "pca" and (spec.size or size) > inputs:
        raise _invalid("size", f"there are {inputs} inputs; ask for at most so many components")
    return Model(
        rows.relation,
        spec.method,
        features,
        target,
        None if target is None else _positive(spec, target),
        int(spec.holdout * 1000),
        spec.size or size,
        spec.depth or depth,
        spec.steps or steps,
        spec.weights,
    )


def _feature(asked: FeatureSpec | str, rows: UnitRows, field: Literal["features", "target"] = "features") -> Feature:
    name, bounds = (asked, None) if isinstance(asked, str) else (asked.name, asked.bounds)
    column = rows.columns.get(name)
    if column is None:
        raise _invalid(field, f"rows give no column {name}; they give {', '.join(rows.columns)}")
    if column.type.numeric:
        low, high = bounds or (column.lower, column.upper)
        if low is None or high is None:
            raise Problem(
                "bound_missing",
                f'Field spec.{field}: nothing bounds {name}; write {{"name": "{name}", "bounds": [least, largest]}}.',
                field=f"spec.{field}",
            )
        if low >= high:
            raise _invalid(field, f"{name} lies between {low} and {high}; write the lower bound first")
        return Feature(name, column, low, high)
    options: tuple[Value, ...] | None = rows.domains.get(name)
    if column.type.kind == "boolean":
        options = (False, True)
    if column.type.kind == "date" or options is None or len(options) < 2:
        raise _invalid(
            field, f"{name} has no declared list of values; a feature is a number, a condition or one of a list"
        )
    return Feature(name, column, options=tuple(sorted(options, key=str)))


def _positive(spec: ModelSpec, target: Feature) -> Value:
    """The value that a probability is of, which the target must be able to have."""
    if spec.method not in DECIDES:
        return None
    possible = spec.positive in target.options if target.options else isinstance(spec.positive, int)
    if not possible or (
        not target.options and not target.lower <= Decimal(str(int(spec.positive or 0))) <= target.upper
    ):
        raise _invalid("positive", f"{target.name} never has this value; write one that it can have")
    return spec.positive


def _invalid(field: str, say: str) -> Problem:
    return Problem("field_invalid", f"Field spec.{field}: {say}.", field=f"spec.{field}")
