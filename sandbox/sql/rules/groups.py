"""Groups: of rows of units the measure, of rows of single units a sub-aggregate, of released ones more of the same.

`Groups` reads what may be said about them: their keys, aggregates, GROUPING, and subqueries for one value."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from sqlglot import exp

from sandbox.errors import Problem
from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.plan.parts import Named
from sandbox.plan.states import State
from sandbox.sql.columns import AGGREGATE, SUBQUERY
from sandbox.sql.fields import Field, named
from sandbox.sql.folds import MOST_GROUPS
from sandbox.sql.rules.keys import GroupKey
from sandbox.sql.rules.where import Source
from sandbox.sql.scalar import Scalars
from sandbox.sql.scalars import Builder
from sandbox.sql.statement import Scope, Statement
from sandbox.sql.terms import Term, literal, quote, refuse

Sets = Sequence[tuple[int, ...]]
_ABOVE = (*AGGREGATE, *SUBQUERY, exp.Window)  # what no key can hold


class Groups(ABC):
    """The groups of one SELECT."""

    grouped = True

    def __init__(
        self, source: Source, keys: list[GroupKey], sets: Sets, scope: Scope, statement: Statement, released: bool
    ) -> None:
        self._source, self._keys, self._sets = source, keys, sets
        self._statement = statement
        self._key_names = [statement.name(key.name) for key in keys]
        self._groupings: dict[tuple[int, ...], str] = {}
        self.unit = source.row.unit
        self.row = self
        self.builder = Builder(self.leaf, released=lambda: released, meter=statement.meter, today=statement.today)
        self._scalars: Scalars | None = None
        self._scope = scope

    @property
    @abstractmethod
    def state(self) -> State:
        """The state of the groups."""

    @property
    def rows(self) -> int:
        """The most groups of one unit, or of all."""
        return MOST_GROUPS

    @abstractmethod
    def aggregate(self, node: exp.Expr) -> Term:
        """Give the term of an aggregate. Raises `Problem`."""

    @abstractmethod
    def _groups(self, keys: Sequence[int]) -> r.Relation:
        """The groups by some of the keys, with all aggregates."""

    @abstractmethod
    def _key_term(self, place: int) -> Term:
        """The term of a key, as a column of the groups."""

    @abstractmethod
    def _measured(self) -> list[s.Column]:
        """The columns of the aggregates."""

    def relation(self) -> r.Relation:
        """Give the groups, once all that is said about them has been read."""
        if len(self._sets) == 1:
            found = self._groups(self._sets[0])
        else:
            found = r.Union(tuple(self._laid_out(self._groups(one), one) for one in self._sets))
        return self._scalars.joined(found) if self._scalars else found

    def leaf(self, node: exp.Expr) -> Term | None:
        """Give what an aggregate, a key or a subquery stands for. Raises `Problem` for other columns."""
        if isinstance(node, exp.Grouping):
            return self._grouping(node)
        if isinstance(node, AGGREGATE):
            return self.aggregate(node)
        if isinstance(node, SUBQUERY):
            if self._scalars is None:
                beside = r.Released(0, ()) if self.state == "released" else self._source.relation()
                self._scalars = Scalars([beside], self._scope, self._statement)
            return self._scalars.term(node)
        if isinstance(node, exp.Exists | exp.Window) or (isinstance(node, exp.In) and node.args.get("query")):
            raise refuse(f"{quote(node)} cannot stand here; write it in an outer SELECT.")
        place = self._as_key(node)
        if place is not None:
            if self._keys[place].term is None:
                raise self._source.row.hidden(self._field(place))
            return self._key_term(place)
        if isinstance(node, exp.Column):
            raise self._ungrouped(node)
        return None

    def named(self, node: exp.Expr) -> Field | None:
        """Give the field of the key that `node` names, None when it names none."""
        inner = node.unnest()
        place = self._as_key(inner) if isinstance(inner, exp.Column) else None
        return None if place is None else self._field(place)

    def counted(self, node: exp.Expr) -> Term | None:
        """Identifiers are not counted over groups."""
        return None

    def known(self, node: exp.Column) -> bool:
        """Say whether `node` names a key."""
        return self._as_key(node) is not None

    def _field(self, place: int) -> Field:
        key = self._keys[place]
        term = None if key.term is None else self._key_term(place)
        return Field(key.name, term)

    def _as_key(self, node: exp.Expr) -> int | None:
        """The place of the key that `node` spells, or None."""
        if not self._keys or not next(node.find_all(exp.Column), None) or next(node.find_all(*_ABOVE), None):
            return None
        try:
            field = self._source.row.named(node)
            found = field.node if field is not None else self._source.row.builder.term(node).node
        except Problem:
            return None
        return next((place for place, key in enumerate(self._keys) if node_of(key) == found), None)

    def _ungrouped(self, node: exp.Column) -> Problem:
        self._source.row.leaf(node)  # refuses identifiers
        found = self._source.row.column(node)
        instead = f", or write AVG({found.name})" if found.term and found.term.type.numeric else ""
        return refuse(f"{found.name} is neither a key nor in an aggregate: add it to GROUP BY{instead}.")

    def _grouping(self, node: exp.Grouping) -> Term:
        places = tuple(self._as_key(one.unnest()) for one in node.expressions)
        if not places or any(place is None for place in places):
            raise refuse(f"{quote(node)}: GROUPING takes keys of GROUP BY.")
        known = tuple(place for place in places if place is not None)
        if len(self._sets) == 1:
            return literal(0)
        if known not in self._groupings:
            self._groupings[known] = self._statement.name("grouping")
        most = Decimal(2 ** len(known) - 1)
        span = (Decimal(0), most) if self.state != "released" else (None, None)
        return Term(s.Column(self._groupings[known], s.INTEGER, *span), Decimal(0), most, False)

    def _laid_out(self, relation: r.Relation, present: Sequence[int]) -> r.Relation:
        """Groups by some of the keys, with NULL for the others, and what GROUPING says of them."""
        bounded = relation.state != "released"
        columns = []
        for place, name in enumerate(self._key_names):
            node = self._key_column(place)
            if place not in present:
                node = s.Constant(None, node.type)
            columns.append(named(name, replace(self._key_facts(place), node=node), bounded=bounded))
        columns += [Named(one.name, one, one.lower, one.upper) for one in self._measured()]
        for places, name in self._groupings.items():
            bits = sum(1 << at for at, place in enumerate(reversed(places)) if place not in present)
            most = Decimal(2 ** len(places) - 1)
            columns.append(named(name, Term(s.Constant(bits, s.INTEGER), Decimal(0), most), bounded=bounded))
        return r.Project(relation, tuple(columns))

    def _key_column(self, place: int) -> s.Scalar:
        return self._key_term(place).node

    def _key_facts(self, place: int) -> Term:
        return self._key_term(place)


def node_of(key: GroupKey) -> s.Scalar:
    """Give what a key computes."""
    if key.term is not None:
        return key.term.node
    assert key.field is not None
    return key.field.node
