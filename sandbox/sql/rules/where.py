"""WHERE: a condition on single rows."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from sandbox.plan.scalar import Constant
from sandbox.sql.conditions import logic
from sandbox.sql.draft import Draft
from sandbox.sql.terms import truth


def where(tree: exp.Select, draft: Draft) -> Draft:
    """Build the filter, joined with that of subqueries below; one that is always true is none."""
    clause = tree.args.get("where")
    if clause is None:
        return draft
    found = draft.row.builder.condition(clause.this, "WHERE")
    below = [] if draft.where is None else [truth(draft.where)]
    node = logic("and", [*below, found]).node
    draft.row.builder.meter.add(node, clause.this)
    always = isinstance(node, Constant) and node.value is True
    return replace(draft, where=None if always else node)
