"""The finished plan of a query: blocks of bounded exact aggregates, the noise each gets, and what is made of them.

A plan is built from public facts alone – declarations and released values – and says everything an engine, the
release and the accountant need. Building an impossible one raises `ValueError`. Its privacy loss is re-derived from
the finished plan by separate code (`sandbox.privacy.rederive`) before anything is spent.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from sandbox.core.canonical import digest
from sandbox.plan.block import Block
from sandbox.plan.codec import to_json
from sandbox.plan.drawn import Drawn
from sandbox.plan.fitted import Digits, Fitted, Slots
from sandbox.plan.own import Own, OwnPublic, own_tables
from sandbox.plan.relation import Relation, Released, Worked
from sandbox.plan.scalar import Column, Type
from sandbox.plan.walk import walk

LATER = ("@", "outputs", "post", "notes", "consistent")  # what decides nothing of the base
SEMANTICS = "2"  # grows when the same plan would mean something else
Statistic = Literal[
    "var_pop",
    "var_samp",
    "stddev_pop",
    "stddev_samp",
    "covar_pop",
    "covar_samp",
    "regr_slope",
    "regr_intercept",
    "corr",
    "regr_r2",
    "regr_sxx",
    "regr_syy",
    "regr_sxy",
]
STATISTICS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("var_pop", "var_samp", "stddev_pop", "stddev_samp", "regr_sxx", "regr_syy"), ("aa", "a", "n")),
    **dict.fromkeys(("covar_pop", "covar_samp", "regr_sxy"), ("ab", "a", "b", "n")),
    **dict.fromkeys(("regr_slope", "regr_intercept"), ("ab", "bb", "a", "b", "n")),
    **dict.fromkeys(("corr", "regr_r2"), ("ab", "aa", "bb", "a", "b", "n")),
}  # the sums each is made of: a of a − centre, ab of products of two such, n = the rows where both are present


@dataclass(frozen=True)
class Output:
    """A column made from the keys and measurements of a block. `what`: key (source[0] is a key), count, sum or quantile
    (source[0] is a measurement), sum around a centre (sum, count of its rows), average (sum, count), one of
    `STATISTICS` (its parts). From the public profile, where there is one: `bias`, the share of the value that bounds
    are predicted to leave out, and `usual`, its usual size."""

    name: str
    what: Literal["key", "count", "sum", "quantile", "average"] | Statistic
    source: tuple[int, ...]
    type: Type
    bias: Decimal | None = None
    usual: Decimal | None = None

    def __post_init__(self) -> None:
        wanted = {"average": (2,), "sum": (1, 2)}.get(self.what, (len(STATISTICS.get(self.what, "1")),))
        if len(self.source) not in wanted:
            raise ValueError(f"output {self.name} has not the sources of its kind")

    @property
    def column(self) -> Column:
        return Column(self.name, self.type)


@dataclass(frozen=True)
class Plan:
    """Blocks, for each the outputs that are made of it, and `post`, the relation over them whose columns and rows are
    the answer; `consistent`: counts and sums of grouping sets are put right against each other first. Or, instead of
    blocks, the stages of one `fitted` model and the slots of its predictions' marks. `drawn`: the answer are rows that
    are drawn from what the blocks released."""

    semantics: str
    resource: str
    population: str
    version: str
    blocks: tuple[Block, ...]
    outputs: tuple[tuple[Output, ...], ...]
    post: Relation
    notes: tuple[str, ...] = ()
    consistent: bool = False
    fitted: tuple[Fitted | Slots | Digits, ...] = ()
    drawn: Drawn | None = None

    def __post_init__(self) -> None:
        if bool(self.blocks) == bool(self.fitted) or len(self.blocks) != len(self.outputs):
            raise ValueError("a plan measures something, and says what is made of each block")
        if len({stage.model for stage in self.stages}) > 1 or (self.fitted and not self.stages):
            raise ValueError("a plan fits one model")
        for block, outputs in zip(self.blocks, self.outputs, strict=True):
            _check(block, outputs)
        if self.drawn is not None:
            self.drawn.check(self.blocks)
        if self.post.state != "released":
            raise ValueError("only what is released leaves")
        for leaf in walk(self.post):
            if isinstance(leaf, Released):
                made = self.outputs[leaf.block] if leaf.block < len(self.blocks) else ()
                if not set(leaf.columns) <= {output.column for output in made}:
                    raise ValueError(f"block {leaf.block} has no such outputs")

    @property
    def stages(self) -> tuple[Fitted, ...]:
        """The stages of the model that is fitted, in order; none for other plans."""
        return tuple(one for one in self.fitted if isinstance(one, Fitted))

    @property
    def relations(self) -> tuple[Relation, ...]:
        """The rows of units that are measured."""
        return (*(block.rows for block in self.blocks), *(stage.rows for stage in self.stages))

    @property
    def on_rows(self) -> bool:
        """Whether rows themselves are worked on, which not every engine and not every version gives."""
        return bool(self.fitted) or any(isinstance(block.rows, Worked) for block in self.blocks)

    @property
    def own(self) -> tuple[Own | OwnPublic, ...]:
        """Every use of an own table of a user, which not every engine and not every version gives."""
        return tuple(own_tables(self.relations))

    @property
    def rho(self) -> Decimal:
        """Σρ of all measurements, exact."""
        return sum((block.rho for block in self.blocks), sum((stage.rho for stage in self.stages), Decimal(0)))

    @property
    def delta(self) -> Decimal:
        """δ_τ taken from the account's pool."""
        return sum((block.threshold.delta for block in self.blocks if block.threshold), Decimal(0))

    @cached_property
    def json(self) -> dict[str, Any]:
        """The plan as JSON, made once; not to be changed."""
        whole: dict[str, Any] = to_json(self)
        if not self.fitted:  # plans without a model are spelled as they always were: their keys are stored
            del whole["fitted"]
        if self.drawn is None:
            del whole["drawn"]
        return whole

    def base_key(self) -> str:
        """The canonical plan key: everything that decides the base X, nothing of names or post-processing."""
        return self._base_key

    @cached_property
    def _base_key(self) -> str:
        whole = {name: part for name, part in self.json.items() if name not in LATER}
        whole["blocks"] = [
            {**block, "keys": [{name: part for name, part in key.items() if name != "name"} for key in block["keys"]]}
            for block in whole["blocks"]
        ]
        return digest(whole)


def _check(block: Block, outputs: tuple[Output, ...]) -> None:
    names = [output.name for output in outputs]
    if len(set(names)) != len(names):
        raise ValueError("two outputs have one name")
    for output in outputs:
        limit = len(block.keys) if output.what == "key" else len(block.measurements)
        if any(not 0 <= i < limit for i in output.source):
            raise ValueError(f"output {output.name} has no such source")
        if output.what == "key":
            continue
        kinds = [block.measurements[i].what for i in output.source]
        if (output.what == "quantile") != (kinds[0] == "quantile"):
            raise ValueError(f"output {output.name} shows something else than it says")
        if (
            output.what == "sum"
            and len(kinds) > 1
            and (kinds[0] != "sum" or kinds[1] not in ("rows", "values", "units"))
        ):
            raise ValueError(f"output {output.name} is made of a sum and the count of its rows")
        if output.what in STATISTICS and not (all(kind == "sum" for kind in kinds[:-1]) and kinds[-1] != "sum"):
            raise ValueError(f"output {output.name} is made of sums and a count")
