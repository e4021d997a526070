# ruff: noqa: S608 – built node by node: names are quoted, texts are parameters
"""Relations as Spark SQL. Every relation of units has `__unit`; `places` are the columns that order the rows of a unit,
NULL first. Numbers are whole, in the fixed point of their type, from the scan on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.engines.layout import ORDER, UNIT
from sandbox.engines.spark.folds import folded, ordered, over
from sandbox.engines.spark.scalars import Scalars
from sandbox.engines.spark.storage import TableFiles
from sandbox.engines.spark.words import column
from sandbox.engines.widths import width
from sandbox.plan import relation as r
from sandbox.plan.parts import Order
from sandbox.plan.scalar import Column, Constant, Value
from sandbox.plan.walk import stored


@dataclass(frozen=True)
class Rows:
    """A relation: its SELECT, whose columns carry the relation's names, and the columns of its order, where wanted."""

    sql: str
    places: tuple[str, ...] = ()


class Relations:
    """Renders relations over `tables`; `read` are those that the SQL reads. Subqueries get names of their own, so that
    none can be mistaken for another."""

    def __init__(self, scalars: Scalars, tables: Mapping[str, TableFiles]) -> None:
        self._scalars = scalars
        self._tables = tables
        self._number = 0
        self.read: set[str] = set()

    def rows(self, node: r.Relation, *, placed: bool) -> Rows:
        """Give the relation, with its order if `placed`."""
        match node:
            case r.Scan() | r.Public():
                return self._table(node, placed)
            case r.Values():
                return self._values(node, placed)
            case r.Filter():
                below = self.rows(node.source, placed=placed)
                return Rows(
                    f"SELECT * FROM {self.named(below)} WHERE {self._scalars.render(node.condition)}", below.places
                )
            case r.Project():
                below = self.rows(node.source, placed=placed)
                named = [f"{self._scalars.render(one.expr)} AS {column(one.name)}" for one in node.named]
                picked = [*self._unit(node), *below.places, *named]
                return Rows(f"SELECT {_listed(picked)} FROM {self.named(below)}", below.places)
            case r.Join():
                return self._join(node, placed)
            case r.Semi():
                return self._semi(node, placed)
            case r.Union():
                return self._union(node, placed)
            case r.Group():
                return self._group(node, placed)
            case r.Window():
                below = self.rows(node.source, placed=True)
                seen = self._unit(node), below.places, node.source.rows
                added = [f"{over(self._scalars, one, *seen)} AS {column(one.name)}" for one in node.over]
                return Rows(f"SELECT {_listed(['*', *added])} FROM {self.named(below)}", below.places)
            case r.Sort():
                below = self.rows(node.source, placed=placed)
                return Rows(self._cut(f"SELECT * FROM {self.named(below)}", node), below.places)
            case _:
                raise ValueError("an engine runs rows, not released groups")

    def sorted(self, node: r.Sort) -> str:
        """Give the columns of public rows, as c0, c1, …, in their order."""
        named = [f"{self._scalars.render(one)} AS c{place}" for place, one in enumerate(node.columns)]
        return self._cut(f"SELECT {', '.join(named)} FROM {self.named(self.rows(node.source, placed=False))}", node)

    def _cut(self, select: str, node: r.Sort) -> str:
        """Put rows in order, ties by all columns, and cut them."""
        every = [*node.order, *(Order(one, False, False) for one in node.columns)]
        sql = f"{select} ORDER BY {', '.join(ordered(self._scalars, one) for one in every)}" if every else select
        sql = sql if node.limit is None else f"{sql} LIMIT {node.limit}"
        return f"{sql} OFFSET {node.offset}" if node.offset else sql

    def named(self, rows: Rows) -> str:
        """Give the relation as a table under a name of its own."""
        return f"({rows.sql}) {self.name('r')}"

    def name(self, letter: str) -> str:
        """Give a name that nothing else has."""
        self._number += 1
        return f"__{letter}{self._number}"

    def stored(self, table: str, name: str) -> str:
        """Give the column in which a table's files have a declared column, or the unit."""
        if name == UNIT:
            return f"CAST({UNIT} AS BIGINT)"
        return f"c{self._tables[table].names.index(name)}"

    def view(self, table: str) -> str:
        """Give the name under which the SQL reads a table's files."""
        if table not in self._tables:
            raise ValueError("there is no such table")
        self.read.add(table)
        return view_of(table, self._tables)

    def _unit(self, node: r.Relation) -> list[str]:
        return [UNIT] if node.state == "unit" else []

    def _table(self, node: r.Scan | r.Public, placed: bool) -> Rows:
        places = (self.name("p"),) if placed else ()
        order = [f"{ORDER} AS {place}" for place in places]
        named = [f"{self.stored(node.table, stored(one))} AS {column(one.name)}" for one in node.columns]
        return Rows(f"SELECT {_listed([*self._unit(node), *order, *named])} FROM {self.view(node.table)}", places)

    def _values(self, node: r.Values, placed: bool) -> Rows:
        places = (self.name("p"),) if placed else ()
        selects = []
        for at, cells in enumerate(node.cells):
            order = [f"{at}L AS {place}" for place in places]
            named = [
                f"{self._cell(cell, one)} AS {column(one.name)}" for cell, one in zip(cells, node.columns, strict=True)
            ]
            selects.append(f"SELECT {_listed([*order, *named])}")
        return Rows(" UNION ALL ".join(selects), places)

    def _cell(self, cell: Value, one: Column) -> str:
        """Give a written value, a number in the fixed point of its column."""
        constant = Constant(cell, one.type)
        if one.type.numeric:
            return self._scalars.number(constant, width(constant).at(one.type.scale))
        return self._scalars.render(constant)

    def _join(self, node: r.Join, placed: bool) -> Rows:
        left, right = self.rows(node.left, placed=placed), self.rows(node.right, placed=placed)
        names = self.name("j"), self.name("j")
        units = [f"{name}.{UNIT}" for name in names]
        unit = []
        if node.left.state == node.right.state == "unit":
            unit = [f"coalesce({', '.join(units)}) AS {UNIT}"]
        elif node.state == "unit":
            unit = [units[0]]
        places = left.places + right.places
        picked = [*unit, *places, *(column(one.name) for one in node.columns)]
        sides = f"({left.sql}) {names[0]} {node.how.upper()} JOIN ({right.sql}) {names[1]}"
        return Rows(f"SELECT {_listed(picked)} FROM {sides} ON {self._partners(node, units)}", places)

    def _semi(self, node: r.Semi, placed: bool) -> Rows:
        left, right = self.rows(node.left, placed=placed), self.rows(node.right, placed=False)
        names = self.name("s"), self.name("s")
        how = "ANTI" if node.anti else "SEMI"
        on = self._partners(node, [f"{name}.{UNIT}" for name in names])
        sides = f"({left.sql}) {names[0]} LEFT {how} JOIN ({right.sql}) {names[1]}"
        return Rows(f"SELECT * FROM {sides} ON {on}", left.places)

    def _partners(self, node: r.Join | r.Semi, units: Sequence[str]) -> str:
        conditions = [self._scalars.equal(left, right) for left, right in node.equal]
        if node.left.state == node.right.state == "unit":
            conditions.append(" = ".join(units))
        if node.condition is not None:
            conditions.append(self._scalars.render(node.condition))
        return " AND ".join(conditions) or "true"

    def _union(self, node: r.Union, placed: bool) -> Rows:
        parts = [self.rows(source, placed=placed) for source in node.sources]
        most = max(len(part.places) for part in parts)
        places = tuple(self.name("p") for _ in range(most + 1)) if placed else ()
        selects = []
        for branch, (source, part) in enumerate(zip(node.sources, parts, strict=True)):
            own = [f"{branch}L", *part.places, *["CAST(NULL AS BIGINT)"] * (most - len(part.places))]
            order = [f"{one} AS {place}" for one, place in zip(own, places, strict=False)]
            named = [self._scalars.render(one) for one in source.columns]
            named = [f"{cell} AS {column(one.name)}" for cell, one in zip(named, source.columns, strict=True)]
            selects.append(f"SELECT {_listed([*self._unit(node), *order, *named])} FROM {self.named(part)}")
        return Rows(" UNION ALL ".join(selects), places)

    def _group(self, node: r.Group, placed: bool) -> Rows:
        firsts = placed or any(one.what == "first" for one in node.aggregates)
        below = self._in_one_column(node.source, firsts)
        named = [f"{self._scalars.render(key.expr)} AS {column(key.name)}" for key in node.keys]
        values = [
            f"{folded(self._scalars, one, below.places, node.source.rows)} AS {column(one.name)}"
            for one in node.aggregates
        ]
        places = (self.name("p"),) if placed else ()
        order = [f"min({below.places[0]}) AS {place}" for place in places]
        by = [*self._unit(node), *(self._scalars.render(key.expr) for key in node.keys)]
        select = f"SELECT {_listed([*self._unit(node), *order, *named, *values])} FROM {self.named(below)}"
        return Rows(f"{select} GROUP BY {', '.join(by)}" if by else select, places)

    def _in_one_column(self, node: r.Relation, placed: bool) -> Rows:
        """The relation with its order as one column: the number of the row among those of its unit."""
        below = self.rows(node, placed=placed)
        if len(below.places) <= 1:
            return below
        place = self.name("p")
        partition = f"PARTITION BY {UNIT} " if node.state == "unit" else ""
        number = f"CAST(row_number() OVER ({partition}ORDER BY {by_places(below.places)}) AS BIGINT) AS {place}"
        kept = [*self._unit(node), *(column(one.name) for one in node.columns), number]
        return Rows(f"SELECT {_listed(kept)} FROM {self.named(below)}", (place,))


def view_of(table: str, tables: Mapping[str, TableFiles]) -> str:
    """Give the name under which SQL reads the files of a table."""
    return f"__t{list(tables).index(table)}"


def by_places(places: Sequence[str]) -> str:
    """Give the order of the rows of a unit."""
    return ", ".join(f"{place} NULLS FIRST" for place in places)


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(columns) or "1 AS __row"
