"""Relations: rows of protected and public tables before the measure, released groups after it. One algebra for both.

Every relation carries its privacy state. `unit`: each row belongs to exactly one unit, and one unit has at most `rows`
of them. `released`: noisy, may leave. `public`: the same without any one unit. Nothing else can be built: a node
refuses (`ValueError`) sources whose states do not fit, and expressions over columns that its sources do not have.

Rows of a unit stand in an order of their own, so that whoever keeps some of them always keeps the same: in a table by
`__ord`, in a join by the left row and then the right one, in a union by the branch and then the row, in a group by its
first row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandbox.plan.parts import OF_PUBLIC, OF_RELEASED, Aggregate, Named, Order, Over, once, reads, widest
from sandbox.plan.scalar import BOOLEAN, Column, Scalar, Value
from sandbox.plan.states import Leaf, State, Through, mixed
from sandbox.plan.worked import Worked as Worked

NUMBER = "@"  # between a column's name and the number of its table, for all tables of a statement but the first


@dataclass(frozen=True)
class Scan:
    """A protected table as registered: at most `rows` rows of one unit, enforced on every data version. `number` tells
    the tables of one statement apart; columns of all but table 0 are called `name@number`."""

    table: str
    number: int
    columns: tuple[Column, ...]
    rows: int

    def __post_init__(self) -> None:
        once(self.columns)
        if self.rows < 1:
            raise ValueError("a table bounds the rows of a unit")

    @property
    def state(self) -> State:
        return "unit"


@dataclass(frozen=True)
class Public(Leaf):
    """A public table."""

    table: str
    number: int
    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        once(self.columns)

    @property
    def state(self) -> State:
        return "public"


@dataclass(frozen=True)
class Values(Leaf):
    """Rows that the statement itself writes, in their order."""

    columns: tuple[Column, ...]
    cells: tuple[tuple[Value, ...], ...]

    def __post_init__(self) -> None:
        once(self.columns)
        if any(len(row) != len(self.columns) for row in self.cells):
            raise ValueError("every row has a value for each column")

    @property
    def state(self) -> State:
        return "public"


@dataclass(frozen=True)
class Released(Leaf):
    """The groups that block number `block` of the plan released, with the columns that are made of them."""

    block: int
    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        once(self.columns)

    @property
    def state(self) -> State:
        return "released"


@dataclass(frozen=True)
class Filter(Through):
    """Rows for which the condition is true."""

    source: Relation
    condition: Scalar

    def __post_init__(self) -> None:
        reads([self.condition], self.source.columns)
        if self.condition.type != BOOLEAN:
            raise ValueError("a filter takes a condition")


@dataclass(frozen=True)
class Project(Through):
    """Each row with other columns, computed from it alone."""

    source: Relation
    named: tuple[Named, ...]

    def __post_init__(self) -> None:
        reads([one.expr for one in self.named], self.source.columns)
        once(self.columns)

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(one.column for one in self.named)


@dataclass(frozen=True)
class Join:
    """Pairs of rows for which every pair of `equal` is equal (NULL never is) and `condition` holds; `left` and `full`
    keep rows without a partner, the missing columns NULL. Between two relations of units the pair is of one unit, the
    unit of a lone row its own. `fanout`: the most right rows that one left row can meet, from declarations or public
    facts; None where nothing says it. A public side is never the preserved one."""

    how: Literal["inner", "left", "full"]
    left: Relation
    right: Relation
    equal: tuple[tuple[Scalar, Scalar], ...] = ()
    condition: Scalar | None = None
    fanout: int | None = None

    def __post_init__(self) -> None:
        states = self.left.state, self.right.state
        if "unit" in states and states not in (("unit", "unit"), ("unit", "public")):
            raise ValueError(f"rows of units cannot be joined with {states[states[0] == 'unit']} ones in that order")
        if states == ("unit", "public") and (self.how == "full" or self.fanout is None):
            raise ValueError("a join with a public table keeps the protected side only and knows its fan-out")
        if self.fanout is not None and self.fanout < 0:
            raise ValueError("a fan-out counts rows")
        once(self.columns)
        reads([one for one, _ in self.equal], self.left.columns)
        reads([one for _, one in self.equal], self.right.columns)
        reads([self.condition] if self.condition else [], self.columns)

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.left.columns + self.right.columns

    @property
    def state(self) -> State:
        return mixed((self.left.state, self.right.state))

    @property
    def rows(self) -> int:
        """Pairs of one unit: each of its left rows meets at most as many right rows as that unit has, or the fan-out,
        or stays alone where lone rows are kept. With `full`, right rows that no left one meets come on top."""
        if self.left.state != "unit":
            return 0
        if self.right.state != "unit":
            return self.left.rows * max(self.fanout or 0, self.how == "left")
        met = self.right.rows if self.fanout is None else min(self.right.rows, self.fanout)
        if self.how != "full" or not (self.equal or self.condition):
            return self.left.rows * max(met, self.how != "inner")
        return max((self.left.rows - 1) * max(met, 1) + self.right.rows, self.left.rows + self.right.rows)


@dataclass(frozen=True)
class Semi:
    """Left rows that have a partner on the right – or, `anti`, none: EXISTS and NOT EXISTS. Between two relations of
    units the partner is of the same unit."""

    left: Relation
    right: Relation
    equal: tuple[tuple[Scalar, Scalar], ...] = ()
    condition: Scalar | None = None
    anti: bool = False

    def __post_init__(self) -> None:
        states = self.left.state, self.right.state
        if "unit" in states and states not in (("unit", "unit"), ("unit", "public")):
            raise ValueError("whether a unit has rows can be asked of its own rows only")
        once((*self.left.columns, *self.right.columns))
        reads([one for one, _ in self.equal], self.left.columns)
        reads([one for _, one in self.equal], self.right.columns)
        reads([self.condition] if self.condition else [], (*self.left.columns, *self.right.columns))

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.left.columns

    @property
    def state(self) -> State:
        if self.left.state == "public" and self.right.state == "released":
            return "released"
        return self.left.state

    @property
    def rows(self) -> int:
        return self.left.rows


@dataclass(frozen=True)
class Union:
    """All rows of all sources, which have the same columns (bounds aside)."""

    sources: tuple[Relation, ...]

    def __post_init__(self) -> None:
        if len(self.sources) < 2:
            raise ValueError("a union has two sources or more")
        if len({tuple((c.name, c.type) for c in source.columns) for source in self.sources}) > 1:
            raise ValueError("the sources of a union have the same columns")
        if len({source.state == "unit" for source in self.sources}) > 1:
            raise ValueError("rows of units stand in no union with others")

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(map(widest, zip(*(source.columns for source in self.sources), strict=True)))

    @property
    def state(self) -> State:
        return mixed(source.state for source in self.sources)

    @property
    def rows(self) -> int:
        return sum(source.rows for source in self.sources)


@dataclass(frozen=True)
class Group(Through):
    """One row for each different value of `keys` (NULL is a value) – of units: of the unit and the keys. Without keys
    there is one row, of units one for each unit that has rows."""

    source: Relation
    keys: tuple[Named, ...]
    aggregates: tuple[Aggregate, ...]

    def __post_init__(self) -> None:
        reads([key.expr for key in self.keys], self.source.columns)
        reads([part for one in self.aggregates for part in one.parts], self.source.columns)
        once(self.columns)
        for one in self.aggregates:
            if one.what in OF_RELEASED and self.source.state == "unit":
                raise ValueError("medians and variances without noise are of released or public rows only")
            if one.what in OF_PUBLIC and self.source.state != "public":
                raise ValueError(f"{one.what} without noise is of public rows only")

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(key.column for key in self.keys) + tuple(one.column for one in self.aggregates)

    @property
    def rows(self) -> int:
        return self.source.rows if self.keys else min(self.source.rows, 1)


@dataclass(frozen=True)
class Window(Through):
    """Each row with further columns that look at the rows of its partition – of units: at rows of its own unit."""

    source: Relation
    over: tuple[Over, ...]

    def __post_init__(self) -> None:
        reads([part for one in self.over for part in one.parts], self.source.columns)
        once(self.columns)
        if self.source.state != "released" and any(one.what in OF_RELEASED for one in self.over):
            raise ValueError("medians and variances without noise over windows are of released rows only")

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.source.columns + tuple(one.column for one in self.over)


@dataclass(frozen=True)
class Sort(Through):
    """Rows in order, cut to `limit` after `offset`. Of released rows only: which row
    of a unit comes first would tell."""

    source: Relation
    order: tuple[Order, ...]
    limit: int | None = None
    offset: int = 0

    def __post_init__(self) -> None:
        if self.source.state == "unit":
            raise ValueError("rows of units have no order that may be seen")
        reads([one.expr for one in self.order], self.source.columns)


Relation = Scan | Public | Values | Released | Filter | Project | Join | Semi | Union | Group | Window | Sort | Worked
