"""Which rows of a unit count: what of a block's bounds can bind at all, and the ways to keep them.

By the ordinals of the contribution index, where they are those of the rows that are asked for; else by numbering the
rows, in SQL or – of whole units, piece by piece – in the child."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from sqlglot import exp

from sandbox.engines.duckdb.facts import Facts
from sandbox.engines.duckdb.folds import over
from sandbox.engines.duckdb.relations import Relations
from sandbox.engines.duckdb.scalars import Scalars
from sandbox.engines.duckdb.scans import Scope
from sandbox.engines.duckdb.terms import column, digits
from sandbox.engines.layout import MOST_ORDINAL, ORDER, UNIT
from sandbox.plan import relation as r
from sandbox.plan.block import Block, Measurement
from sandbox.plan.scalar import Column, Scalar, columns
from sandbox.plan.walk import stored, walk


@dataclass(frozen=True)
class Limits:
    """The most groups of a unit and the most rows of it in a group, each None where it cannot bind."""

    groups: int | None
    rows: int | None

    def __bool__(self) -> bool:
        return self.groups is not None or self.rows is not None


@dataclass(frozen=True)
class Lined:
    """Rows that are, for each unit there is among them, all its rows in a table, in the table's order; `constant` are
    columns that have one value for all of them."""

    scan: r.Scan
    constant: frozenset[str]


@dataclass(frozen=True)
class Ordinals:
    """Hidden columns with the ordinals of a row: of its group (None: there is one), and of the row in it. `most`: they
    are exact below it."""

    scan: r.Scan
    groups: str | None
    rows: str
    most: int | None

    def keep(self, limits: Limits) -> bool:
        """Say whether these limits can be read from them."""
        wanted = [limits.groups if self.groups else None, limits.rows]
        return all(one is None or self.most is None or one <= self.most for one in wanted)


def limits(block: Block, facts: Facts, lined: Lined | None) -> Limits:
    """Give what of the bounds can bind: no unit has more groups than there are values of the keys."""
    bounds = block.bounds
    if not bounds.truncates:
        return Limits(None, None)
    scope = Relations(Scalars(), facts).rows(block.rows, placed=False).scope
    constant = lined.constant if lined else frozenset[str]()
    most = most_groups([key.expr for key in block.keys if not columns(key.expr) <= constant], block, facts, scope)
    groups = min(bounds.rows, bounds.rows if most is None else most)
    return Limits(
        bounds.groups if block.keys and bounds.groups < groups else None,
        bounds.rows_per_group if bounds.rows_per_group < bounds.rows else None,
    )


def counted_once(limits: Limits, block: Block, picked: Sequence[Measurement]) -> bool:
    """Say whether the limits do not matter because only units are counted: one counts once, however many rows it has;
    and with one row of each at most, counting rows is counting units."""
    counted = ("units", "rows") if block.bounds.rows_per_group == 1 else ("units",)
    return limits.groups is None and all(m.what in counted and m.expr is None for m in picked)


def most_groups(keys: Sequence[Scalar], block: Block, facts: Facts, scope: Scope) -> int | None:
    """Give the most different values of the keys, None where nothing says it."""
    lonely = any(isinstance(node, r.Join) and node.how != "inner" for node in walk(block.rows))
    sizes = []
    for key in keys:
        cell = scope.get(key.name) if isinstance(key, Column) else None
        size = None if cell is None else facts.values(cell.scan.layout, cell.stored)
        if size is None:
            return None
        sizes.append(size + lonely)
    return prod(sizes)


def lined(node: r.Relation) -> Lined | None:
    """Say whether a relation has all rows of a table, of the units that it has; None if it need not."""
    match node:
        case r.Scan():
            return Lined(node, frozenset(one.name for one in node.columns if node.rows == 1))
        case r.Filter():
            below = lined(node.source)
            return below if below and columns(node.condition) <= below.constant else None
        case r.Semi() if node.right.state == "unit":
            below, right = lined(node.left), {one.name for one in node.right.columns}
            return below if below and _read(node) - right <= below.constant else None
        case r.Join(how="inner" | "left") if node.right.state == "unit":
            return _joined(node)
        case _:
            return None


def _joined(node: r.Join) -> Lined | None:
    """A join with a relation of one row for each unit, on what is constant for a unit."""
    if node.right.rows == 1:
        many, one = lined(node.left), node.right
    elif node.left.rows == 1 and node.how == "inner":
        many, one = lined(node.right), node.left
    else:
        return None
    if many is None:
        return None
    constant = many.constant | {column.name for column in one.columns}
    return Lined(many.scan, constant) if _read(node) <= constant else None


def _read(node: r.Join | r.Semi) -> frozenset[str]:
    nodes = [side for pair in node.equal for side in pair] + ([node.condition] if node.condition else [])
    return frozenset().union(*map(columns, nodes))


def ordinals(block: Block, facts: Facts, lined: Lined | None) -> Ordinals | None:
    """Give the ordinals of the block's rows in its groups, where the version has them."""
    if lined is None or not facts.whole:
        return None
    varying = [key.expr for key in block.keys if not columns(key.expr) <= lined.constant]
    if not varying:
        return Ordinals(lined.scan, None, ORDER, None)
    if not all(key in lined.scan.columns for key in varying):
        return None
    index = facts.table(lined.scan.table).index(stored(key) for key in varying if isinstance(key, Column))
    return None if index is None else Ordinals(lined.scan, index.groups, index.rows, MOST_ORDINAL)


def numbered(rows: exp.Select, limits: Limits, keys: Sequence[str], places: Sequence[str]) -> exp.Select:
    """Keep what the limits leave of computed rows, by windows."""
    unit, group, order = column(UNIT), [column(UNIT), *map(column, keys)], [column(name) for name in places]
    place = over(exp.RowNumber(), group, order)
    ranked = exp.select(exp.Star(), exp.alias_(place, "__place")).from_(rows.subquery("kept", copy=False), copy=False)
    conditions = []
    if limits.rows is not None:
        conditions.append(exp.LTE(this=column("__place"), expression=digits(limits.rows)))
    if limits.groups is not None:
        rank = over(exp.RowNumber(), [unit], order)
        ranked = exp.select(exp.Star(), exp.alias_(rank, "__rank")).from_(
            ranked.subquery("placed", copy=False), copy=False
        )
        first = over(exp.Min(this=column("__rank")), group, [])
        ranked = exp.select(exp.Star(), exp.alias_(first, "__first")).from_(
            ranked.subquery("numbered", copy=False), copy=False
        )
        number = over(exp.DenseRank(), [unit], [column("__first")])
        ranked = exp.select(exp.Star(), exp.alias_(number, "__group")).from_(
            ranked.subquery("firsts", copy=False), copy=False
        )
        conditions.append(exp.LTE(this=column("__group"), expression=digits(limits.groups)))
    return (
        exp.select(exp.Star()).from_(ranked.subquery("ranked", copy=False), copy=False).where(*conditions, copy=False)
    )
