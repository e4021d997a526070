"""What all levels of one statement share: the catalogue, how much has been built, and the measures so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from itertools import count

from sqlglot import exp

from sandbox.catalogue.entry import Entry
from sandbox.catalogue.facts import TableFacts
from sandbox.plan.relation import NUMBER, Relation
from sandbox.plan.walk import sources
from sandbox.sql.draft import Measure
from sandbox.sql.fields import Table, told
from sandbox.sql.meter import Meter
from sandbox.sql.own import OwnTable, public_facts_of
from sandbox.sql.terms import refuse

MOST_TABLES = 32  # of one measure, each use counted
MOST_LEVELS = 400  # SELECTs
MOST_NODES = 4_000  # relations, each use counted
DEEPEST = 60  # relations in each other
MOST_ROWS = 1_000_000  # of one unit

Scope = Mapping[str, Table]  # what WITH defines, by its name in small letters


class Statement:
    """`query` reads a SELECT, or a union of them, wherever one stands. `own`: the asker's own tables; None where there
    can be none."""

    def __init__(
        self,
        entry: Entry,
        facts: Mapping[str, TableFacts],
        today: date | None,
        query: Callable[[exp.Expr, Scope, Statement], Table],
        own: Mapping[str, OwnTable] | None = None,
    ) -> None:
        self.entry, self.today, self.own = entry, today, own
        self.facts = {**facts, **public_facts_of(own or {})}
        self.meter = Meter()
        self.measures: list[Measure] = []
        self._query = query
        self._numbers = count(1)
        self._levels = self._nodes = 0

    @property
    def exact(self) -> bool:
        """Whether rows may leave as they are: all tables are public and served exactly."""
        return self.entry.protection == "exact"

    def query(self, node: exp.Expr, scope: Scope) -> Table:
        """Give what a SELECT, or a union of them, gives. Raises `Problem`."""
        self._levels += 1
        if self._levels > MOST_LEVELS:
            raise refuse(f"The text has more than {MOST_LEVELS} SELECTs; ask a smaller question.")
        found = self._query(node, scope, self)
        self.count(found.relation)
        return found

    def number(self) -> int:
        """Give a number that nothing else in the statement has."""
        return next(self._numbers)

    def name(self, hint: str) -> str:
        """Give a column name that no other column of the statement has."""
        return f"{told(hint)}{NUMBER}{self.number()}"

    def count(self, relation: Relation) -> None:
        """Refuse a relation that is too deep, or one too many."""
        deepest, waiting = 0, [(relation, 1)]
        for node, depth in waiting:
            deepest = max(deepest, depth)
            waiting.extend((source, depth + 1) for source in sources(node))
            self._nodes += 1
            if self._nodes > MOST_NODES or deepest > DEEPEST:
                raise refuse("The text joins, groups or nests too much; ask a smaller question.")
