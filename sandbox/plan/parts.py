"""What relations are made of: computed columns, aggregates, window columns, orders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from sandbox.plan.scalar import Column, Scalar, Type, children

Fold = Literal[
    "rows",
    "values",
    "distinct",
    "sum",
    "min",
    "max",
    "average",
    "every",
    "some",
    "first",
    "median",
    "var_pop",
    "var_samp",
    "stddev_pop",
    "stddev_samp",
    "regr_sxx",
    "covar_pop",
    "covar_samp",
    "corr",
    "regr_slope",
    "regr_intercept",
    "regr_r2",
    "regr_sxy",
    "quantile_cont",
    "quantile_disc",
    "quantile_desc",
]
OF_RELEASED = ("median", "var_pop", "var_samp", "stddev_pop", "stddev_samp")
"""Folds of released rows and of groups of public ones, never of rows of units."""
OF_TWO = ("covar_pop", "covar_samp", "corr", "regr_slope", "regr_intercept", "regr_r2", "regr_sxy")
OF_RANK = ("quantile_cont", "quantile_disc", "quantile_desc")
OF_PUBLIC = ("regr_sxx", *OF_TWO, *OF_RANK)
"""Folds of groups of public rows only."""
Place = Literal["row_number", "rank", "dense_rank", "lag", "lead", "first", "last"]
Frame = tuple[int | None, int | None]  # from which row to which, counted from the row itself; None: to the end


@dataclass(frozen=True)
class Named:
    """A computed column. `lower`, `upper` bound a number, where known."""

    name: str
    expr: Scalar
    lower: Decimal | None = None
    upper: Decimal | None = None

    @property
    def column(self) -> Column:
        return Column(self.name, self.expr.type, self.lower, self.upper)


@dataclass(frozen=True)
class Order:
    expr: Scalar
    descending: bool
    nulls_first: bool


@dataclass(frozen=True)
class Aggregate:
    """One value of many rows of a group: rows, values (that are not NULL), distinct values, sum, min, max, average
    (to the decimals of `type`, half away from zero), every, some (of truth values), first (in the rows' own order);
    of released and public rows the median, variances and deviations too, rounded alike, and of public ones the sum of
    squared distances from the mean (regr_sxx)."""

    name: str
    what: Fold
    expr: Scalar | None
    type: Type
    lower: Decimal | None = None
    upper: Decimal | None = None

    def __post_init__(self) -> None:
        if (self.expr is None) != (self.what == "rows"):
            raise ValueError(f"{self.what} and its expression do not fit")
        if (self.what in OF_TWO, self.what in OF_RANK) != self._of:
            raise ValueError(f"{self.what} takes other parts")

    @property
    def column(self) -> Column:
        return Column(self.name, self.type, self.lower, self.upper)

    @property
    def parts(self) -> tuple[Scalar, ...]:
        """Every expression that it computes."""
        return () if self.expr is None else (self.expr,)

    @property
    def _of(self) -> tuple[bool, bool]:
        return False, False


@dataclass(frozen=True)
class Paired(Aggregate):
    """What two numbers of the public rows of a group have to do with each other, where neither is NULL: `expr` is the
    one that depends, `second` the other. A class of its own, so that plans without it keep their form."""

    second: Scalar = field(kw_only=True)

    @property
    def parts(self) -> tuple[Scalar, ...]:
        return (*super().parts, self.second)

    @property
    def _of(self) -> tuple[bool, bool]:
        return True, False


@dataclass(frozen=True)
class Ranked(Aggregate):
    """The value at `rank` a/b of the public rows of a group in their order: one that is there (quantile_disc;
    quantile_desc counts from the largest), or of a number what lies in proportion between two (quantile_cont)."""

    rank: tuple[int, int] = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.rank[0] <= self.rank[1] or self.rank[1] < 1:
            raise ValueError("a rank is a share of the rows")

    @property
    def _of(self) -> tuple[bool, bool]:
        return False, True


@dataclass(frozen=True)
class Over:
    """A window column. A `Fold` is taken over the rows of the partition, with `order` over those up to the row and its
    peers; a `Place` looks at the order, where ties are broken by the rows' own order: `first` and `last` are those of
    the whole partition, `step` is how far LAG and LEAD go. With a `frame`, folds, `first` and `last` look at the rows
    in it, in that order."""

    name: str
    what: Fold | Place
    expr: Scalar | None
    partition: tuple[Scalar, ...]
    order: tuple[Order, ...]
    type: Type
    lower: Decimal | None = None
    upper: Decimal | None = None
    step: int = 1
    frame: Frame | None = None

    def __post_init__(self) -> None:
        if (self.expr is None) != (self.what in ("rows", "row_number", "rank", "dense_rank")):
            raise ValueError(f"{self.what} and its expression do not fit")
        if self.what == "distinct" and self.order:
            raise ValueError("distinct values are counted over a whole partition")
        if self.what in OF_PUBLIC:
            raise ValueError(f"{self.what} is of groups")
        if self.step < 0:
            raise ValueError("LAG and LEAD go a whole number of rows")
        if self.frame is not None:
            start, end = self.frame
            if self.what in ("row_number", "rank", "dense_rank", "lag", "lead", "distinct") or not self.order:
                raise ValueError(f"{self.what} has no frame here")
            if start is not None and end is not None and start > end:
                raise ValueError("a frame ends where it starts, or after it")

    @property
    def parts(self) -> tuple[Scalar, ...]:
        """Every expression that it computes."""
        own = () if self.expr is None else (self.expr,)
        return (*self.partition, *(order.expr for order in self.order), *own)

    @property
    def column(self) -> Column:
        return Column(self.name, self.type, self.lower, self.upper)


def once(columns: Iterable[Column]) -> None:
    """Refuse (ValueError) two columns of one name."""
    names = [column.name for column in columns]
    if len(set(names)) != len(names):
        raise ValueError("two columns of a relation have one name")


def reads(nodes: Iterable[Scalar], columns: Iterable[Column]) -> None:
    """Require that every column an expression reads is one of `columns`, type and bounds included."""
    known, waiting = set(columns), list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Column) and node not in known:
            raise ValueError(f"there is no column {node.name} below")
        waiting.extend(children(node))


def widest(columns: tuple[Column, ...]) -> Column:
    """Give a column that has the values of all."""
    lows, highs = [one.lower for one in columns], [one.upper for one in columns]
    low = None if None in lows else min(one for one in lows if one is not None)
    high = None if None in highs else max(one for one in highs if one is not None)
    return Column(columns[0].name, columns[0].type, low, high)
