"""Rows of units as they are, for what works on rows themselves: programs and fitted models, inside the vault alone."""

from __future__ import annotations

import pyarrow as pa
from sqlglot import exp

from sandbox.engines.duckdb.facts import Facts
from sandbox.engines.duckdb.relations import Relations
from sandbox.engines.duckdb.scalars import Scalars
from sandbox.engines.duckdb.scans import table
from sandbox.engines.duckdb.terms import column
from sandbox.engines.files import UNITS
from sandbox.engines.layout import UNIT
from sandbox.engines.unit_rows import check, typed
from sandbox.plan.relation import Relation


def rows_statement(node: Relation, facts: Facts) -> tuple[str, dict[str, str]]:
    """Give the SQL of a relation of units, and its parameters: the unit's name, then the columns, c0, c1, …; units in
    order of their names and their rows in their own order. Raises ValueError where units have no names, and for other
    relations."""
    check(node)
    if facts.whole and not facts.named:
        raise ValueError("this version's units have no names")
    scalars = Scalars()
    relations = Relations(scalars, facts)
    rows = relations.rows(node, placed=True)
    scalars = scalars.on(rows.scope)
    source = rows.select.subquery("rows", copy=False)
    unit = exp.column(UNIT, table="rows", quoted=True)
    named = [exp.alias_(scalars.render(one), f"c{place}", quoted=True) for place, one in enumerate(node.columns)]
    select = exp.select().from_(source, copy=False)
    name: exp.Expression = unit
    if facts.whole:
        name = exp.column("name", table="units", quoted=True)
        on = exp.EQ(this=unit.copy(), expression=exp.column("code", table="units", quoted=True))
        select = select.join(exp.alias_(table(UNITS), "units", table=True), on=on, copy=False)
    select = select.select(exp.alias_(name, UNIT, quoted=True), *named, copy=False)
    order = [name.copy(), unit.copy(), *map(column, rows.places)]
    select = select.order_by(*(exp.Ordered(this=one, nulls_first=True) for one in order), copy=False)
    return relations.finished(select)


def rows_table(node: Relation, answer: bytes) -> pa.Table:
    """Give the rows of the answer to such a statement, with the columns' own names and types."""
    with pa.ipc.open_stream(answer) as stream:
        found = stream.read_all()
    return typed(node, found.column(0), found.columns[1:])
