"""Relations as SQL trees. Every relation of units has `__unit`; `places` are the columns that order the rows of a unit,
NULL first. Numbers are whole, in the fixed point of their type, from the scan on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from sandbox.engines.duckdb.scalars import Scalars, from_decimal
from sandbox.engines.files import ALIAS
from sandbox.plan import relation as r
from sandbox.plan.parts import Aggregate, Order, Over
from sandbox.plan.scalar import Column, Constant, Scalar
from sandbox.plan.walk import stored

UNIT, ORDER = "__unit", "__ord"


@dataclass(frozen=True)
class Rows:
    """A relation: its SELECT, whose columns carry the relation's names, and the columns of its order, where wanted."""

    select: exp.Select
    places: list[str]


class Relations:
    """Renders relations. Subqueries get names of their own, so that none can be mistaken for another."""

    def __init__(self, scalars: Scalars) -> None:
        self._scalars = scalars
        self._number = 0

    def rows(self, node: r.Relation, *, placed: bool) -> Rows:
        """Give the relation, with its order if `placed`."""
        match node:
            case r.Scan() | r.Public():
                return self._table(node, placed)
            case r.Values():
                return self._values(node, placed)
            case r.Filter():
                below = self.rows(node.source, placed=placed)
                kept = exp.select("*").from_(self._named(below)).where(self._scalars.render(node.condition))
                return Rows(kept, below.places)
            case r.Project():
                below = self.rows(node.source, placed=placed)
                named = [self._as(one.expr, one.name) for one in node.named]
                return Rows(exp.select(*self._hidden(node, below), *named).from_(self._named(below)), below.places)
            case r.Join():
                return self._join(node, placed)
            case r.Semi():
                return self._semi(node, placed)
            case r.Union():
                return self._union(node, placed)
            case r.Group():
                return self._group(node, placed)
            case r.Window():
                return self._window(node)
            case _:
                raise ValueError("an engine runs rows, not released groups")

    def _table(self, node: r.Scan | r.Public, placed: bool) -> Rows:
        named = [exp.alias_(number_of(one), one.name, quoted=True) for one in node.columns]
        hidden = [column(UNIT)] if node.state == "unit" else []
        places = [f"__p{self._next()}"] if placed else []
        order = [exp.alias_(column(ORDER), place, quoted=True) for place in places]
        picked = [*hidden, *order, *named] or [exp.alias_(exp.Literal.number("1"), "__row", quoted=True)]
        return Rows(exp.select(*picked).from_(table(node.table)), places)

    def _values(self, node: r.Values, placed: bool) -> Rows:
        places = [f"__p{self._next()}"] if placed else []
        names = [*places, *(one.name for one in node.columns)] or ["__row"]
        selects = []
        for at, cells in enumerate(node.cells):
            own = [
                self._scalars.render(Constant(cell, one.type)) for cell, one in zip(cells, node.columns, strict=True)
            ]
            picked = [*([digits(at)] if placed else []), *own] or [digits(1)]
            aliased = [exp.alias_(one, name, quoted=True) for one, name in zip(picked, names, strict=True)]
            selects.append(exp.select(*aliased))
        return Rows(exp.select("*").from_(exp.Subquery(this=_all(selects), alias=self._alias())), places)

    def _join(self, node: r.Join, placed: bool) -> Rows:
        left, right = self.rows(node.left, placed=placed), self.rows(node.right, placed=placed)
        names = [f"j{self._next()}", f"j{self._next()}"]
        columns = [column(one.name) for one in node.columns]
        both = node.left.state == node.right.state == "unit"
        unit = [exp.column(UNIT, table=name, quoted=True) for name in names]
        shown = [exp.alias_(exp.Coalesce(this=unit[0], expressions=[unit[1]]), UNIT, quoted=True)] if both else []
        if not both and node.state == "unit":
            shown = [unit[0]]
        places = left.places + right.places
        select = exp.select(*shown, *map(column, places), *columns).from_(left.select.subquery(names[0]))
        select = select.join(right.select.subquery(names[1]), on=self._partners(node, unit), join_type=node.how)
        return Rows(select, places)

    def _partners(self, node: r.Join | r.Semi, unit: Sequence[exp.Expression]) -> exp.Expr:
        conditions: list[exp.Expression] = []
        if node.left.state == node.right.state == "unit":
            conditions.append(exp.EQ(this=unit[0], expression=unit[1]))
        conditions += [self._scalars.equal(left, right) for left, right in node.equal]
        if node.condition is not None:
            conditions.append(self._scalars.render(node.condition))
        return exp.and_(*conditions) if conditions else exp.true()

    def _semi(self, node: r.Semi, placed: bool) -> Rows:
        left, right = self.rows(node.left, placed=placed), self.rows(node.right, placed=False)
        names = [f"s{self._next()}", f"s{self._next()}"]
        unit = [exp.column(UNIT, table=name, quoted=True) for name in names]
        met = exp.select("1").from_(right.select.subquery(names[1])).where(self._partners(node, unit))
        exists: exp.Expression = exp.Exists(this=met)
        if node.anti:
            exists = exp.Not(this=exists)
        return Rows(exp.select("*").from_(left.select.subquery(names[0])).where(exists), left.places)

    def _union(self, node: r.Union, placed: bool) -> Rows:
        parts = [self.rows(source, placed=placed) for source in node.sources]
        width = max(len(part.places) for part in parts)
        places = [f"__p{self._next()}" for _ in range(width + 1)] if placed else []
        selects = []
        for branch, (source, part) in enumerate(zip(node.sources, parts, strict=True)):
            own = [*map(column, part.places), *[exp.null()] * (width - len(part.places))]
            order = [digits(branch), *own] if placed else []
            aliased = [exp.alias_(one, place, quoted=True) for one, place in zip(order, places, strict=True)]
            unit = [column(UNIT)] if node.state == "unit" else []
            named = [column(one.name) for one in source.columns]
            selects.append(exp.select(*unit, *aliased, *named).from_(self._named(part)))
        return Rows(exp.select("*").from_(exp.Subquery(this=_all(selects), alias=self._alias())), places)

    def _group(self, node: r.Group, placed: bool) -> Rows:
        firsts = placed or any(one.what == "first" for one in node.aggregates)
        below = self._numbered(node.source, firsts)
        named = [self._as(key.expr, key.name) for key in node.keys]
        folded = [exp.alias_(self._fold(one, below.places), one.name, quoted=True) for one in node.aggregates]
        unit = [column(UNIT)] if node.state == "unit" else []
        places = [f"__p{self._next()}"] if placed else []
        order = [exp.alias_(exp.Min(this=column(below.places[0])), place, quoted=True) for place in places]
        select = exp.select(*unit, *order, *named, *folded).from_(self._named(below))
        by = [*unit, *(self._scalars.render(key.expr) for key in node.keys)]
        return Rows(select.group_by(*by) if by else select, places)

    def _window(self, node: r.Window) -> Rows:
        below = self.rows(node.source, placed=True)
        added = [exp.alias_(self._over(one, node, below.places), one.name, quoted=True) for one in node.over]
        return Rows(exp.select("*", *added).from_(self._named(below)), below.places)

    def _numbered(self, node: r.Relation, placed: bool) -> Rows:
        """The relation with its order as one column: the number of the row among those of its unit."""
        below = self.rows(node, placed=placed)
        if len(below.places) <= 1:
            return below
        unit = [column(UNIT)] if node.state == "unit" else []
        place = f"__p{self._next()}"
        number = over(exp.RowNumber(), unit, [column(name) for name in below.places])
        kept = [*unit, *(column(one.name) for one in node.columns)]
        return Rows(exp.select(*kept, exp.alias_(number, place, quoted=True)).from_(self._named(below)), [place])

    def _fold(self, one: Aggregate, places: Sequence[str]) -> exp.Expression:
        if one.expr is None:
            return exp.Count(this=exp.Star())
        if one.what == "first":
            order = [exp.Ordered(this=column(place), nulls_first=True) for place in places]
            return exp.First(this=exp.Order(this=self._scalars.render(one.expr), expressions=order))
        return self._folded(one, [])

    def _folded(
        self, one: Aggregate | Over, partition: Sequence[exp.Expression], order: Sequence[exp.Expression] = ()
    ) -> exp.Expression:
        """An aggregate, over a window if there is a partition."""

        def within(function: exp.Expression) -> exp.Expression:
            return exp.Window(this=function, partition_by=list(partition), order=_by(order)) if partition else function

        if one.expr is None:
            return within(exp.Count(this=exp.Star()))
        value = self._scalars.render(one.expr)
        match one.what:
            case "values":
                return within(exp.Count(this=value))
            case "distinct":
                return within(exp.Count(this=exp.Distinct(expressions=[value])))
            case "sum":
                return within(exp.Sum(this=value))
            case "min":
                return within(exp.Min(this=value))
            case "max":
                return within(exp.Max(this=value))
            case "every":
                return within(exp.LogicalAnd(this=value))
            case "some":
                return within(exp.LogicalOr(this=value))
            case _:
                finer = 10 ** (one.type.scale - self._scalars.scale(one.expr))
                return self._scalars.average(within(exp.Sum(this=value)), within(exp.Count(this=value.copy())), finer)

    def _over(self, one: Over, node: r.Window, places: Sequence[str]) -> exp.Expression:
        unit = [column(UNIT)] if node.state == "unit" else []
        partition = [*unit, *(self._scalars.render(expr) for expr in one.partition)]
        order = [self._ordered(by) for by in one.order]
        ties = [exp.Ordered(this=column(place), nulls_first=True) for place in places]
        match one.what:
            case "row_number":
                return exp.Window(this=exp.RowNumber(), partition_by=partition, order=_by([*order, *ties]))
            case "rank" | "dense_rank":
                if not order:
                    return digits(1)
                rank = exp.Rank() if one.what == "rank" else exp.DenseRank()
                return exp.Window(this=rank, partition_by=partition, order=_by(order))
            case "lag" | "lead":
                assert one.expr is not None
                step = (exp.Lag if one.what == "lag" else exp.Lead)(
                    this=self._scalars.render(one.expr), offset=digits(one.step)
                )
                return exp.Window(this=step, partition_by=partition, order=_by([*order, *ties]))
            case "first" | "last":
                assert one.expr is not None
                value = (exp.FirstValue if one.what == "first" else exp.LastValue)(this=self._scalars.render(one.expr))
                whole = exp.WindowSpec(
                    kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="UNBOUNDED", end_side="FOLLOWING"
                )
                return exp.Window(this=value, partition_by=partition, order=_by([*order, *ties]), spec=whole)
            case _:
                return self._folded(one, partition or [exp.Literal.number("1")], order)

    def _ordered(self, by: Order) -> exp.Expression:
        return exp.Ordered(this=self._scalars.render(by.expr), desc=by.descending, nulls_first=by.nulls_first)

    def _as(self, expr: Scalar, name: str) -> exp.Expr:
        return exp.alias_(self._scalars.render(expr), name, quoted=True)

    def _hidden(self, node: r.Relation, below: Rows) -> list[exp.Expression]:
        unit = [column(UNIT)] if node.state == "unit" else []
        return [*unit, *map(column, below.places)]

    def _named(self, rows: Rows) -> exp.Subquery:
        return rows.select.subquery(self._name())

    def _alias(self) -> exp.TableAlias:
        return exp.TableAlias(this=exp.to_identifier(self._name()))

    def _name(self) -> str:
        return f"r{self._next()}"

    def _next(self) -> int:
        self._number += 1
        return self._number


