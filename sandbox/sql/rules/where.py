"""FROM and WHERE together: the rows that everything else of a SELECT is about."""

from __future__ import annotations

from sqlglot import exp

from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.plan.states import State
from sandbox.sql.columns import Row
from sandbox.sql.filters import filtered
from sandbox.sql.links import conjuncts, link
from sandbox.sql.rules.join import leaves, placed, relation
from sandbox.sql.rules.source import Sources
from sandbox.sql.rules.within import Partner, kept, partner
from sandbox.sql.scalar import Scalars
from sandbox.sql.statement import Scope, Statement


class Source:
    """The rows that FROM and WHERE of a SELECT give, and `row`, which reads expressions over them."""

    grouped = False

    def __init__(self, tree: exp.Select, scope: Scope, statement: Statement) -> None:
        found = Sources(scope, statement).read(tree)
        nothing = found.part.columns == frozenset()
        self.row = Row(
            found.entries,
            statement,
            released=lambda: nothing or self._scalars.state == "released",
            scalar=lambda node: self._scalars.term(node),
        )
        self._statement = statement
        self._above: list[s.Scalar] = []
        self._partners: list[Partner] = []
        pairs: list[tuple[str, str]] = []
        self._scalars = Scalars(leaves(found.part), scope, statement)
        for one in conjuncts(tree.args["where"].this) if tree.args.get("where") else []:
            met = partner(one, self.row, scope, statement)
            if met is not None:
                self._partners.append(met)
                continue
            condition = link(one, self.row, "WHERE")
            pairs += [condition.pair] if condition.pair and condition.units else []
            within = found.whole and condition.reads <= found.part.columns
            if not (within and placed(found.part, condition)):
                self._above.append(condition.node)
        self._base = relation(found.part, statement, pairs)

    @property
    def state(self) -> State:
        if self._base.state == "unit":
            return "unit"
        return "released" if any(one.right.state == "released" for one in self._partners) else self._scalars.state

    @property
    def rows(self) -> int:
        """The most rows of one unit."""
        return self._base.rows

    def relation(self) -> r.Relation:
        """Give the rows, once all that is said about them has been read."""
        found = self._scalars.joined(self._base)
        for node in self._above:
            found = filtered(found, node)
        for one in self._partners:
            found = kept(found, one, self._statement)
        return found
