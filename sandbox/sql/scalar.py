"""Subqueries for one value: what they are of, and how the value comes to stand beside each row."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from sandbox.plan import relation as r
from sandbox.plan.states import State
from sandbox.sql.fanout import at_most_one, one_row
from sandbox.sql.fields import lone, projected
from sandbox.sql.public import side_by_side
from sandbox.sql.statement import Scope, Statement
from sandbox.sql.terms import Term, quote, refuse


class Scalars:
    """Collects the subqueries that stand for a value beside rows that are made of the relations `beside`."""

    def __init__(self, beside: Sequence[r.Relation], scope: Scope, statement: Statement) -> None:
        self._beside, self._scope, self._statement = beside, scope, statement
        self._found: list[r.Relation] = []
        self._terms: dict[str, Term] = {}

    @property
    def state(self) -> State:
        """The state of the relation with the values beside it."""
        states = {one.state for one in (*self._beside, *self._found)}
        return "unit" if "unit" in states else "released" if "released" in states else "public"

    def term(self, node: exp.Expr) -> Term:
        """Give the term of the value. Raises `Problem` where it is not one value, or may not be used here."""
        written = node.sql("duckdb")
        if written not in self._terms:
            self._terms[written] = self._read(node)
        return self._terms[written]

    def joined(self, relation: r.Relation) -> r.Relation:
        """Give the relation with the values beside each row."""
        for one in self._found:
            how = "inner" if one_row(one, self._statement) else "left"
            relation, one = side_by_side(relation, one, self._statement)
            relation = r.Join(how, relation, one, (), None, 1 if relation.state == "unit" else None)  # type: ignore[arg-type]
        return relation

    def _read(self, node: exp.Expr) -> Term:
        table = self._statement.query(node.unnest(), self._scope)
        if len(table.fields) != 1:
            raise refuse(f"{quote(node)}: a subquery for one value has one column; name it.")
        own, state = self.state, table.relation.state
        [field] = table.fields
        if state == "unit":
            raise refuse(f"{quote(node)} gives rows of units; write an aggregate of them, or join them by the unit.")
        if field.term is not None and field.term.constant and one_row(table.relation, self._statement):
            return field.term
        if own == "unit" and state == "released":
            raise refuse(
                f"{quote(node)}: released values cannot stand among rows of units; "
                "aggregate the rows first, or write the value itself."
            )
        if not at_most_one(table.relation, self._statement):
            raise refuse(f"{quote(node)} can give several rows; write an aggregate without GROUP BY, or LIMIT 1.")
        table = projected(table, [self._statement.name(field.name)])
        [field] = table.fields
        if not one_row(table.relation, self._statement):
            field = lone(field)
        self._found.append(table.relation)
        assert field.term is not None
        return field.term
