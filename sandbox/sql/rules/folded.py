"""Groups without noise: of rows of single units, of public rows, of released groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from sandbox.catalogue.exact import EXACT
from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.plan.parts import Aggregate, Named, Over, Paired, Ranked
from sandbox.plan.states import State
from sandbox.sql.fields import Field, at, named
from sandbox.sql.folds import ENDS, MOST_GROUPS, Folded, at_end, bounds, folded, placed_term
from sandbox.sql.rules.groups import Groups, Sets, node_of
from sandbox.sql.rules.keys import GroupKey
from sandbox.sql.rules.where import Source
from sandbox.sql.statement import Scope, Statement
from sandbox.sql.terms import Term, quote, refuse


class Folds(Groups):
    """Groups without noise: of rows of single units, of public rows, of released groups."""

    def __init__(self, source: Source, keys: list[GroupKey], sets: Sets, scope: Scope, statement: Statement) -> None:
        released = source.state == "released"
        super().__init__(source, keys, sets, scope, statement, released)
        self._bounded = not released
        self._exact = source.state == "public" and statement.entry.protection == EXACT
        self._folds: list[Folded] = []
        self._columns: list[s.Column] = []
        self._overs: list[Over] = []
        if source.state == "unit" and len(sets) > 1:
            raise refuse("The rows of one unit are grouped one way at a time; write GROUP BY without sets.")
        self._unit_names = {key.name: statement.name(key.name) for key in keys if key.field and key.field.unit}

    @property
    def state(self) -> State:
        return self._source.state

    @property
    def rows(self) -> int:
        return self._source.rows if self.state == "unit" else MOST_GROUPS

    def aggregate(self, node: exp.Expr) -> Term:
        if isinstance(node.this.unnest() if isinstance(node, exp.Filter) else node, ENDS):
            return self._at_end(node)
        return self._folded(folded(node, self._source.row, self.rows, self.builder.digits, exact=self._exact))

    def _folded(self, found: Folded) -> Term:
        known = [replace(one, term=found.term) for one in self._folds]
        same = known.index(found) if found in known else len(known)
        if same == len(known):
            self._folds.append(found)
            span = bounds(found, self._bounded)
            self._columns.append(s.Column(self._statement.name("aggregate"), found.type, *span))
        return placed_term(self._folds[same], self._columns[same])

    def _at_end(self, node: exp.Expr) -> Term:
        """ARG_MAX(x, y), ARG_MIN(x, y): the x of the row whose y comes first in its order."""
        if len(self._sets) > 1:
            raise refuse(f"{quote(node)} goes with one set of keys; write GROUP BY without sets.")
        value, order = at_end(node, self._source.row)
        keys = [node_of(key) for key in self._keys if not (key.field and key.field.unit)]
        span = bounds(Folded("first", value.node, value), self._bounded)
        over = Over(self._statement.name("end"), "first", value.node, tuple(keys), (order,), value.type, *span)
        same = [one for one in self._overs if replace(one, name="") == replace(over, name="")]
        self._overs += [] if same else [over]
        column = (same or [over])[0].column
        return self._folded(Folded("first", column, value))

    def _measured(self) -> list[s.Column]:
        return self._columns

    def _key_term(self, place: int) -> Term:
        term = self._keys[place].term
        assert term is not None
        one = named(self._key_names[place], term, bounded=self._bounded)
        lost = any(place not in own for own in self._sets)
        return replace(term, node=one.column, nullable=term.nullable or lost, listing=None)

    def _field(self, place: int) -> Field:
        field, key = self._keys[place].field, self._keys[place]
        if field is None:
            return super()._field(place)
        if field.unit:
            if field.column is None:
                return field  # nothing reads it
            return at(field, replace(field.column, name=self._unit_names[key.name]))
        return at(field, self._named(place).column)

    def _named(self, place: int) -> Named:
        key = self._keys[place]
        if key.term is None:
            assert key.field is not None and key.field.column is not None
            column = key.field.column
            return Named(self._key_names[place], column, column.lower, column.upper)
        return named(self._key_names[place], key.term, bounded=self._bounded)

    def _groups(self, keys: Sequence[int]) -> r.Relation:
        own, units = [], []
        for place in keys:
            field = self._keys[place].field
            if field is None or not field.unit:
                own.append(self._named(place))
            elif field.column is not None:
                name = self._unit_names[self._keys[place].name]
                units.append(Aggregate(name, "min", field.column, field.column.type))
        folds = [_aggregate(one, column) for one, column in zip(self._folds, self._columns, strict=True)]
        rows = self._source.relation()
        return r.Group(r.Window(rows, tuple(self._overs)) if self._overs else rows, tuple(own), (*units, *folds))

    def _key_column(self, place: int) -> s.Scalar:
        return self._named(place).column


def _aggregate(one: Folded, column: s.Column) -> Aggregate:
    whole = column.name, one.what, one.expr, column.type, column.lower, column.upper
    if one.second is not None:
        return Paired(*whole, second=one.second)
    return Aggregate(*whole) if one.rank is None else Ranked(*whole, rank=one.rank)
