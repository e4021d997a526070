"""One SELECT: fields of rows of units, of public rows, or of released groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from sqlglot import exp

from sandbox.errors import Problem
from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.plan.parts import Aggregate, Order
from sandbox.sql.aggregated import is_grouped
from sandbox.sql.columns import Row
from sandbox.sql.draft import Key, Made
from sandbox.sql.fields import Field, Table, at, named, typed
from sandbox.sql.filters import filtered
from sandbox.sql.folds import MOST_GROUPS
from sandbox.sql.results import name_of
from sandbox.sql.rules.common import defined
from sandbox.sql.rules.folded import Folds
from sandbox.sql.rules.groups import Groups
from sandbox.sql.rules.keys import keys
from sandbox.sql.rules.limit import cut
from sandbox.sql.rules.measured import Measured, measured
from sandbox.sql.rules.where import Source
from sandbox.sql.scalars import Builder
from sandbox.sql.statement import Scope, Statement
from sandbox.sql.terms import Term, quote, refuse
from sandbox.sql.windows import Windows, named_windows

MOST_LETTERS = 120


def select(tree: exp.Select, scope: Scope, statement: Statement) -> Table:
    """Give what a SELECT gives. Raises `Problem`."""
    if not tree.expressions:
        raise Problem("sql_syntax", "SELECT names no column; write what to show before FROM.")
    scope = defined(tree, scope, statement)
    source = Source(tree, scope, statement)
    found = _grouped(tree, source, scope, statement) if is_grouped(tree) else source
    return _Select(tree, found, statement).table()


def _grouped(tree: exp.Select, source: Source, scope: Scope, statement: Statement) -> Groups:
    by, sets = keys(tree, source.row)
    own = any(key.field is not None and key.field.owned for key in by)
    if source.state == "unit" and not own:
        return Measured(source, by, sets, scope, statement)
    return Folds(source, by, sets, scope, statement)


class _Select:
    """What SELECT, HAVING, QUALIFY, DISTINCT, ORDER BY and LIMIT say about rows or groups."""

    def __init__(self, tree: exp.Select, below: Source | Groups, statement: Statement) -> None:
        self._tree, self._below, self._statement = tree, below, statement
        self._row = below.row
        units = below.state == "unit"
        most = below.rows if units else MOST_GROUPS
        self._windows = Windows(self._row, statement, most, units, named_windows(tree))
        self._fields: list[Field] = []

    def table(self) -> Table:
        """Read all clauses, then put them one over the other."""
        for field in self._items():  # each may name those before it
            self._fields.append(field)
        having = self._condition("having", windows=False)
        qualify = self._condition("qualify", windows=True)
        distinct = self._tree.args.get("distinct")
        order = [] if distinct else self._order(self._builder("first"))
        found = self._below.relation()
        if having is not None:
            found = filtered(found, having.node)
        if self._windows.over:
            found = r.Window(found, tuple(self._windows.over))
        if qualify is not None:
            found = filtered(found, qualify.node)
        if distinct:
            table = distinct_rows(Table(found, tuple(self._fields)), self._statement)
            return ordered(table, self._tree, self._statement)
        return Table(cut(found, order, self._tree, self._statement), tuple(self._fields))

    def _items(self) -> Iterator[Field]:
        """The fields, each under a name of its own: those that are given stay, others move out of the way."""
        taken = {alias.lower() for alias in aliases_of(self._tree.expressions) if alias}
        builder = self._builder("last")
        for place, item in enumerate(self._tree.expressions, 1):
            node = item.unalias().unnest()
            if isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star)):
                for field in self._star(node):
                    yield replace(field, name=_free(field.name, taken))
                continue
            before = self._before(node)
            field = before or self._row.named(node) or Field("", builder.term(node))
            name = item.alias if isinstance(item, exp.Alias) else _free(name_of(node, place), taken)
            yield replace(field, name=name)

    def _before(self, node: exp.Expr) -> Field | None:
        """The field of SELECT itself that a name means which is no column."""
        if not isinstance(node, exp.Column) or node.args.get("table") or self._row.known(node):
            return None
        return by_name(self._fields, node)

    def _star(self, node: exp.Expr) -> list[Field]:
        if not isinstance(self._row, Row):
            raise refuse("* stands for all columns, and groups have keys and aggregates only; name them.")
        return self._row.star(node)

    def _condition(self, clause: str, *, windows: bool) -> Term | None:
        written = self._tree.args.get(clause)
        if written is None:
            return None
        return self._builder("last", windows=windows).condition(written.this, clause.upper())

    def _order(self, builder: Builder) -> list[Order]:
        return orders(self._tree, self._fields, builder)

    def _builder(self, aliases: Literal["first", "last"], *, windows: bool = True) -> Builder:
        """Reads expressions. `aliases`: whether the names that SELECT gives count before other names (ORDER BY) or
        after them (SELECT, HAVING, QUALIFY)."""

        def leaf(node: exp.Expr) -> Term | None:
            if isinstance(node, exp.Window) and windows:
                return self._windows.term(node)
            if isinstance(node, exp.Column) and not node.args.get("table"):
                counts = aliases == "first" or (aliases == "last" and not self._row.known(node))
                alias = by_name(self._fields, node) if counts else None
                if alias is not None and alias.term is not None:
                    return alias.term
            return self._row.leaf(node)

        own = self._row.builder
        return Builder(leaf, released=lambda: own.released, meter=self._statement.meter, today=self._statement.today)


def by_name(fields: list[Field], node: exp.Expr) -> Field | None:
    """Give the field that is called so: exactly, or, without quotes, in any case of letters."""
    exact = [field for field in fields if field.name == node.name]
    if exact or node.this.args.get("quoted"):
        return exact[0] if exact else None
    return next((field for field in fields if field.name.lower() == node.name.lower()), None)


def orders(tree: exp.Expr, fields: list[Field], builder: Builder) -> list[Order]:
    """Give what ORDER BY says; whole numbers are places of SELECT."""
    clause = tree.args.get("order")
    found = []
    for part in clause.expressions if clause else []:
        inner = part.this.unnest()
        whole = isinstance(inner, exp.Literal) and not inner.is_string
        everything = isinstance(inner, exp.Var) and inner.name.upper() == "ALL"
        if everything:
            nodes = [_shown(field) for field in fields]
        elif whole:
            if not inner.this.isdecimal() or not 1 <= int(inner.this[:9]) <= len(fields):
                raise refuse(
                    f"ORDER BY {quote(part.this)}: SELECT has {len(fields)} columns; write one of their places."
                )
            nodes = [_shown(fields[int(inner.this[:9]) - 1])]
        else:
            nodes = [builder.term(part.this).node]
        found += [
            Order(node, bool(part.args.get("desc")), bool(part.args.get("nulls_first")))
            for node in nodes
            if not isinstance(node, s.Constant)
        ]
    return found


def ordered(table: Table, tree: exp.Expr, statement: Statement) -> Table:
    """Give the rows of a table in the order that `tree` says of its own fields."""
    fields = list(table.fields)

    def leaf(node: exp.Expr) -> Term | None:
        if isinstance(node, exp.Column):
            found = by_name(fields, node)
            if found is None or found.term is None:
                raise refuse(f"ORDER BY {quote(node)}: write a column of SELECT, or its place.")
            return found.term
        return None

    order = orders(tree, fields, Builder(leaf, released=lambda: True))
    return replace(table, relation=cut(table.relation, order, tree, statement))


def distinct_rows(table: Table, statement: Statement) -> Table:
    """Give each different row once: of units, where the unit is among the fields, rows of single units; else groups
    that are released as those of GROUP BY."""
    relation = table.relation
    if relation.state == "unit" and not any(field.owned for field in table.fields):
        return _released(table, statement)
    own, units, fields = [], [], []
    for field in table.fields:
        if field.unit and relation.state == "unit":
            if field.column is not None:
                one = Aggregate(statement.name(field.name), "min", field.column, field.column.type)
                units.append(one)
                field = at(field, one.column)
        else:
            term = Term(field.node) if field.term is None else typed(field.term)
            key = named(statement.name(field.name), term, bounded=relation.state != "released")
            own.append(key)
            field = at(field, key.column, None if field.term is None else term)
        fields.append(field)
    return Table(r.Group(relation, tuple(own), tuple(units)), tuple(fields))


def _released(table: Table, statement: Statement) -> Table:
    names, found = [statement.name(field.name) for field in table.fields], []
    for field in table.fields:
        if field.term is None:
            raise refuse(
                f"{field.name} tells single units apart, so that its values do not leave; add the unit to the columns."
            )
        found.append(Key(field.name, typed(field.term)))
    made = [Made(name, "key", at, key.term.type) for at, (name, key) in enumerate(zip(names, found, strict=True))]
    relation = measured(table.relation, found, [], made, statement)
    fields = [
        Field(key.name, replace(key.term, node=one.column, nullable=True, domain=None, listing=None))
        for key, one in zip(found, made, strict=True)
    ]
    return Table(relation, tuple(fields))


def aliases_of(items: list[exp.Expr]) -> list[str | None]:
    """Give the alias of each item of SELECT; refuses two that are one."""
    aliases = [_alias(item) for item in items]
    given = [alias.lower() for alias in aliases if alias]
    if len(set(given)) != len(given):
        raise refuse("Two columns of the answer have one name; give each its own alias.")
    return aliases


def _alias(item: exp.Expr) -> str | None:
    name = item.alias if isinstance(item, exp.Alias) else None
    if name is not None and (not name.isprintable() or not 0 < len(name) <= MOST_LETTERS):
        raise refuse(f"An alias has 1 to {MOST_LETTERS} printable letters; choose another.")
    return name


def _free(wanted: str, taken: set[str]) -> str:
    """Give `wanted`, or `wanted_2` and so on when it is taken, and take it."""
    name, number = wanted, 1
    while name.lower() in taken:
        number += 1
        name = f"{wanted}_{number}"
    taken.add(name.lower())
    return name


def _shown(field: Field) -> s.Scalar:
    if field.term is None:
        raise refuse(f"{field.name} tells single units apart; order by another column.")
    return field.term.node
