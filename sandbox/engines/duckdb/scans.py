"""Tables of the open data version. A scan lists what was asked of it while the rest of the statement was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from sandbox.engines.duckdb.facts import FROM, TO
from sandbox.engines.duckdb.numbers import grains_of
from sandbox.engines.duckdb.terms import cast, integer, joined
from sandbox.engines.files import ALIAS, MEMORY
from sandbox.engines.layout import ORDER, UNIT, Index, Stored, TableLayout
from sandbox.engines.width import width
from sandbox.plan.own import SCHEMA
from sandbox.plan.relation import Public, Scan
from sandbox.plan.scalar import Column
from sandbox.plan.walk import stored as stored_name


@dataclass(frozen=True)
class Cell:
    """A stored column where a relation shows it: its value, or its code, can be asked for."""

    column: Column
    stored: Stored
    scan: TableScan

    @property
    def coded(self) -> bool:
        return self.stored.kind in ("domain", "dictionary")

    def value(self) -> exp.Expression:
        """Give the column with the value – of a number, whole in its fixed point."""
        return self.scan.shown(self.column.name, self.scan.value(self))

    def code(self) -> exp.Expression:
        """Give the column with what is stored: the code, or the value of a column without codes."""
        if not self.coded:
            return self.value()
        return self.scan.shown(f"__code.{self.column.name}", self.scan.cell(self.stored.column))


Scope = Mapping[str, Cell]


class TableScan:
    """A scan of a stored table, called `name` in the statement until it is put in its place. `ranged`: only units of a
    piece, which is named by parameters."""

    def __init__(self, name: str, node: Scan | Public, layout: TableLayout, *, place: str | None, ranged: bool) -> None:
        self.name, self.node, self.layout = name, node, layout
        self._ranged = ranged and layout.unit is not None
        self._shown: dict[str, exp.Expression] = {}
        self._joins: dict[str, str] = {}
        if layout.unit is not None:
            self.hidden(UNIT)
        if place is not None:
            self.shown(place, self.cell(ORDER))
        self.scope: Scope = {one.name: Cell(one, self._stored(one), self) for one in node.columns}

    def _stored(self, column: Column) -> Stored:
        name = stored_name(column)
        if name == UNIT and self.layout.unit is not None:
            return Stored(UNIT, column.type, "plain", UNIT, self.layout.unit)
        try:
            return self.layout.column(name)
        except KeyError:
            raise ValueError("the data version has no such column") from None

    def cell(self, column: str) -> exp.Expression:
        """Give a column as the scan itself sees it."""
        return exp.column(column, table="t", quoted=True)

    def shown(self, alias: str, expression: exp.Expression) -> exp.Expression:
        """Give the column under which the scan shows an expression from now on."""
        self._shown.setdefault(alias, expression)
        return exp.column(alias, quoted=True)

    def hidden(self, name: str) -> exp.Expression:
        """Show a hidden column: of the unit, the order, an index."""
        return self.shown(name, self.cell(name))

    def index(self, keys: frozenset[str]) -> Index | None:
        """Give the index of exactly these declared columns."""
        return self.layout.index(keys)

    def value(self, cell: Cell) -> exp.Expression:
        """Give the decoded value of a column."""
        stored, scale = cell.stored, cell.column.type.scale
        if stored.kind == "grains":
            if stored.scale != scale:
                raise ValueError("a column has the decimals it was registered with")
            return self.cell(stored.column)
        found = self.cell(stored.column)
        if stored.dictionary is not None:
            alias = self._joins.setdefault(stored.column, f"d{len(self._joins)}")
            found = exp.column("value", table=alias, quoted=True)
        return whole(found, cell.column)

    def subquery(self) -> exp.Subquery:
        """Give the scan with everything that was asked for."""
        shown = [exp.alias_(one, alias, quoted=True) for alias, one in self._shown.items()]
        select = exp.select(*(shown or [exp.alias_(exp.Literal.number("1"), f"__row.{self.name}", quoted=True)]))
        select = select.from_(exp.alias_(table(self.layout.base), "t", table=True), copy=False)
        dictionaries = {one.column: str(one.dictionary) for one in self.layout.columns}
        for column, alias in self._joins.items():
            code = exp.column("code", table=alias, quoted=True)
            on = exp.EQ(this=self.cell(column), expression=code)
            dictionary = exp.alias_(table(dictionaries[column]), alias, table=True)
            select = joined(select, dictionary, on, "left")
        if self._ranged:
            low, high = (exp.Parameter(this=exp.Var(this=name)) for name in (FROM, TO))
            select = select.where(exp.Between(this=self.cell(UNIT), low=low, high=high), copy=False)
        return select.subquery(self.name, copy=False)


def table(name: str) -> exp.Table:
    """A table of the open data version, or an own one beside it, which no version has a name like."""
    return exp.table_(name, db="main", catalog=MEMORY if name.startswith(f"{SCHEMA}.") else ALIAS, quoted=True)


def whole(cell: exp.Expression, column: Column) -> exp.Expression:
    """Give a value of a column as expressions take it: a decimal as a whole number."""
    return decimal(cell, column) if column.type.kind == "decimal" else cell


def decimal(cell: exp.Expression, column: Column) -> exp.Expression:
    """Give a decimal as a whole number in the fixed point of its column."""
    own = width(column)
    return cast(grains_of(cell, own) if own.scale else cell, integer(own.most))


def put(statement: exp.Expression, scans: Mapping[str, TableScan]) -> exp.Expression:
    """Put the scans where the statement names them."""
    for named in list(statement.find_all(exp.Table)):
        if not named.db and named.name in scans:
            named.replace(scans[named.name].subquery())
    return statement
