"""The measure: groups of rows of units, of which noisy values are released."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from sandbox.plan import relation as r
from sandbox.plan import scalar as s
from sandbox.plan.states import State
from sandbox.plan.walk import walk
from sandbox.sql.aggregates import ask
from sandbox.sql.draft import Ask, Key, Made, Measure
from sandbox.sql.results import reach
from sandbox.sql.rules.groups import Groups, Sets
from sandbox.sql.rules.keys import GroupKey
from sandbox.sql.rules.where import Source
from sandbox.sql.statement import MOST_ROWS, MOST_TABLES, Scope, Statement
from sandbox.sql.terms import Term, refuse

MOST_ASKS = 250  # each shares the noise's budget, and is compared with all others


class Measured(Groups):
    """Groups of rows of units: what is asked of them is measured with noise, and released."""

    def __init__(self, source: Source, keys: list[GroupKey], sets: Sets, scope: Scope, statement: Statement) -> None:
        super().__init__(source, keys, sets, scope, statement, released=True)
        for key in keys:
            if key.term is None:
                assert key.field is not None
                raise source.row.hidden(key.field)
        self._asks: list[Ask] = []
        self._names: list[str] = []

    @property
    def state(self) -> State:
        return "released"

    def aggregate(self, node: exp.Expr) -> Term:
        wanted = ask(node, self._source.row)
        if wanted not in self._asks:
            if len(self._asks) == MOST_ASKS:
                raise refuse(
                    f"One SELECT measures at most {MOST_ASKS} different things; group by an expression, or ask several "
                    "questions."
                )
            self._asks.append(wanted)
            self._names.append(self._statement.name("aggregate"))
        name = self._names[self._asks.index(wanted)]
        return Term(s.Column(name, wanted.type), *reach(wanted))

    def _measured(self) -> list[s.Column]:
        return [s.Column(name, one.type) for name, one in zip(self._names, self._asks, strict=True)]

    def _key_term(self, place: int) -> Term:
        term = self._keys[place].term
        assert term is not None
        column = s.Column(self._key_names[place], term.type)
        return replace(term, node=column, nullable=True, domain=None, listing=None)

    def _groups(self, keys: Sequence[int]) -> r.Relation:
        made = [Made(self._key_names[place], "key", at, self._key_term(place).type) for at, place in enumerate(keys)]
        made += [
            Made(name, "aggregate", at, one.type)
            for at, (name, one) in enumerate(zip(self._names, self._asks, strict=True))
        ]
        own = [(self._keys[place].name, self._keys[place].term) for place in keys]
        return measured(
            self._source.relation(), [Key(name, term) for name, term in own if term], self._asks, made, self._statement
        )


def measured(
    rows: r.Relation, keys: Sequence[Key], asks: Sequence[Ask], made: Sequence[Made], statement: Statement
) -> r.Released:
    """Ask the measure of `rows`, at least how many units there are in each group; gives what it releases. Raises
    `Problem` when a unit can have too many rows."""
    if rows.rows > MOST_ROWS:
        raise refuse(
            f"One {statement.entry.unit.name if statement.entry.unit else 'unit'} could have {rows.rows} rows here, "
            f"more than {MOST_ROWS}; join by more columns, or aggregate by the unit first, with GROUP BY the unit."
        )
    if sum(isinstance(node, r.Scan | r.Public) for node in walk(rows)) > MOST_TABLES:
        raise refuse(
            f"The text reads more than {MOST_TABLES} tables at once, each use counted; ask a smaller question."
        )
    statement.measures.append(Measure(rows, tuple(keys), tuple(asks) or (Ask("units"),), tuple(made)))
    return r.Released(len(statement.measures) - 1, tuple(one.column for one in made))