def _all(selects: Sequence[exp.Select]) -> exp.Expression:
    """UNION ALL, in halves: a statement is not nested deeper than need be."""
    if len(selects) == 1:
        return selects[0]
    middle = len(selects) // 2
    return exp.Union(this=_all(selects[:middle]), expression=_all(selects[middle:]), distinct=False)


def number_of(one: Column) -> exp.Expression:
    """A stored column; a decimal one as a whole number in its fixed point."""
    cell = exp.column(stored(one), quoted=True)
    return from_decimal(cell, one) if one.type.kind == "decimal" else cell


def table(name: str) -> exp.Table:
    """A table of the open data version."""
    return exp.table_(name, db="main", catalog=ALIAS, quoted=True)


def over(
    function: exp.Expression, partition: Sequence[exp.Expression], order: Sequence[exp.Expression]
) -> exp.Expression:
    """Give `function OVER (PARTITION BY … ORDER BY … NULLS FIRST)`."""
    return exp.Window(
        this=function,
        partition_by=list(partition),
        order=_by([exp.Ordered(this=one, nulls_first=True) for one in order]),
    )


def _by(order: Sequence[exp.Expression]) -> exp.Order | None:
    return exp.Order(expressions=list(order)) if order else None


def column(name: str) -> exp.Column:
    """A column by its quoted name."""
    return exp.column(name, quoted=True)


def digits(number: int) -> exp.Expression:
    """A whole number."""
    literal: exp.Expression = exp.Literal.number(str(abs(number)))
    return exp.Paren(this=exp.Neg(this=literal)) if number < 0 else literal
