"""WHERE: a condition on single rows."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from sandbox.plan.scalar import Constant
from sandbox.sql.draft import Draft


def where(tree: exp.Select, draft: Draft) -> Draft:
    """Build the filter; one that is always true is none."""
    clause = tree.args.get("where")
    if clause is None:
        return draft
    node = draft.row.builder.condition(clause.this, "WHERE").node
    always = isinstance(node, Constant) and node.value is True
    return replace(draft, where=None if always else node)
