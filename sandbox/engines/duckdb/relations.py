"""Relations as SQL trees. Every relation of units has `__unit`; `places` are the columns that order the rows of a unit,
NULL first. Numbers are whole, in the fixed point of their type, from the scan on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from sandbox.engines.duckdb.facts import Facts
from sandbox.engines.duckdb.folds import Folds, over
from sandbox.engines.duckdb.moments import is_moment, rendered
from sandbox.engines.duckdb.scalars import Scalars
from sandbox.engines.duckdb.scans import Scope, TableScan, put
from sandbox.engines.duckdb.terms import column, digits, joined
from sandbox.engines.layout import UNIT
from sandbox.plan import relation as r
from sandbox.plan.parts import Order
from sandbox.plan.scalar import Constant


@dataclass(frozen=True)
class Rows:
    """A relation: its SELECT, whose columns carry the relation's names, and the columns of its order, where wanted.
    Columns in `scope` are there as soon as they are asked for."""

    select: exp.Select
    places: list[str]
    scope: Scope = field(default_factory=dict)


class Relations:
    """Renders relations. Subqueries get names of their own, so that none can be mistaken for another. `ranged`: only
    units of a piece."""

    def __init__(self, scalars: Scalars, facts: Facts, *, ranged: bool = False) -> None:
        self._scalars, self._facts, self._ranged = scalars, facts, ranged
        self._scans: dict[str, TableScan] = {}
        self._number = 0

    def scan(self, node: r.Scan | r.Public, place: str | None = None) -> TableScan:
        """Give a new scan, to be named in the statement."""
        layout = self._facts.table(node.table)
        made = TableScan(f"t{self._next()}", node, layout, place=place, ranged=self._ranged)
        self._scans[made.name] = made
        return made

    def scan_of(self, node: r.Scan) -> TableScan:
        """Give the scan that was made for `node`."""
        return next(scan for scan in self._scans.values() if scan.node is node)

    def finished(self, statement: exp.Expression) -> tuple[str, dict[str, str]]:
        """Give a statement, with the scans and everything that was asked of them put into it, and its parameters."""
        whole = put(statement, self._scans)
        texts = self._scalars.parameters
        if texts:  # of all that were rendered, those that this statement has
            named = {parameter.name for parameter in whole.find_all(exp.Parameter)}
            texts = {name: text for name, text in texts.items() if name in named}
        return whole.sql("duckdb", identify=True, copy=False), texts

    def rows(self, node: r.Relation, *, placed: bool) -> Rows:
        """Give the relation, with its order if `placed`."""
        match node:
            case r.Scan() | r.Public():
                return self._table(node, placed)
            case r.Values():
                return self._values(node, placed)
            case r.Filter():
                below = self.rows(node.source, placed=placed)
                condition = self._scalars.on(below.scope).kept(node.condition)
                return Rows(
                    exp.select(exp.Star()).from_(self._named(below), copy=False).where(condition, copy=False),
                    below.places,
                    below.scope,
                )
            case r.Project():
                below = self.rows(node.source, placed=placed)
                scalars = self._scalars.on(below.scope)
                named = [exp.alias_(scalars.render(one.expr), one.name, quoted=True) for one in node.named]
                return Rows(
                    exp.select(*self._hidden(node, below), *named).from_(self._named(below), copy=False), below.places
                )
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
            case r.Sort():
                below = self.rows(node.source, placed=placed)
                every = exp.select(exp.Star()).from_(self._named(below), copy=False)
                return Rows(self._cut(every, node, self._scalars.on(below.scope)), below.places, below.scope)
            case _:
                raise ValueError("an engine runs rows, not released groups")

    def _table(self, node: r.Scan | r.Public, placed: bool) -> Rows:
        places = [f"__p{self._next()}"] if placed else []
        scan = self.scan(node, places[0] if places else None)
        return Rows(exp.select(exp.Star()).from_(exp.table_(scan.name), copy=False), places, scan.scope)

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
        return Rows(
            exp.select(exp.Star()).from_(exp.Subquery(this=_all(selects), alias=self._alias()), copy=False), places
        )

    def _join(self, node: r.Join, placed: bool) -> Rows:
        left, right = self.rows(node.left, placed=placed), self.rows(node.right, placed=placed)
        names = [f"j{self._next()}", f"j{self._next()}"]
        both = node.left.state == node.right.state == "unit"
        unit = [exp.column(UNIT, table=name, quoted=True) for name in names]
        shown: list[exp.Expr] = [unit[0]] if node.state == "unit" else []
        if both and node.how == "full":
            shown = [exp.alias_(exp.Coalesce(this=unit[0], expressions=[unit[1]]), UNIT, quoted=True)]
        places = left.places + right.places
        others = [_others(*one) for one in zip(names, (node.left, node.right), (left, right), strict=True)]
        select = exp.select(*shown, *map(column, places), *others).from_(
            left.select.subquery(names[0], copy=False), copy=False
        )
        scope = {**left.scope, **right.scope}
        on = self._partners(node, unit, scope)
        return Rows(joined(select, right.select.subquery(names[1], copy=False), on, node.how), places, scope)

    def _partners(self, node: r.Join | r.Semi, unit: Sequence[exp.Expression], scope: Scope) -> exp.Expr:
        scalars = self._scalars.on(scope, asking=False)
        conditions: list[exp.Expression] = []
        if node.left.state == node.right.state == "unit":
            conditions.append(exp.EQ(this=unit[0], expression=unit[1]))
        conditions += [scalars.equal(left, right) for left, right in node.equal]
        if node.condition is not None:
            conditions.append(scalars.kept(node.condition))
        return exp.and_(*conditions) if conditions else exp.true()

    def _semi(self, node: r.Semi, placed: bool) -> Rows:
        left, right = self.rows(node.left, placed=placed), self.rows(node.right, placed=False)
        names = [f"s{self._next()}", f"s{self._next()}"]
        unit = [exp.column(UNIT, table=name, quoted=True) for name in names]
        met = (
            exp.select(digits(1))
            .from_(right.select.subquery(names[1], copy=False), copy=False)
            .where(self._partners(node, unit, {**left.scope, **right.scope}), copy=False)
        )
        exists: exp.Expression = exp.Exists(this=met)
        if node.anti:
            exists = exp.Not(this=exists)
        return Rows(
            exp.select(exp.Star())
            .from_(left.select.subquery(names[0], copy=False), copy=False)
            .where(exists, copy=False),
            left.places,
            left.scope,
        )

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
            scalars = self._scalars.on(part.scope)
            named = [exp.alias_(scalars.column(one), one.name, quoted=True) for one in source.columns]
            selects.append(exp.select(*unit, *aliased, *named).from_(self._named(part), copy=False))
        return Rows(
            exp.select(exp.Star()).from_(exp.Subquery(this=_all(selects), alias=self._alias()), copy=False), places
        )

    def _group(self, node: r.Group, placed: bool) -> Rows:
        firsts = placed or any(one.what == "first" for one in node.aggregates)
        below = self._numbered(node.source, firsts)
        moments = {one.name: [f"__m{self._next()}" for _ in one.parts] for one in node.aggregates if is_moment(one)}
        if moments:
            below = self._measured(node, below, moments)
        scalars = self._scalars.on(below.scope, asking=False)
        keys = [scalars.render(key.expr) for key in node.keys]
        named = [exp.alias_(one, key.name, quoted=True) for one, key in zip(keys, node.keys, strict=True)]
        folds = Folds(scalars)
        made = [
            rendered(one, moments[one.name], [scalars.scale(part) if part.type.numeric else 0 for part in one.parts])
            if one.name in moments
            else folds.fold(one, below.places)
            for one in node.aggregates
        ]
        folded = [exp.alias_(each, one.name, quoted=True) for each, one in zip(made, node.aggregates, strict=True)]
        unit = [column(UNIT)] if node.state == "unit" else []
        places = [f"__p{self._next()}"] if placed else []
        order = [exp.alias_(exp.Min(this=column(below.places[0])), place, quoted=True) for place in places]
        select = exp.select(*unit, *order, *named, *folded).from_(self._named(below), copy=False)
        by = [*unit, *(one for one in keys if not isinstance(one, exp.Parameter))]  # no engine groups by a parameter
        select = select.group_by(*by, copy=False) if by else select
        some = exp.GT(
            this=exp.Count(this=exp.Star()), expression=digits(0)
        )  # without keys there would be one group of none
        return Rows(select.having(some, copy=False) if node.keys and not by else select, places)

    def _measured(self, node: r.Group, below: Rows, moments: Mapping[str, Sequence[str]]) -> Rows:
        """The rows with what statistics are of under names of its own, so that each is written once."""
        scalars = self._scalars.on(below.scope, asking=False)
        added = [
            exp.alias_(scalars.render(part), name, quoted=True)
            for one in node.aggregates
            for part, name in zip(one.parts, moments.get(one.name, ()), strict=False)
        ]
        return Rows(exp.select(exp.Star(), *added).from_(self._named(below), copy=False), below.places, below.scope)

    def _window(self, node: r.Window) -> Rows:
        below = self.rows(node.source, placed=True)
        unit, folds = [column(UNIT)] if node.state == "unit" else [], Folds(self._scalars.on(below.scope, asking=False))
        added = [exp.alias_(folds.over(one, unit, below.places), one.name, quoted=True) for one in node.over]
        return Rows(exp.select(exp.Star(), *added).from_(self._named(below), copy=False), below.places, below.scope)

    def read(self, node: r.Sort) -> exp.Select:
        """Give the columns of public rows, as c0, c1, …, in their order."""
        below = self.rows(node.source, placed=False)
        scalars = self._scalars.on(below.scope)
        shown = [exp.alias_(scalars.render(one), f"c{place}") for place, one in enumerate(node.columns)]
        return self._cut(exp.select(*shown).from_(self._named(below), copy=False), node, scalars)

    def _cut(self, select: exp.Select, node: r.Sort, scalars: Scalars) -> exp.Select:
        """Put rows in order, ties by all columns, and cut them."""
        folds = Folds(scalars)
        order = [folds.ordered(one) for one in (*node.order, *(Order(one, False, False) for one in node.columns))]
        select = select.order_by(*order, copy=False) if order else select
        select = select if node.limit is None else select.limit(node.limit, copy=False)
        return select.offset(node.offset, copy=False) if node.offset else select

    def _numbered(self, node: r.Relation, placed: bool) -> Rows:
        """The relation with its order as one column: the number of the row among those of its unit."""
        below = self.rows(node, placed=placed)
        if len(below.places) <= 1:
            return below
        unit = [column(UNIT)] if node.state == "unit" else []
        place = f"__p{self._next()}"
        number = over(exp.RowNumber(), unit, [column(name) for name in below.places])
        numbered = exp.select(exp.Star(), exp.alias_(number, place, quoted=True)).from_(self._named(below), copy=False)
        return Rows(numbered, [place], below.scope)

    def _hidden(self, node: r.Relation, below: Rows) -> list[exp.Expression]:
        unit = [column(UNIT)] if node.state == "unit" else []
        return [*unit, *map(column, below.places)]

    def _named(self, rows: Rows) -> exp.Subquery:
        return rows.select.subquery(self._name(), copy=False)

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


def _others(name: str, node: r.Relation, rows: Rows) -> exp.Expression:
    """Every column of a side of a join but those that the join names itself."""
    named = [*([UNIT] if node.state == "unit" else []), *rows.places]
    every = exp.Star(except_=[exp.to_identifier(one, quoted=True) for one in named]) if named else exp.Star()
    return exp.Column(this=every, table=exp.to_identifier(name))
