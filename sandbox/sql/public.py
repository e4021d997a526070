"""Public tables beside released groups: their rows are written into the plan, so that the answer can be made again from
the base and the plan alone. Costs no privacy: a public table is the same without any one unit."""

from __future__ import annotations

from sandbox.catalogue.facts import MOST_CELLS
from sandbox.plan import relation as r
from sandbox.plan.own import OwnPublic
from sandbox.sql.fields import told
from sandbox.sql.filters import mapped
from sandbox.sql.statement import Statement
from sandbox.sql.terms import refuse


def written_out(node: r.Relation, statement: Statement) -> r.Relation:
    """Give the relation with the rows of public tables in place of their names. Raises `Problem` for a table whose rows
    are too many to be written into a plan."""
    if not isinstance(node, r.Public):
        return mapped(node, lambda one: written_out(one, statement))
    if isinstance(node, OwnPublic):  # a plan, which others keep, would hold what is in it
        raise refuse(
            f"{node.table} is your own table and cannot stand beside released groups; join it to the rows, below the "
            "aggregate, or join it to the answer when you have it."
        )
    facts = statement.facts.get(node.table)
    if facts is None or facts.lines is None:
        raise refuse(
            f"The public table {node.table} has more than {MOST_CELLS} values, too many to stand beside released "
            "groups; join it to the rows, below the aggregate."
        )
    places = [list(facts.columns).index(told(column.name)) for column in node.columns]
    return r.Values(node.columns, tuple(tuple(line[place] for place in places) for line in facts.lines))


def side_by_side(left: r.Relation, right: r.Relation, statement: Statement) -> tuple[r.Relation, r.Relation]:
    """Give two relations that are put together, public tables written out where the other side is released."""
    if "released" in (left.state, right.state):
        return written_out(left, statement), written_out(right, statement)
    return left, right
