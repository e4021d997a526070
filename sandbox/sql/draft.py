"""What a question asks, resolved and typed, before bounds, noise and cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandbox.plan.plan import Statistic
from sandbox.plan.relation import Relation
from sandbox.plan.scalar import INTEGER, Column, Type
from sandbox.sql.terms import Term

COUNTS = ("rows", "values", "units", "distinct")


@dataclass(frozen=True)
class Key:
    """A group-by key under the name that it has when SELECT gives it none."""

    name: str
    term: Term


@dataclass(frozen=True)
class Ask:
    """An aggregate that is asked for: rows = COUNT(*), values = COUNT(term), units = COUNT(DISTINCT unit), of those
    with a row where `term` is not NULL, distinct = COUNT(DISTINCT term); sum, average or one of a plan's statistics of
    a bounded number, or of two (`second`) that are NULL together; quantile = the value of `rank` a/b, of type `shown`,
    where `term` is the number that stands for a value (of a date: its day). `end`: it stands for MIN or MAX."""

    what: Literal["rows", "values", "units", "distinct", "sum", "average", "quantile"] | Statistic
    term: Term | None = None
    second: Term | None = None
    rank: tuple[int, int] = (1, 2)
    shown: Type | None = None
    end: bool = False

    @property
    def type(self) -> Type:
        if self.shown is not None:
            return self.shown
        if self.term is None or self.what in COUNTS:
            return INTEGER
        scale = self.term.type.scale
        match self.what:
            case "sum":
                return self.term.type
            case "var_pop" | "var_samp" | "regr_sxx" | "regr_syy":
                return Type("decimal", 2 * scale + 4)
            case "covar_pop" | "covar_samp" | "regr_sxy":
                return Type("decimal", scale + (self.second.type.scale if self.second else 0) + 4)
            case "regr_slope":
                return Type("decimal", 12)
            case "corr" | "regr_r2":
                return Type("decimal", 6)
            case _:
                return Type("decimal", scale + 4)


@dataclass(frozen=True)
class Made:
    """A column of a measure: one of its keys or of its aggregates, by place."""

    name: str
    what: Literal["key", "aggregate"]
    source: int
    type: Type

    @property
    def column(self) -> Column:
        return Column(self.name, self.type)


@dataclass(frozen=True)
class Measure:
    """What is asked of the rows of units: groups of `rows` by `keys`, the aggregates of each, and the columns that
    they make."""

    rows: Relation
    keys: tuple[Key, ...]
    asks: tuple[Ask, ...]
    made: tuple[Made, ...]


@dataclass(frozen=True)
class Asked:
    """A whole question: its measures, and the relation over them – `Released(n)` is what measure n makes – whose rows
    and columns are the answer."""

    measures: tuple[Measure, ...]
    post: Relation
