"""A finished question about data that are served exactly: the rows that it asks for, in an order that leaves nothing
open."""

from __future__ import annotations

from sandbox.plan import relation as r
from sandbox.plan.parts import Named, Order
from sandbox.plan.walk import walk
from sandbox.sql.canonical import pruned
from sandbox.sql.fields import Table, named, names, typed
from sandbox.sql.statement import MOST_TABLES, Statement
from sandbox.sql.terms import refuse


def rows_asked(table: Table, statement: Statement) -> tuple[r.Sort, int]:
    """Give the rows of `table`, and how many of their columns are its fields: the others hold what ORDER BY says and
    the answer does not show. Without ORDER BY rows stand in the order of their columns. Raises `Problem`."""
    found = table.relation
    last = found if isinstance(found, r.Sort) else r.Sort(found, ())
    shown = []
    for field in table.fields:
        assert field.term is not None, "nothing tells units apart where there are none"
        shown.append(named(field.name, typed(field.term), bounded=True))
    hidden = [Named(statement.name("order"), one.expr) for one in last.order]
    order = [Order(by.column, one.descending, one.nulls_first) for by, one in zip(hidden, last.order, strict=True)]
    asked = r.Sort(r.Project(last.source, (*shown, *hidden)), tuple(order), last.limit, last.offset)
    rows = pruned(asked, names(asked))
    assert isinstance(rows, r.Sort)
    if sum(isinstance(node, r.Public) for node in walk(rows)) > MOST_TABLES:
        raise refuse(f"The text reads more than {MOST_TABLES} tables, each use counted; ask a smaller question.")
    return rows, len(shown)
